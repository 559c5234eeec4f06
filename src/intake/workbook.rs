//! A sheet of an Excel workbook as the text of a CSV, so that a list is judged alike whatever it came in.
//!
//! The sheet is read cell by cell; only the workbook's table of texts is held, and how large that may get is known before it is
//! unpacked. A row of the sheet is a line of the text, so findings name the row that the operator sees.

use std::io::{self, BufReader, Read, Seek, Write};

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use zip::ZipArchive;

use crate::intake::columns::{Columns, MAX_COLUMNS};

/// Largest workbook, in bytes.
pub const LARGEST: u64 = 50 << 20;

/// The most that all of it may unpack to, and its table of texts.
const UNPACKED: u64 = 1 << 30;
const UNPACKED_TEXTS: u64 = 128 << 20;

/// Rows of a sheet, by Excel's own limit.
const ROWS: u32 = 1_048_576;

/// Why a workbook cannot be read. Nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// Longer than [`LARGEST`].
    #[error("the workbook is larger than 50 MiB; save the list as CSV UTF-8 and import that")]
    TooLarge,
    /// It unpacks to more than a list needs.
    #[error("the workbook unpacks to far more than a list needs; save the list as CSV UTF-8 and import that")]
    Bomb,
    /// Another kind of archive.
    #[error("this is a zip archive, not an Excel workbook; unpack it first")]
    NotAWorkbook,
    /// The sheet that was asked for is not there.
    #[error("the workbook has no sheet `{asked}`; it has: {}", there.join(", "))]
    NoSheet {
        /// What was asked for.
        asked: String,
        /// What it has.
        there: Vec<String>,
    },
    /// The sheet is wider or longer than a list.
    #[error("the sheet has a cell in row {row}, column {column}, beyond what a list has; delete stray cells or save it as CSV UTF-8")]
    TooWide {
        /// Row, from 1.
        row: u64,
        /// Column, from 1.
        column: u64,
    },
    /// Damaged, or encrypted.
    #[error("the workbook cannot be read ({0}); open it, remove its password if it has one, and save it again")]
    Broken(String),
    /// The disk failed.
    #[error("the workbook cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Whether a file that begins so is a zip archive, as workbooks are.
#[must_use]
pub fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

/// Writes a sheet (the first one, or the one of that name) as CSV.
///
/// # Errors
/// [`WorkbookError`].
pub fn to_csv<R: Read + Seek>(file: &mut R, sheet: Option<&str>, out: impl Write) -> Result<(), WorkbookError> {
    measure(file)?;
    file.rewind()?;
    let mut book = Xlsx::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let name = choose(&book.sheet_names(), sheet)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| broken(&error))?;
    let mut lines = Lines { out: csv::WriterBuilder::new().flexible(true).from_writer(out), row: 0, cells: Vec::new(), phones: None };
    while let Some(cell) = cells.next_cell().map_err(|error| broken(&error))? {
        let (row, column) = cell.get_position();
        if let Some(text) = text(cell.get_value()) {
            lines.put(row, column, text, is_rounded(cell.get_value()))?;
        }
    }
    lines.finish()
}

/// Unpacks everything once into nothing: sizes that an archive states itself may be lies.
fn measure<R: Read + Seek>(file: &mut R) -> Result<(), WorkbookError> {
    if file.seek(io::SeekFrom::End(0))? > LARGEST {
        return Err(WorkbookError::TooLarge);
    }
    file.rewind()?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| WorkbookError::Broken(error.to_string()))?;
    if archive.index_for_name("xl/workbook.xml").is_none() {
        return Err(WorkbookError::NotAWorkbook);
    }
    let texts = archive.index_for_name("xl/sharedStrings.xml");
    let mut left = UNPACKED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| WorkbookError::Broken(error.to_string()))?;
        let most = if texts == Some(at) { left.min(UNPACKED_TEXTS) } else { left };
        let size = io::copy(&mut part.take(most + 1), &mut io::sink()).map_err(|error| WorkbookError::Broken(error.to_string()))?;
        if size > most {
            return Err(WorkbookError::Bomb);
        }
        left -= size;
    }
    Ok(())
}

fn choose(there: &[String], asked: Option<&str>) -> Result<String, WorkbookError> {
    let found = match asked {
        None => there.first(),
        Some(asked) => there.iter().find(|name| name.as_str() == asked),
    };
    found.cloned().ok_or_else(|| WorkbookError::NoSheet { asked: asked.unwrap_or("1").to_owned(), there: there.to_vec() })
}

fn broken(error: &XlsxError) -> WorkbookError {
    WorkbookError::Broken(error.to_string())
}

/// The lines of the text; a row without cells is a blank one.
struct Lines<W: Write> {
    out: csv::Writer<W>,
    /// Rows before the one at hand.
    row: u32,
    cells: Vec<String>,
    /// Where numbers to call may stand; unknown until the header has been read.
    phones: Option<Vec<usize>>,
}

impl<W: Write> Lines<W> {
    fn put(&mut self, row: u32, column: u32, mut text: String, rounded: bool) -> Result<(), WorkbookError> {
        let at = usize::try_from(column).unwrap_or(usize::MAX);
        if row >= ROWS || at >= 2 * MAX_COLUMNS {
            return Err(WorkbookError::TooWide { row: u64::from(row) + 1, column: u64::from(column) + 1 });
        }
        while self.row < row {
            self.end_line()?;
        }
        if rounded && self.phones.as_ref().is_some_and(|phones| phones.contains(&at)) {
            // so that it is judged as what it is: the sheet has lost the digits
            text.push_str(".0");
        }
        if self.cells.len() <= at {
            self.cells.resize(at + 1, String::new());
        }
        self.cells[at] = text;
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), WorkbookError> {
        if self.cells.is_empty() {
            self.cells.push(String::new());
        }
        if self.phones.is_none() && self.cells.iter().any(|cell| !cell.trim().is_empty()) {
            let phones = self.cells.iter().enumerate().filter(|(_, name)| Columns::has_phone([name.as_str()]));
            self.phones = Some(phones.map(|(at, _)| at).collect());
        }
        self.out.write_record(&self.cells).map_err(io::Error::from)?;
        self.cells.clear();
        self.row += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<(), WorkbookError> {
        self.end_line()?;
        Ok(self.out.flush()?)
    }
}

/// A number of a phone's length that ends in five zeros: `1.41555E+10`, typed or read from a text.
fn is_rounded(cell: &DataRef<'_>) -> bool {
    match cell {
        DataRef::Int(number) => *number >= 1_000_000_000 && number % 100_000 == 0,
        DataRef::Float(number) => *number >= 1e9 && number % 1e5 == 0.0,
        _ => false,
    }
}

/// A cell as it would be typed: whole numbers without a point, days and moments in ISO form, line breaks as blanks.
fn text(cell: &DataRef<'_>) -> Option<String> {
    Some(match cell {
        DataRef::Empty => return None,
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => one_line(text),
        DataRef::SharedString(text) => one_line(text),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => iso(moment),
        DataRef::Error(error) => error.to_string(),
    })
}

fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r']) {
        text.split(['\n', '\r']).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

fn iso(moment: &ExcelDateTime) -> String {
    if !moment.is_datetime() {
        return moment.as_f64().to_string();
    }
    match moment.to_ymd_hms_milli() {
        (year, month, day, 0, 0, 0, _) => format!("{year:04}-{month:02}-{day:02}"),
        (year, month, day, hour, minute, second, _) => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
    }
}
