//! Refused rows: all of them in a file of the data folder, the first few in the answer.
//!
//! The import's row says how long the file is, in the transaction that says how far the list is read: after a stop, what was
//! written too early is cut off, so no row is in the file twice.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::upload::folder;
use crate::domain::ids::ImportId;
use crate::intake::bad_rows;
use crate::intake::columns::Columns;
use crate::intake::finding::Finding;
use crate::intake::stretch::Piece;

/// Rows that the answer shows itself.
pub const SHOWN: usize = 20;

/// The file with the refused rows of an import.
#[must_use]
pub fn path(files: &Path, import: ImportId) -> PathBuf {
    folder(files).join(format!("{import}.rejected.csv"))
}

/// Takes refused rows.
pub struct Refused {
    path: PathBuf,
    file: Option<File>,
    header: Vec<u8>,
    /// How long the file is.
    pub bytes: u64,
    /// The first ones.
    pub shown: Vec<Finding>,
}

impl Refused {
    /// Goes on behind the first `bytes` of the file, or begins it with the first refused row.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(path: PathBuf, columns: &Columns, bytes: u64) -> io::Result<Self> {
        let mut header = Vec::new();
        bad_rows::write_header(&mut header, columns)?;
        Ok(Self { path, file: None, header, bytes, shown: Vec::new() })
    }

    /// Takes the refused rows of a piece.
    ///
    /// # Errors
    /// They cannot be written.
    pub async fn take<L: Sync>(&mut self, piece: &Piece<L>) -> io::Result<()> {
        if piece.findings.is_empty() {
            return Ok(());
        }
        let room = SHOWN - self.shown.len();
        self.shown.extend(piece.findings.iter().take(room).cloned());
        let header = if self.bytes == 0 { std::mem::take(&mut self.header) } else { Vec::new() };
        let file = self.open().await?;
        file.write_all(&header).await?;
        file.write_all(&piece.bad_rows).await?;
        file.flush().await?;
        self.bytes += (header.len() + piece.bad_rows.len()) as u64;
        Ok(())
    }

    async fn open(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(&self.path).await?;
                file.set_len(self.bytes).await?;
                file.seek(SeekFrom::Start(self.bytes)).await?;
                file
            }
        };
        Ok(self.file.insert(file))
    }
}
