//! The folder of a rehearsal's copies, gone when the rehearsal is.
//!
//! A process that is killed cannot remove its own: the next rehearsal in the same place does. Whose owner lives is told by the
//! lock in the folder, which the system takes back from a process however it ends.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::RehearsalError;
use crate::store::connect::DATABASE_FILE;
use crate::store::folder_lock::FolderLock;

/// How the name of a rehearsal's folder begins.
const PREFIX: &str = "callfleet-rehearsal-";

/// Removed with everything in it when it is dropped. Every run has a share in it, so that it goes after the last one.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: FolderLock,
}

impl Folder {
    /// A new one in `place`, without what killed rehearsals left there; nobody else may read what is in it.
    pub fn new_in(place: &Path) -> Result<Self, RehearsalError> {
        sweep(place);
        let name = format!("{PREFIX}{}", Uuid::now_v7());
        // it gets the name that is swept only with its lock: between the two it would look abandoned.
        // A process killed right here leaves an empty one
        let (making, path) = (place.join(format!(".{name}")), place.join(name));
        make(&making)?;
        let lock = FolderLock::take(&making)?;
        std::fs::rename(&making, &path).map_err(|source| trouble(&path, source))?;
        Ok(Self { path, _lock: lock })
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Copies a closed database into a folder of its own.
    pub fn copy_database(&self, from: &Path, to: &Path) -> Result<(), RehearsalError> {
        make(to)?;
        std::fs::copy(from.join(DATABASE_FILE), to.join(DATABASE_FILE)).map(drop).map_err(|source| trouble(to, source))
    }

    /// Removes one of the copies.
    pub fn remove(&self, path: &Path) -> Result<(), RehearsalError> {
        std::fs::remove_dir_all(path).map_err(|source| trouble(path, source))
    }
}

/// Removes the folders whose owners are gone. Those of other people on the same machine cannot be looked into and stay.
fn sweep(place: &Path) {
    let Ok(entries) = place.read_dir() else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        if is_folder && entry.file_name().to_string_lossy().starts_with(PREFIX) && matches!(FolderLock::is_held(&path), Ok(false)) {
            discard(&path);
        }
    }
}

/// A folder without its lock file is about to be removed by somebody else: nothing left to remove is fine.
fn discard(path: &Path) {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(folder = %path.display(), %error, "the copies of a rehearsal could not be removed");
        }
        _ => {}
    }
}

fn make(path: &Path) -> Result<(), RehearsalError> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| trouble(path, source))
}

fn trouble(path: &Path, source: std::io::Error) -> RehearsalError {
    RehearsalError::Folder { folder: path.display().to_string(), source }
}

impl Drop for Folder {
    fn drop(&mut self) {
        discard(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let mut names: Vec<_> = place.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_rehearsal_left_goes_and_what_is_in_use_stays() {
        let place = tempfile::tempdir().unwrap();
        let left = |name: &str| place.path().join(name);
        let (killed, half_removed) = (left(&format!("{PREFIX}killed")), left(&format!("{PREFIX}half-removed")));
        for folder in [&killed, &half_removed, &left("somebody-elses")] {
            std::fs::create_dir(folder).unwrap();
            std::fs::create_dir(folder.join("list")).unwrap();
        }
        drop(FolderLock::take(&killed).unwrap());
        std::fs::write(left(&format!("{PREFIX}file")), "no folder").unwrap();

        let first = Folder::new_in(place.path()).unwrap();
        let second = Folder::new_in(place.path()).unwrap();
        assert!(first.path.exists() && second.path.exists() && !killed.exists() && !half_removed.exists());
        drop((first, second));
        assert_eq!(names(place.path()), [format!("{PREFIX}file"), "somebody-elses".to_owned()]);
    }
}
