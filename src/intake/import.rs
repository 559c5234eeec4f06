//! A checked file into a [`LeadSink`], in batches: bounded memory, counts that add up to the file, and a place to go on from
//! after a crash.
//!
//! Duplicates inside the file are found by the sink (the number is unique within a campaign); only those inside one batch are
//! settled here, so that a batch never holds a number twice.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Seek};
use std::ops::AddAssign;
use std::time::Instant;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::domain::phone::PhoneNumber;
use crate::intake::finding::{Finding, FindingCode, Trouble};
use crate::intake::phone::Region;
use crate::intake::preflight::{Sheet, open};
use crate::intake::rows::{Cells, Next, Records};
use crate::intake::text::Text;
use crate::intake::validate::{LeadRow, Place, row_finding, validate};
use crate::word_enum;

/// Rows of one transaction.
pub const BATCH: usize = 1_000;

/// What became of rows; the four add up to all rows read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New leads.
    pub accepted: u64,
    /// Refused, each with a finding.
    pub rejected: u64,
    /// Leads that were in the campaign and got this row's values.
    pub updated: u64,
    /// Numbers that were in the campaign and stayed as they were.
    pub duplicates: u64,
}

impl Counts {
    /// All rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.accepted + self.rejected + self.updated + self.duplicates
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.updated += other.updated;
        self.duplicates += other.duplicates;
    }
}

/// How far the import is once this batch is written. The sink keeps it in the batch's own transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Go on from this byte of the decoded text; [`Sheet::text_bytes`] is the whole.
    pub byte_offset: u64,
    /// Rows read so far.
    pub row_offset: u64,
    /// Rows of this stretch that are not in the batch: add them to the totals as they are.
    pub aside: Counts,
}

/// Where leads are written: the store, or a dry run.
#[async_trait]
pub trait LeadSink: Send {
    /// Why writing failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Writes a batch (no number twice, at most [`BATCH`] rows, perhaps none) and the progress in one transaction.
    /// Returns what became of the rows of the batch; never `rejected`.
    async fn write(&mut self, batch: Vec<LeadRow>, progress: Progress) -> Result<Counts, Self::Error>;
}

word_enum! {
    /// What to do with a number the campaign has already.
    pub enum OnDuplicate {
        /// Leave the lead as it is.
        Skip = "skip",
        /// Give it the new row's values.
        Update = "update",
    }
}

/// How to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// Whose national numbers the list may hold.
    pub region: Option<Region>,
    /// What to do with a number that comes twice; the sink has to follow the same.
    pub on_duplicate: OnDuplicate,
    /// Where an earlier run stopped.
    pub resume: Option<Progress>,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// All rows read by this run.
    pub rows: u64,
    /// New leads.
    pub accepted: u64,
    /// Refused rows.
    pub rejected: u64,
    /// Leads that got new values.
    pub updated: u64,
    /// Rows whose number was there already.
    pub duplicates: u64,
    /// Refused rows by reason; they add up to `rejected`.
    pub by_code: BTreeMap<String, u64>,
    /// How long it took.
    pub seconds: f64,
}

/// Why an import stopped. What was written stays, and the import can be taken up again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E: std::error::Error + 'static> {
    /// The file cannot be read any more.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The leads cannot be written.
    #[error("the leads cannot be written: {0}")]
    Write(#[source] E),
    /// Stopped on request.
    #[error("the import was stopped; start it again to go on")]
    Stopped,
}

