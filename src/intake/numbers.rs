//! Numbers that must not be called, as lists of them are published: one number a line, `area code,number` as the national
//! registry of the United States writes them, or any list with a phone column.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use crate::domain::phone::PhoneNumber;
use crate::intake::columns::{Column, Columns};
use crate::intake::finding::{Finding, FindingCode, Trouble, mask};
use crate::intake::phone::{Region, dialable, not_to_call};
use crate::intake::preflight::{self, FileError};
use crate::intake::rows::{Cells, Next, Records};
use crate::intake::text::{Encoding, Text};

/// Numbers of one transaction.
const PIECE: usize = 10_000;

/// Refused rows that are told.
const TOLD: usize = 20;

/// How the rows of a file hold their number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// In this cell, below a header.
    Column(usize, String),
    /// In the first cell.
    First,
    /// Area code and number in the first two cells.
    AreaAndNumber,
}

/// What was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberCounts {
    /// Rows.
    pub rows: u64,
    /// Rows without a usable number.
    pub rejected: u64,
    /// Those by reason.
    pub by_code: BTreeMap<FindingCode, u64>,
    /// The first of those.
    pub findings: Vec<Finding>,
}

/// Reads a list and hands its numbers on, piece by piece, each piece sorted and without repetitions; what is refused comes back.
///
/// # Errors
/// The file cannot be used, or `hand_over` refuses (then reading ends).
pub fn read<R: Read + Seek>(
    file: &mut R,
    region: Option<Region>,
    mut hand_over: impl FnMut(Vec<PhoneNumber>) -> io::Result<()>,
) -> Result<NumberCounts, FileError> {
    let (encoding, quotes) = preflight::check(file)?;
    let (separator, skip) = preflight::separator(file, encoding)?;
    if quotes {
        refuse_open_quote(file, encoding, separator, skip)?;
    }
    let mut records = preflight::open(file, encoding, separator)?;
    records.skip_to(skip)?;
    let (mut counts, mut shape, mut piece) = (NumberCounts::default(), None, Vec::with_capacity(PIECE));
    loop {
        let next = records.next_record()?;
        match next {
            Next::End => break,
            Next::Unclosed => return Err(FileError::OpenQuote { line: records.began_on() }),
            Next::Record | Next::TooLong => {}
        }
        if shape.is_none() && next == Next::Record {
            let found = shape_of(records.cells()?)?;
            let is_header = matches!(found, Shape::Column(..));
            shape = Some(found);
            if is_header {
                continue;
            }
        }
        counts.rows += 1;
        match number(&records, next, shape.as_ref(), region)? {
            Ok(number) => piece.push(number),
            Err(trouble) => counts.refuse(&records, next, shape.as_ref(), trouble)?,
        }
        if piece.len() == PIECE {
            hand_over(sorted(&mut piece))?;
        }
    }
    if counts.rows == 0 {
        return Err(FileError::HeaderOnly);
    }
    if !piece.is_empty() {
        hand_over(sorted(&mut piece))?;
    }
    Ok(counts)
}

/// The numbers behind an open quote would leave the list. It shows at the end, when those before it were handed over long since.
fn refuse_open_quote<R: Read + Seek>(file: &mut R, encoding: Encoding, separator: u8, skip: u64) -> Result<(), FileError> {
    let mut records = preflight::open(file, encoding, separator)?;
    records.skip_to(skip)?;
    match records.open_quote()? {
        Some(line) => Err(FileError::OpenQuote { line }),
        None => Ok(()),
    }
}

