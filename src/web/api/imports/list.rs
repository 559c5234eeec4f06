//! A received file, checked as a whole: nothing is imported from one that cannot be read.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use tokio::task::spawn_blocking;

use super::super::error::ApiError;
use super::upload::{disk, nameless};
use crate::intake::workbook::{self, WorkbookError};
use crate::intake::{FileError, Sheet, preflight};

/// A list that can be imported.
pub struct List {
    /// Its text.
    pub file: File,
    /// How it is to be read.
    pub sheet: Sheet,
}

impl List {
    /// Checks a file; a workbook is turned into text first. `tab` names the sheet of a workbook.
    ///
    /// # Errors
    /// The file cannot be used, or the disk is full.
    pub async fn check(file: File, tab: Option<String>, folder: PathBuf) -> Result<Self, ApiError> {
        let checked = spawn_blocking(move || checked(file, tab.as_deref(), &folder)).await;
        checked.map_err(|error| disk(&io::Error::other(error)))?
    }
}

fn checked(mut file: File, tab: Option<&str>, folder: &std::path::Path) -> Result<List, ApiError> {
    if is_archive(&mut file).map_err(|error| disk(&error))? {
        let mut text = nameless(folder).map_err(|error| disk(&error))?;
        let mut out = BufWriter::new(&mut text);
        workbook::to_csv(&mut file, tab, &mut out).map_err(|error| bad_workbook(&error))?;
        out.flush().map_err(|error| disk(&error))?;
        drop(out);
        file = text;
    } else if tab.is_some() {
        return Err(ApiError::unusable("bad_file", "only a workbook has sheets; this is another file", "leave --sheet out"));
    }
    let sheet = preflight(&mut file).map_err(|error| bad_file(&error))?;
    Ok(List { file, sheet })
}

fn is_archive(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.rewind()?;
    file.take(4).read_to_end(&mut start)?;
    Ok(workbook::is_archive(&start))
}

fn bad_file(error: &FileError) -> ApiError {
    ApiError::unusable("bad_file", error.to_string(), "correct the file and import it again; nothing was imported")
}

fn bad_workbook(error: &WorkbookError) -> ApiError {
    match error {
        WorkbookError::Read(error) => disk(error),
        error => ApiError::unusable("bad_file", error.to_string(), "correct the file and import it again; nothing was imported"),
    }
}
