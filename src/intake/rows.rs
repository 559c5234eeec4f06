//! Text into records, with bounded memory: a line of any length costs no more than [`MAX_ROW`] bytes.
//!
//! Quoting follows RFC 4180 (`csv-core` reads it); lines end with LF, CR LF or CR. Blank lines, and rows of nothing but
//! separators as spreadsheets leave them, are no records. Offsets count decoded bytes, so an import can be taken up again.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::memchr_iter;

use crate::intake::lines::Lines;

/// Longest row, in bytes of text.
pub const MAX_ROW: usize = 1 << 20;

/// Most cells in a row.
pub const MAX_CELLS: usize = 1_024;

const CHUNK: usize = 64 * 1024;

/// What came next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A record; [`Records::cells`] has it.
    Record,
    /// A row longer than [`MAX_ROW`], or with more than [`MAX_CELLS`] cells; its text is gone.
    TooLong,
    /// A quote that was opened in this row was never closed: the rest of the file is inside it.
    Unclosed,
    /// Nothing.
    End,
}

/// The records of a text.
pub struct Records<R> {
    source: R,
    parser: Reader,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    done: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    offset: u64,
    lines: Lines,
    began_on: u64,
}

impl<R: Read> Records<R> {
    /// Reads `source` from its beginning.
    pub fn new(source: R, separator: u8) -> Self {
        Self {
            source,
            parser: ReaderBuilder::new().delimiter(separator).build(),
            buffer: vec![0; CHUNK].into_boxed_slice(),
            at: 0,
            end: 0,
            done: false,
            text: vec![0; 4_096],
            ends: vec![0; MAX_CELLS],
            cells: 0,
            offset: 0,
            lines: Lines::default(),
            began_on: 1,
        }
    }

    /// How many bytes of text were taken so far: the next record begins here or behind blank lines.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The line on which the last record began, from 1.
    #[must_use]
    pub const fn began_on(&self) -> u64 {
        self.began_on
    }

    /// Passes over text that was read in an earlier run, counting its lines.
    ///
    /// # Errors
    /// When the source cannot be read, or ends before `offset`.
    pub fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        while self.offset < offset {
            if !self.fill()? {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than when its import began"));
            }
            let left = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
            self.take((self.end - self.at).min(left));
        }
        Ok(())
    }

    /// The cells of the last record.
    ///
    /// # Errors
    /// When the text is no UTF-8: the file has changed since it was checked.
    pub fn cells(&self) -> io::Result<Cells<'_>> {
        let length = self.ends.get(self.cells.wrapping_sub(1)).copied().unwrap_or(0);
        let text = std::str::from_utf8(self.text.get(..length).unwrap_or_default());
        let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file has changed while it was read"))?;
        Ok(Cells { text, ends: &self.ends[..self.cells] })
    }

    /// Reads the next record.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn next_record(&mut self) -> io::Result<Next> {
        loop {
            let next = self.read()?;
            let blank = next == Next::Record && self.cells().is_ok_and(|cells| cells.iter().all(|cell| cell.trim().is_empty()));
            if !blank {
                return Ok(next);
            }
        }
    }

    /// Reads on to the end: the line of a row with a quote that is never closed.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn open_quote(&mut self) -> io::Result<Option<u64>> {
        loop {
            match self.read()? {
                Next::Unclosed => return Ok(Some(self.began_on)),
                Next::End => return Ok(None),
                Next::Record | Next::TooLong => {}
            }
        }
    }

    fn read(&mut self) -> io::Result<Next> {
        self.skip_blank_lines()?;
        self.began_on = self.lines.line();
        self.parser.reset();
        let mut reading = Reading::default();
        loop {
            let at_end = !self.fill()?;
            let input = &self.buffer[self.at..self.end];
            let (result, read, written, cells) =
                self.parser.read_record(input, &mut self.text[reading.text..], &mut self.ends[reading.cells..]);
            reading.quotes += memchr_iter(b'"', &input[..read]).count();
            (reading.text, reading.cells) = (reading.text + written, reading.cells + cells);
            self.take(read);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.make_room(&mut reading),
                ReadRecordResult::OutputEndsFull => (reading.cells, reading.too_long) = (0, true),
                ReadRecordResult::Record => return Ok(self.finish(&reading, at_end)),
                ReadRecordResult::End => return Ok(Next::End),
            }
        }
    }

    /// A record that ends with the file instead of a line, over several lines and with an odd quote, was never closed.
    fn finish(&mut self, reading: &Reading, at_end: bool) -> Next {
        self.cells = if reading.too_long { 0 } else { reading.cells };
        let spans_lines = self.lines.line() > self.began_on;
        if at_end && spans_lines && reading.quotes % 2 == 1 {
            return Next::Unclosed;
        }
        if reading.too_long { Next::TooLong } else { Next::Record }
    }

    /// Grows the room for a row up to the limit; beyond it the row's text is dropped while reading on.
    fn make_room(&mut self, reading: &mut Reading) {
        if self.text.len() < MAX_ROW {
            self.text.resize((self.text.len() * 2).min(MAX_ROW), 0);
        } else {
            (reading.text, reading.cells, reading.too_long) = (0, 0, true);
        }
    }

    fn skip_blank_lines(&mut self) -> io::Result<()> {
        while self.fill()? && matches!(self.buffer[self.at], b'\n' | b'\r') {
            self.take(1);
        }
        Ok(())
    }

    /// Whether there is text to read.
    fn fill(&mut self) -> io::Result<bool> {
        while self.at == self.end && !self.done {
            (self.at, self.end) = (0, self.source.read(&mut self.buffer)?);
            self.done = self.end == 0;
        }
        Ok(self.at < self.end)
    }

    /// Moves on by `length` bytes, counting lines.
    fn take(&mut self, length: usize) {
        self.lines = self.lines.behind(&self.buffer[self.at..self.at + length]);
        self.at += length;
        self.offset += length as u64;
    }
}

