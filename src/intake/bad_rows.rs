//! Refused rows as a CSV of their own: the original columns, then why. Mended, it can be imported as it is; the columns that
//! begin with `_` are left out then.

use std::io::{self, Write};

use crate::intake::cells::escape;
use crate::intake::columns::Columns;
use crate::intake::finding::Finding;
use crate::intake::rows::Cells;

const REASONS: [&str; 5] = ["_line", "_column", "_code", "_reason", "_suggestion"];

/// Writes the header: the file's own columns (without those of an earlier bad-rows file), then the reasons.
///
/// # Errors
/// It cannot be written.
pub fn write_header(out: impl Write, columns: &Columns) -> io::Result<()> {
    let names = columns.names[..own(columns)].iter().map(String::as_str);
    let mut writer = writer(out);
    writer.write_record(names.chain(REASONS))?;
    writer.flush()
}

/// Writes one row; its cells are empty where they could not be read.
///
/// # Errors
/// It cannot be written.
pub fn write(out: impl Write, columns: &Columns, finding: &Finding, cells: Option<Cells<'_>>) -> io::Result<()> {
    let mut writer = writer(out);
    for at in 0..own(columns) {
        let cell = cells.and_then(|cells| cells.get(at)).unwrap_or_default();
        writer.write_field(escape(cell).as_ref())?;
    }
    let line = finding.line.to_string();
    let reasons = [line.as_str(), &finding.column, finding.code.as_str(), &finding.message, &finding.suggestion];
    writer.write_record(reasons.iter().map(|reason| escape(reason).into_owned()))?;
    writer.flush()
}

/// How many of the columns are the list's own.
fn own(columns: &Columns) -> usize {
    columns.names.iter().position(|name| REASONS.contains(&name.as_str())).unwrap_or(columns.names.len())
}

fn writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).flexible(true).buffer_capacity(1_024).from_writer(out)
}
