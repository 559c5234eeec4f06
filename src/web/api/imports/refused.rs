//! Refused rows: all of them in a file of the data folder, the first few in the answer.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::upload::folder;
use crate::domain::ids::ImportId;
use crate::intake::bad_rows::BadRows;
use crate::intake::columns::Columns;
use crate::intake::finding::Finding;
use crate::intake::rows::Cells;

/// Rows that the answer shows itself.
const SHOWN: usize = 20;

/// The file with the refused rows of an import.
#[must_use]
pub fn path(files: &Path, import: ImportId) -> PathBuf {
    folder(files).join(format!("{import}.rejected.csv"))
}

/// Takes refused rows.
pub struct Refused {
    path: PathBuf,
    rows: BadRows<Lines>,
    any: bool,
    /// The first ones.
    pub shown: Vec<Finding>,
}

impl Refused {
    /// Begins the file, or goes on with it where an earlier run stopped.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(path: PathBuf, columns: &Columns, goes_on: bool) -> io::Result<Self> {
        let goes_on = goes_on && path.exists();
        let file = OpenOptions::new().create(true).write(true).append(goes_on).truncate(!goes_on).open(&path)?;
        let out = Lines { out: BufWriter::new(file), skips_first: goes_on, quoted: false };
        Ok(Self { path, rows: BadRows::new(out, columns)?, any: goes_on, shown: Vec::new() })
    }

    /// Takes one row.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn take(&mut self, finding: &Finding, cells: Option<Cells<'_>>) -> io::Result<()> {
        self.any = true;
        if self.shown.len() < SHOWN {
            self.shown.push(finding.clone());
        }
        self.rows.write(finding, cells)
    }

    /// Ends the file; one without rows is removed. The first refused rows.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn close(self) -> io::Result<Vec<Finding>> {
        self.rows.finish()?;
        if !self.any {
            std::fs::remove_file(&self.path)?;
        }
        Ok(self.shown)
    }
}

/// Lines of CSV, where wanted without the first one: a file that is gone on with has its header.
struct Lines {
    out: BufWriter<File>,
    skips_first: bool,
    /// Inside quotes, where a line end ends no line.
    quoted: bool,
}

impl Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if !self.skips_first {
            return self.out.write(text);
        }
        for (at, byte) in text.iter().enumerate() {
            self.quoted ^= *byte == b'"';
            if *byte == b'\n' && !self.quoted {
                self.skips_first = false;
                return Ok(at + 1);
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
