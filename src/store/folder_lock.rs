//! One process per data folder: a second one is refused and told who is there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;

use crate::store::StoreError;

const LOCK_FILE: &str = "callfleet.lock";

/// The right to a data folder; the system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    /// Open for as long as the lock is held.
    _file: File,
}

impl FolderLock {
    /// Takes the folder for this process and writes its process id into the lock file.
    ///
    /// # Errors
    /// [`StoreError::FolderInUse`] with the holder's process id, or [`StoreError::Folder`] when the file cannot be made.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { folder: folder.to_owned(), source };
        let path = folder.join(LOCK_FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => write_holder(&mut file).map_err(failed)?,
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::FolderInUse { folder: folder.to_owned(), holder: read_holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(Self { _file: file })
    }

    /// Whether a process that lives holds this folder.
    ///
    /// # Errors
    /// The lock file cannot be opened, as when the folder is somebody else's.
    pub fn is_held(folder: &Path) -> std::io::Result<bool> {
        let file = match File::open(folder.join(LOCK_FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        // shared, so that two who ask at once do not take each other for a holder
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The process id in the file; unreadable only in the instant before the holder wrote it.
fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!("process {}", text.trim()),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let refusal = FolderLock::take(folder.path()).unwrap_err();
        assert!(refusal.to_string().contains(&format!("process {}", std::process::id())), "{refusal}");
        assert!(!refusal.retry_helps());
        assert!(FolderLock::is_held(folder.path()).unwrap());
        drop(first);
        assert!(!FolderLock::is_held(folder.path()).unwrap());
        FolderLock::take(folder.path()).unwrap();
    }
}