fn sorted(piece: &mut Vec<PhoneNumber>) -> Vec<PhoneNumber> {
    let mut numbers = std::mem::replace(piece, Vec::with_capacity(PIECE));
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn shape_of(first: Cells<'_>) -> Result<Shape, FileError> {
    if Columns::has_phone(first.iter()) {
        let columns = Columns::read(first.iter())?;
        let at = columns.kinds.iter().position(|kind| *kind == Column::Phone).unwrap_or(0);
        return Ok(Shape::Column(at, columns.name(at).to_owned()));
    }
    let digits = |at: usize| first.get(at).map(str::trim).filter(|cell| cell.bytes().all(|byte| byte.is_ascii_digit())).map_or(0, str::len);
    Ok(if digits(0) == 3 && digits(1) == 7 { Shape::AreaAndNumber } else { Shape::First })
}

fn number<R: Read>(
    records: &Records<Text<R>>,
    next: Next,
    shape: Option<&Shape>,
    region: Option<Region>,
) -> io::Result<Result<PhoneNumber, Trouble>> {
    if next != Next::Record {
        let fix = "check its quotes and line ends";
        return Ok(Err(Trouble::new(FindingCode::RowTooLong, "the row cannot be read: it is too long", fix)));
    }
    let cells = records.cells()?;
    let cell = |at: usize| cells.get(at).unwrap_or_default().trim();
    Ok(match shape {
        Some(Shape::AreaAndNumber) => dialable(&format!("+1{}{}", cell(0), cell(1)), None),
        Some(Shape::Column(at, _)) => not_to_call(cell(*at), region),
        Some(Shape::First) | None => not_to_call(cell(0), region),
    })
}

impl NumberCounts {
    fn refuse<R: Read>(&mut self, records: &Records<Text<R>>, next: Next, shape: Option<&Shape>, trouble: Trouble) -> io::Result<()> {
        let Trouble { code, message, suggestion } = trouble;
        self.rejected += 1;
        *self.by_code.entry(code).or_default() += 1;
        if self.findings.len() < TOLD {
            let (at, column) = if let Some(Shape::Column(at, name)) = shape { (*at, name.clone()) } else { (0, String::new()) };
            let value_masked = if next == Next::Record { mask(records.cells()?.get(at).unwrap_or_default()) } else { String::new() };
            let line = records.began_on();
            self.findings.push(Finding { row: self.rows, line, column, code, value_masked, message, suggestion });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read_all(text: &str) -> Result<(Vec<String>, NumberCounts), FileError> {
        let mut numbers = Vec::new();
        let counts = read(&mut Cursor::new(text.as_bytes()), Some("US".parse().unwrap()), |piece| {
            numbers.extend(piece.iter().map(|number| number.e164().to_owned()));
            Ok(())
        })?;
        Ok((numbers, counts))
    }

    #[test]
    fn every_usual_form_of_a_list_is_read() {
        let expected = ["+14155550100", "+14155550101"];
        let lists = [
            "415,5550100\n415,5550101\n",
            "4155550101\r\n4155550100\r\n4155550100\r\n",
            "+14155550100\n(415) 555-0101",
            "name;phone\nAnn;4155550100\nBo;4155550101\n",
            "\u{feff}phone_number\n+14155550100\n+14155550101\n",
        ];
        for list in lists {
            let (numbers, counts) = read_all(list).unwrap();
            assert_eq!(numbers, expected, "{list:?}");
            assert_eq!(counts.rejected, 0, "{list:?}");
        }
    }

    #[test]
    fn a_figure_that_may_be_rounded_is_kept_from_being_called() {
        for list in ["phone\n4155500000.0\n", "4155500000.0\n"] {
            assert_eq!(read_all(list).unwrap().0, ["+14155500000"], "{list:?}");
        }
    }

    #[test]
    fn an_apostrophe_changes_nothing_about_a_figure() {
        let (kept, lost) = (Ok("+14155500000"), Err("excel_number"));
        let figures = [("4155500000.0", kept), ("+14155500000.0", kept), ("+14155500000", kept), ("1.4155E+10", lost)];
        for (figure, expected) in figures {
            for list in [format!("phone\n{figure}\n"), format!("phone\n'{figure}\n"), format!("{figure}\n"), format!("' {figure}\n")] {
                let (numbers, counts) = read_all(&list).unwrap();
                let told = counts.findings.first().map_or("", |found| found.code.as_str());
                assert_eq!(numbers.first().map(String::as_str).ok_or(told), expected, "{list:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_told() {
        let (numbers, counts) = read_all("4155550100\nnobody\n415\n").unwrap();
        assert_eq!((numbers.len(), counts.rows, counts.rejected), (1, 3, 2));
        assert_eq!(
            counts.findings.iter().map(|found| (found.line, found.code.as_str())).collect::<Vec<_>>(),
            [(2, "not_a_number"), (3, "too_short")]
        );
        assert!(read_all("").is_err() && read_all("phone\n").is_err());
        let open = read_all("4155550100\n\"4155550101\n4155550102\n").unwrap_err().to_string();
        assert!(open.contains("begins on line 2"), "{open}");
    }

    #[test]
    fn no_number_of_a_list_with_an_open_quote_is_handed_over() {
        let numbers = "4155550100\n".repeat(27_000);
        let (open, closed) = (format!("{numbers}\"4155550101\n4155550102\n"), format!("{numbers}\"4155550101\"\n"));
        for (list, expected) in [(open, Err("begins on line 27001")), (closed, Ok(3))] {
            let mut pieces = 0;
            let read = read(&mut Cursor::new(list.as_bytes()), Some("US".parse().unwrap()), |_| {
                pieces += 1;
                Ok(())
            });
            match expected {
                Ok(expected) => assert!(read.is_ok() && pieces == expected, "{read:?} in {pieces}"),
                Err(told) => assert!(read.unwrap_err().to_string().contains(told) && pieces == 0, "{pieces} pieces were handed over"),
            }
        }
    }
}
