//! A stretch of a list: rows read and judged until one transaction is full.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

use crate::intake::bad_rows;
use crate::intake::columns::Columns;
use crate::intake::finding::{Finding, FindingCode, Trouble};
use crate::intake::import::{Counts, ImportOptions, OnDuplicate, Progress};
use crate::intake::rows::{Next, Records};
use crate::intake::validate::{LeadRow, Place, row_finding, validate};

/// Most rows of a transaction: few commits for a long list, and a stop loses little work.
pub const ROWS: u64 = 5_000;

/// Most text of a transaction, in bytes: long rows cost no more memory than many.
const TEXT: u64 = 4 << 20;

/// Rows of one transaction, judged.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    /// Those that can be leads; no number twice.
    pub leads: Vec<LeadRow>,
    /// Those that cannot, in order.
    pub findings: Vec<Finding>,
    /// The same as lines of a [bad-rows file](crate::intake::bad_rows).
    pub bad_rows: Vec<u8>,
    /// How many were refused for which reason.
    pub by_code: BTreeMap<FindingCode, u64>,
    /// How far the list is read behind it.
    pub progress: Progress,
}

/// Cuts a list into stretches.
pub(super) struct Reader<'a, R> {
    records: Records<R>,
    columns: &'a Columns,
    options: ImportOptions,
    row: u64,
}

impl<'a, R: Read> Reader<'a, R> {
    /// Reads on behind `row` rows.
    pub(super) const fn new(records: Records<R>, columns: &'a Columns, options: ImportOptions, row: u64) -> Self {
        Self { records, columns, options, row }
    }

    /// The next stretch; `None` behind the last row.
    pub(super) fn stretch(&mut self) -> io::Result<Option<Stretch>> {
        let (begun_at, begun_behind) = (self.records.offset(), self.row);
        let mut open = Open::default();
        while self.row - begun_behind < ROWS && self.records.offset() - begun_at < TEXT {
            let next = self.records.next_record()?;
            if next == Next::End {
                break;
            }
            self.row += 1;
            match self.judge(next)? {
                Ok(lead) => open.add(lead, self.options.on_duplicate),
                Err(finding) => self.refuse(&mut open.stretch, *finding, next)?,
            }
        }
        open.stretch.progress.byte_offset = self.records.offset();
        open.stretch.progress.row_offset = self.row;
        Ok((self.row > begun_behind).then_some(open.stretch))
    }

    fn judge(&self, next: Next) -> io::Result<Result<LeadRow, Box<Finding>>> {
        let place = Place { row: self.row, line: self.records.began_on() };
        Ok(match next {
            Next::TooLong => Err(row_finding(place, too_long())),
            Next::Unclosed => Err(row_finding(place, unclosed())),
            Next::Record | Next::End => validate(self.columns, self.records.cells()?.iter(), place, self.options.region),
        })
    }

    fn refuse(&self, stretch: &mut Stretch, finding: Finding, next: Next) -> io::Result<()> {
        let cells = (next == Next::Record).then(|| self.records.cells()).transpose()?;
        bad_rows::write(&mut stretch.bad_rows, self.columns, &finding, cells)?;
        stretch.progress.aside.rejected += 1;
        *stretch.by_code.entry(finding.code).or_default() += 1;
        stretch.findings.push(finding);
        Ok(())
    }
}

/// A stretch that is being filled.
#[derive(Default)]
struct Open {
    stretch: Stretch,
    /// Where each number stands, by its digits.
    places: HashMap<u64, usize>,
}

impl Open {
    /// Adds a lead; a number that is in the stretch already counts as a duplicate, or replaces the earlier row.
    fn add(&mut self, lead: LeadRow, on_duplicate: OnDuplicate) {
        let Counts { duplicates, updated, .. } = &mut self.stretch.progress.aside;
        let digits = lead.phone_number.digits();
        match (self.places.get(&digits).copied(), on_duplicate) {
            (None, _) => {
                self.places.insert(digits, self.stretch.leads.len());
                self.stretch.leads.push(lead);
            }
            (Some(_), OnDuplicate::Skip) => *duplicates += 1,
            (Some(place), OnDuplicate::Update) => {
                *updated += 1;
                self.stretch.leads[place] = lead;
            }
        }
    }
}

fn too_long() -> Trouble {
    Trouble::new(FindingCode::RowTooLong, "the row is longer than 1 MiB or has more than 1024 cells", "check its quotes and line ends")
}

fn unclosed() -> Trouble {
    let message = "a quote opened in this row is never closed, so the rest of the file is inside one cell";
    Trouble::new(FindingCode::UnclosedQuote, message, "close the quote and import the file again; rows that are in are not doubled")
}
