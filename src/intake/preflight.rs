//! A look at the whole file before anything is written: a file that cannot be read leaves no trace.

mod characters;

use std::io::{self, Read, Seek};

use self::characters::{Checked, check_text};
use crate::intake::columns::{Columns, PHONE_ALIASES};
use crate::intake::rows::{Next, Records};
use crate::intake::text::{Encoding, Text};

/// Why a whole file is refused. Nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No bytes, or nothing but blanks.
    #[error("the file is empty")]
    Empty,
    /// A header and no rows.
    #[error("the file has a header and no rows below it")]
    HeaderOnly,
    /// No column can be the phone number.
    #[error(
        "no column holds the phone number; the file has: {}. Name the column phone_number, or one of: {}",
        seen.join(", "), PHONE_ALIASES.join(", ")
    )]
    NoPhoneColumn {
        /// Columns of the file.
        seen: Vec<String>,
    },
    /// The first row has a number where a name should be.
    #[error(
        "no column holds the phone number, and the first row ({}) looks like a row of the list: there seems to be no header row. Put a \
         line with the columns' names above it, and name the column to call phone_number",
        masked.join(", ")
    )]
    NoHeader {
        /// Cells of the first row, masked.
        masked: Vec<String>,
    },
    /// Two columns can be.
    #[error("both `{one}` and `{other}` may be the phone number; rename the one to call to phone_number")]
    TwoPhoneColumns {
        /// The first.
        one: String,
        /// The second.
        other: String,
    },
    /// A name stands twice.
    #[error("the column `{column}` stands twice in the header; give each column a name of its own")]
    ColumnTwice {
        /// The name.
        column: String,
    },
    /// More columns than a list has.
    #[error("the header has more than {most} columns; is the separator right?")]
    TooManyColumns {
        /// The limit.
        most: usize,
    },
    /// The header is longer than a row may be, or a quote in it is never closed.
    #[error("the header cannot be read: {0}")]
    Header(&'static str),
    /// A quote that is opened and never closed. Which of the rows behind it are whole, nobody can say.
    #[error(
        "a quote is opened in the row that begins on line {line} and never closed, so that everything from there on is one cell; close it, \
         or double it (\"\") where it belongs to the text"
    )]
    OpenQuote {
        /// Where the row begins.
        line: u64,
    },
    /// Another kind of file.
    #[error("this is {kind}, not a CSV file; {fix}")]
    NotText {
        /// What it is.
        kind: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// A zero byte.
    #[error("line {line} has a zero byte, so this is no text file; export the list as CSV again")]
    ZeroByte {
        /// Where.
        line: u64,
    },
    /// Not in a declared encoding.
    #[error("line {line} is not UTF-8 ({guess}); save the list as \"CSV UTF-8\" and import that")]
    Encoding {
        /// Where.
        line: u64,
        /// What it may be.
        guess: &'static str,
    },
    /// The file says that it is UTF-16, and is not.
    #[error("line {line} has a broken UTF-16 character; save the list as \"CSV UTF-8\" and import that")]
    BrokenUtf16 {
        /// Where.
        line: u64,
    },
    /// The disk, or the file, failed.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// A file that can be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// How its bytes spell text.
    pub encoding: Encoding,
    /// Between cells: one of `, ; tab |`.
    pub separator: u8,
    /// Its columns.
    pub columns: Columns,
    /// Text behind the header, from this byte of the decoded text.
    pub first_row: u64,
    /// Length of the decoded text, for the progress bar.
    pub text_bytes: u64,
    /// Length of the file.
    pub file_bytes: u64,
    /// SHA-256 of the file, in hex: the same file twice can be told.
    pub sha256: String,
}

/// Reads the whole file once and says how it is to be read, or why it cannot be.
///
/// # Errors
/// [`FileError`]; nothing has been imported then.
pub fn preflight<R: Read + Seek>(file: &mut R) -> Result<Sheet, FileError> {
    let start = beginning(file)?;
    refuse_other_kinds(&start)?;
    let encoding = Encoding::of(&start);
    file.rewind()?;
    let checked = check_text(file, encoding)?;
    let (separator, skip) = separator(file, encoding)?;
    let mut records = open(file, encoding, separator)?;
    records.skip_to(skip)?;
    let columns = header(&mut records)?;
    let first_row = records.offset();
    let Checked { text_bytes, file_bytes, sha256, quotes } = checked;
    match records.next_record()? {
        Next::End => return Err(FileError::HeaderOnly),
        Next::Unclosed => return Err(FileError::OpenQuote { line: records.began_on() }),
        Next::Record | Next::TooLong => {}
    }
    // a quote that is open shows at the end
    if quotes && let Some(line) = records.open_quote()? {
        return Err(FileError::OpenQuote { line });
    }
    Ok(Sheet { encoding, separator, columns, first_row, text_bytes, file_bytes, sha256 })
}

