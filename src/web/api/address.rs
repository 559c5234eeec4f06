//! Where the process that owns a data folder can be asked: one line in a file of that folder.
//!
//! The file may outlive a process that was killed. Whoever reads it asks `/healthz` for the process id and compares it with
//! the one in the folder's lock, so a stranger on the same port is never taken for the owner.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const FILE: &str = "api-address";

/// The announcement of a running process; dropping it takes it back.
#[derive(Debug)]
pub struct Announced {
    path: PathBuf,
}

/// Announces that the API of this process listens on `addr`. Call it once the folder's lock is held.
///
/// # Errors
/// The file cannot be written.
pub fn announce(folder: &Path, addr: SocketAddr) -> io::Result<Announced> {
    let path = folder.join(FILE);
    std::fs::write(&path, format!("{addr}\n"))?;
    Ok(Announced { path })
}

impl Drop for Announced {
    fn drop(&mut self) {
        // a file that stays is harmless, see above
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The announced address, if there is one on this machine.
#[must_use]
pub fn announced(folder: &Path) -> Option<SocketAddr> {
    let text = std::fs::read_to_string(folder.join(FILE)).ok()?;
    text.trim().parse().ok().filter(|addr: &SocketAddr| addr.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_ends_with_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let addr = SocketAddr::from(([127, 0, 0, 1], 8080));
        let announcement = announce(folder.path(), addr).unwrap();
        assert_eq!(announced(folder.path()), Some(addr));
        drop(announcement);
        assert_eq!(announced(folder.path()), None);
        std::fs::write(folder.path().join(FILE), "203.0.113.9:80").unwrap();
        assert_eq!(announced(folder.path()), None, "the API is never elsewhere");
    }
}
