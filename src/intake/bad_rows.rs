//! Refused rows as a CSV of their own: the original columns, then why. Mended, it can be imported as it is; the columns that
//! begin with `_` are left out then.

use std::io::{self, Write};

use crate::intake::cells::escape;
use crate::intake::columns::Columns;
use crate::intake::finding::Finding;
use crate::intake::rows::Cells;

const REASONS: [&str; 5] = ["_line", "_column", "_code", "_reason", "_suggestion"];

/// Writes refused rows.
pub struct BadRows<W: Write> {
    writer: csv::Writer<W>,
    columns: usize,
}

impl<W: Write> BadRows<W> {
    /// Begins with the header: the file's own columns (without those of an earlier bad-rows file), then the reasons.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, columns: &Columns) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).flexible(true).from_writer(out);
        let own = columns.names.iter().position(|name| REASONS.contains(&name.as_str())).unwrap_or(columns.names.len());
        writer.write_record(columns.names[..own].iter().map(String::as_str).chain(REASONS))?;
        Ok(Self { writer, columns: own })
    }

    /// Writes one row; its cells are empty where they could not be read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, finding: &Finding, cells: Option<Cells<'_>>) -> io::Result<()> {
        for at in 0..self.columns {
            let cell = cells.and_then(|cells| cells.get(at)).unwrap_or_default();
            self.writer.write_field(escape(cell).as_ref())?;
        }
        let line = finding.line.to_string();
        let reasons = [line.as_str(), &finding.column, finding.code.as_str(), &finding.message, &finding.suggestion];
        self.writer.write_record(reasons.iter().map(|reason| escape(reason).into_owned()))?;
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