/// Reads the whole file once: it is text, in the encoding it declares. Also tells whether a quote stands in it.
///
/// # Errors
/// [`FileError`].
pub(super) fn check<R: Read + Seek>(file: &mut R) -> Result<(Encoding, bool), FileError> {
    let start = beginning(file)?;
    refuse_other_kinds(&start)?;
    let encoding = Encoding::of(&start);
    file.rewind()?;
    let checked = check_text(file, encoding)?;
    Ok((encoding, checked.quotes))
}

/// The records of a file from its beginning.
pub(super) fn open<R: Read + Seek>(file: &mut R, encoding: Encoding, separator: u8) -> io::Result<Records<Text<&mut R>>> {
    file.rewind()?;
    Ok(Records::new(Text::new(file, encoding), separator))
}

fn beginning<R: Read + Seek>(file: &mut R) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut start = Vec::new();
    file.take(8_192).read_to_end(&mut start)?;
    Ok(start)
}

fn refuse_other_kinds(start: &[u8]) -> Result<(), FileError> {
    const KINDS: [(&[u8], &str, &str); 7] = [
        (b"\x1f\x8b", "a gzip archive", "unpack it first"),
        (b"PK\x03\x04", "an Excel workbook or a zip archive", "open it and save the list as CSV UTF-8"),
        (b"PK\x05\x06", "an empty zip archive", "save the list as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "open it and save the list as CSV UTF-8"),
        (b"%PDF", "a PDF", "export the list as CSV UTF-8"),
        (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first"),
        (b"BZh", "a bzip2 archive", "unpack it first"),
    ];
    if start.iter().all(u8::is_ascii_whitespace) {
        return Err(FileError::Empty);
    }
    if let Some((_, kind, fix)) = KINDS.iter().find(|(magic, _, _)| start.starts_with(magic)) {
        return Err(FileError::NotText { kind, fix });
    }
    if let Some((kind, fix)) = markup(start) {
        return Err(FileError::NotText { kind, fix });
    }
    let declared = Encoding::of(start) != Encoding::Utf8 { mark: 0 };
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    if !declared && zeros(0).max(zeros(1)) * 3 > start.len() {
        let fix = "save it as CSV UTF-8, or as UTF-16 with a byte order mark";
        return Err(FileError::NotText { kind: "UTF-16 without a byte order mark, or binary data", fix });
    }
    Ok(())
}

/// HTML and JSON are text, and told by how they begin; a header of a list may begin with one of their marks, not with two.
fn markup(start: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if begins(b"<!doctype") || begins(b"<html") {
        return Some(("a web page (HTML)", "export the list as CSV UTF-8; a page that asks to sign in may have been saved in its place"));
    }
    let (first, rest) = text.split_first()?;
    let is_json = match (first, rest.trim_ascii_start().first()) {
        (b'{', Some(next)) => matches!(next, b'"' | b'}'),
        (b'[', Some(next)) => matches!(next, b'{' | b'[' | b']'),
        _ => false,
    };
    is_json.then_some(("JSON", "save the list as CSV UTF-8; leads may also be sent to the API (POST /v1/campaigns/{name}/leads)"))
}

/// A byte no list holds: lines come in one piece.
const NO_SEPARATOR: u8 = 0x1f;

/// What may stand between cells.
pub(super) const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The separator, and how much text stands before the header (a `sep=;` line of Excel).
pub(super) fn separator<R: Read + Seek>(file: &mut R, encoding: Encoding) -> Result<(u8, u64), FileError> {
    let mut first = open(file, encoding, NO_SEPARATOR)?;
    first.next_record()?;
    let line = first.cells()?.get(0).unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(declared) = line.strip_prefix("sep=").and_then(|rest| rest.bytes().next()).filter(|byte| SEPARATORS.contains(byte)) {
        return Ok((declared, first.offset()));
    }
    let mut best = (b',', (false, 0));
    for candidate in SEPARATORS {
        let mut records = open(file, encoding, candidate)?;
        let rank = match records.next_record()? {
            Next::Record => (Columns::has_phone(records.cells()?.iter()), records.cells()?.len()),
            Next::TooLong => (true, usize::MAX),
            Next::Unclosed | Next::End => continue,
        };
        best = if rank > best.1 { (candidate, rank) } else { best };
    }
    Ok((best.0, 0))
}

fn header<R: Read>(records: &mut Records<R>) -> Result<Columns, FileError> {
    match records.next_record()? {
        Next::Record => Columns::read(records.cells()?.iter()),
        Next::TooLong => Err(FileError::Header("it is longer than a row may be, or has too many columns")),
        Next::Unclosed => Err(FileError::Header("a quote in it is never closed")),
        Next::End => Err(FileError::Empty),
    }
}
