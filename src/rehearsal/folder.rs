//! The folder of a rehearsal's copies, gone when the rehearsal is.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::RehearsalError;
use crate::store::connect::DATABASE_FILE;

/// Removed with everything in it when it is dropped. Every run has a share in it, so that it goes after the last one.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one in `place`; nobody else may read what is in it.
    pub fn new_in(place: &Path) -> Result<Self, RehearsalError> {
        let path = place.join(format!("callfleet-rehearsal-{}", Uuid::now_v7()));
        make(&path)?;
        Ok(Self(path))
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
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
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the copies of a rehearsal could not be removed");
        }
    }
}