#[derive(Default)]
struct Reading {
    text: usize,
    cells: usize,
    quotes: usize,
    too_long: bool,
}

/// The cells of one record.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// None at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One cell; `None` behind the last.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    /// All cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a, '_> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(text: &str, separator: u8) -> Vec<(u64, Next, Vec<String>)> {
        let mut records = Records::new(text.as_bytes(), separator);
        let mut out = Vec::new();
        loop {
            let next = records.next_record().unwrap();
            if next == Next::End {
                return out;
            }
            out.push((records.began_on(), next, records.cells().unwrap().iter().map(str::to_owned).collect()));
        }
    }

    fn lines(text: &str) -> Vec<(u64, Vec<String>)> {
        read_all(text, b',').into_iter().map(|(line, _, cells)| (line, cells)).collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn reads_every_kind_of_line_end() {
        for text in ["a,b\nc,d\n", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "a,b\nc,d", "a,b\r\nc,d\n"] {
            assert_eq!(lines(text), [row(1, &["a", "b"]), row(2, &["c", "d"])], "{text:?}");
        }
        assert_eq!(lines("\n\r\na,b\n\n\n,,\n \nc\n"), [row(3, &["a", "b"]), row(8, &["c"])]);
    }

    #[test]
    fn reads_quotes_and_the_lines_inside_them() {
        let text = "\"a\nb\",\"say \"\"hi\"\"\"\n5\" pipe,x\ny,\"\"\n";
        assert_eq!(lines(text), [row(1, &["a\nb", "say \"hi\""]), row(3, &["5\" pipe", "x"]), row(4, &["y", ""])]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told() {
        let read = read_all("a,b\nc,\"d\ne,f\ng,h\n", b',');
        assert_eq!(read.iter().map(|(line, next, _)| (*line, *next)).collect::<Vec<_>>(), [(1, Next::Record), (2, Next::Unclosed)]);
        assert!(read_all("a,b\n5\" pipe,x\n", b',').iter().all(|(_, next, _)| *next == Next::Record));
    }

    #[test]
    fn endless_rows_cost_no_memory_and_the_next_row_is_read() {
        let text = format!("a,b\n{}\n{}\nc,d\n", "x".repeat(5 * MAX_ROW), ",1".repeat(10_000));
        let mut records = Records::new(text.as_bytes(), b',');
        let next: Vec<Next> = (0..5).map(|_| records.next_record().unwrap()).collect();
        assert_eq!(next, [Next::Record, Next::TooLong, Next::TooLong, Next::Record, Next::End]);
        assert_eq!((records.text.len(), records.ends.len()), (MAX_ROW, MAX_CELLS));
    }

    #[test]
    fn can_be_taken_up_at_every_record() {
        let text = "h1,h2\r\n\r\n\"a\r\nb\",1\rc,2\nd,3";
        let all = lines(text);
        let mut records = Records::new(text.as_bytes(), b',');
        for known in &all[1..] {
            records.next_record().unwrap();
            let mut again = Records::new(text.as_bytes(), b',');
            again.skip_to(records.offset()).unwrap();
            again.next_record().unwrap();
            let cells: Vec<String> = again.cells().unwrap().iter().map(str::to_owned).collect();
            assert_eq!((again.began_on(), cells), known.clone());
        }
        assert!(Records::new("ab".as_bytes(), b',').skip_to(3).is_err());
    }

    proptest! {
        #[test]
        fn what_a_writer_wrote_is_read(rows in proptest::collection::vec(proptest::collection::vec("[a-z\"', \n;é]{0,9}", 2), 0..9)) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = read_all(&text, b',').into_iter().map(|(_, _, cells)| cells).collect();
            let written: Vec<Vec<String>> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
            prop_assert_eq!(read, written);
        }
    }
}