/// Imports a file that [`preflight`](crate::intake::preflight()) has read. `refused` gets each row that cannot be a lead, with its
/// cells where they could be read.
///
/// # Errors
/// [`ImportError`]; everything up to the last batch is written.
pub async fn import<R, S>(
    file: &mut R,
    sheet: &Sheet,
    options: &ImportOptions,
    sink: &mut S,
    refused: &mut (dyn FnMut(&Finding, Option<Cells<'_>>) -> io::Result<()> + Send),
    stop: &CancellationToken,
) -> Result<Report, ImportError<S::Error>>
where
    R: Read + Seek + Send,
    S: LeadSink,
{
    let begun = Instant::now();
    let resume = options.resume.unwrap_or_default();
    let mut records = open(file, sheet.encoding, sheet.separator)?;
    records.skip_to(resume.byte_offset.max(sheet.first_row))?;
    let mut run = Run { sheet, options, records, row: resume.row_offset, by_code: BTreeMap::new() };
    let mut totals = Counts::default();
    loop {
        let stretch = run.stretch(refused)?;
        let progress = Progress { byte_offset: run.records.offset(), row_offset: run.row, aside: stretch.aside };
        let last = stretch.last;
        if stretch.rows() > 0 {
            totals += stretch.aside;
            totals += sink.write(stretch.batch, progress).await.map_err(ImportError::Write)?;
        }
        if last {
            return Ok(run.report(totals, begun));
        }
        if stop.is_cancelled() {
            return Err(ImportError::Stopped);
        }
    }
}

struct Run<'a, R> {
    sheet: &'a Sheet,
    options: &'a ImportOptions,
    records: Records<Text<&'a mut R>>,
    row: u64,
    by_code: BTreeMap<FindingCode, u64>,
}

/// The rows read until a batch is full.
#[derive(Default)]
struct Stretch {
    batch: Vec<LeadRow>,
    places: HashMap<PhoneNumber, usize>,
    aside: Counts,
    last: bool,
}

impl Stretch {
    fn rows(&self) -> u64 {
        self.batch.len() as u64 + self.aside.rows()
    }

    /// Adds a lead; a number that is in the batch already counts as a duplicate, or replaces the earlier row.
    fn add(&mut self, lead: LeadRow, on_duplicate: OnDuplicate) {
        match (self.places.get(&lead.phone_number).copied(), on_duplicate) {
            (None, _) => {
                self.places.insert(lead.phone_number.clone(), self.batch.len());
                self.batch.push(lead);
            }
            (Some(_), OnDuplicate::Skip) => self.aside.duplicates += 1,
            (Some(place), OnDuplicate::Update) => {
                self.aside.updated += 1;
                self.batch[place] = lead;
            }
        }
    }
}

impl<R: Read> Run<'_, R> {
    fn stretch(&mut self, refused: &mut (dyn FnMut(&Finding, Option<Cells<'_>>) -> io::Result<()> + Send)) -> io::Result<Stretch> {
        let mut stretch = Stretch::default();
        while stretch.rows() < BATCH as u64 {
            let next = self.records.next_record()?;
            if next == Next::End {
                stretch.last = true;
                break;
            }
            self.row += 1;
            match self.judge(next)? {
                Ok(lead) => stretch.add(lead, self.options.on_duplicate),
                Err(finding) => {
                    stretch.aside.rejected += 1;
                    *self.by_code.entry(finding.code).or_default() += 1;
                    refused(&finding, (next == Next::Record).then(|| self.records.cells()).transpose()?)?;
                }
            }
        }
        Ok(stretch)
    }

    fn judge(&self, next: Next) -> io::Result<Result<LeadRow, Box<Finding>>> {
        let place = Place { row: self.row, line: self.records.began_on() };
        Ok(match next {
            Next::TooLong => Err(row_finding(place, too_long())),
            Next::Unclosed => Err(row_finding(place, unclosed())),
            Next::Record | Next::End => validate(&self.sheet.columns, self.records.cells()?.iter(), place, self.options.region),
        })
    }

    fn report(self, totals: Counts, begun: Instant) -> Report {
        let Counts { accepted, rejected, updated, duplicates } = totals;
        let by_code = self.by_code.into_iter().map(|(code, rows)| (code.to_string(), rows)).collect();
        Report { rows: totals.rows(), accepted, rejected, updated, duplicates, by_code, seconds: begun.elapsed().as_secs_f64() }
    }
}

fn too_long() -> Trouble {
    Trouble::new(FindingCode::RowTooLong, "the row is longer than 1 MiB or has more than 1024 cells", "check its quotes and line ends")
}

fn unclosed() -> Trouble {
    let message = "a quote opened in this row is never closed, so the rest of the file is inside one cell";
    Trouble::new(FindingCode::UnclosedQuote, message, "close the quote and import the file again; rows that are in are not doubled")
}
