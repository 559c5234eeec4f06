//! A checked file into a [`LeadSink`], in stretches: bounded memory, counts that add up to the file, and a place to go on from
//! after a crash.
//!
//! Reading and judging has a thread of its own, one stretch ahead of the sink, and so has what a sink can do without its
//! database, one piece ahead: a list costs the slowest of the three and not their sum. A stretch is written piece by piece, one
//! transaction each. Duplicates inside the file are found by the sink (the
//! number is unique within a campaign); only those inside one stretch are settled while reading, so that a piece never holds a
//! number twice.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};
use std::ops::AddAssign;
use std::time::Instant;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::time::Timestamp;
use crate::intake::finding::FindingCode;
use crate::intake::phone::Region;
use crate::intake::preflight::{Sheet, open};
use crate::intake::stretch::{Piece, Reader, Stretch};
use crate::intake::validate::LeadRow;
use crate::word_enum;

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

/// How far an import is. The sink keeps it in the transaction of the piece that it came with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The stretch at hand begins at this byte of the decoded text; [`Sheet::text_bytes`] is the whole.
    pub byte_offset: u64,
    /// Rows that are settled: written, refused or left out.
    pub row_offset: u64,
    /// Leads of the stretch at hand that are written, in the order of their numbers; 0 at its beginning.
    pub stretch_leads: u64,
    /// Where a stretch that was begun ends, so that it is cut there again; otherwise 0.
    pub stretch_end: u64,
}

/// Where leads are written: the store, or a dry run.
#[async_trait]
pub trait LeadSink: Send {
    /// Why writing failed.
    type Error: std::error::Error + Send + Sync + 'static;
    /// Leads as it writes them.
    type Leads: Send + 'static;

    /// Does what needs no database, while the piece before is written.
    fn ready(leads: Vec<LeadRow>) -> Result<Self::Leads, Self::Error>;

    /// Writes the leads of a piece (perhaps none) and its progress in one transaction.
    /// Returns what became of the leads; never `rejected`.
    async fn write(&mut self, piece: Piece<Self::Leads>) -> Result<Counts, Self::Error>;
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

/// In which order the leads of a stretch are handed to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOrder {
    /// As they are listed, for people who compare.
    List,
    /// By number when they are more than one transaction, for a database that has an index of numbers.
    Numbers,
}

/// How to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// Whose national numbers the list may hold.
    pub region: Option<Region>,
    /// What to do with a number that comes twice; the sink has to follow the same.
    pub on_duplicate: OnDuplicate,
    /// The order of the leads.
    pub order: WriteOrder,
    /// When the import began, be it in an earlier run: no consent was given later.
    pub now: Timestamp,
    /// Where an earlier run stopped.
    pub resume: Option<Progress>,
}

impl ImportOptions {
    /// What decides whether a row is good, and in which order leads are stored: a file that was cut off can go on only when this
    /// is the same, for what is stored is counted and passed over. Another version may judge otherwise.
    #[must_use]
    pub fn judged_by(&self) -> String {
        let Self { region, on_duplicate, order, now: _, resume: _ } = self;
        format!("{} {region:?} {on_duplicate:?} {order:?}", env!("CARGO_PKG_VERSION"))
    }
}

/// The options of the command line behind what [`ImportOptions::judged_by`] says, each with a blank in front.
#[must_use]
pub fn typed(judged_by: &str) -> String {
    let mut words = judged_by.split(' ').skip(1);
    let region = words.next().and_then(|word| word.strip_prefix("Some(Region(")?.strip_suffix("))"));
    let region = region.map(|region| format!(" --region {region}")).unwrap_or_default();
    let update = if words.next() == Some("Update") { " --update" } else { "" };
    format!("{region}{update}")
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
    pub by_code: BTreeMap<FindingCode, u64>,
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

/// Imports a file that [`preflight`](crate::intake::preflight()) has read.
///
/// # Errors
/// [`ImportError`]; everything up to the last piece is written.
pub async fn import<R, S>(
    file: R,
    sheet: &Sheet,
    options: ImportOptions,
    sink: &mut S,
    stop: &CancellationToken,
) -> Result<Report, ImportError<S::Error>>
where
    R: Read + Seek + Send + 'static,
    S: LeadSink,
{
    let begun = Instant::now();
    let (hand_over, stretches) = mpsc::channel(1);
    let (to_sink, mut pieces) = mpsc::channel(1);
    let sheet = sheet.clone();
    // they end by themselves when nobody takes what they make any more
    let reading = tokio::task::spawn_blocking(move || read(file, &sheet, options, &hand_over));
    let readying = tokio::task::spawn_blocking(move || make_ready::<S>(stretches, &to_sink));
    let mut report = Report::default();
    while let Some(piece) = pieces.recv().await {
        let Piece { leads, findings, bad_rows, by_code, aside, repeated, progress } = piece;
        let leads = leads.map_err(ImportError::Write)?;
        report.take(aside, &by_code);
        let piece = Piece { leads, findings, bad_rows, by_code, aside, repeated, progress };
        report.take(sink.write(piece).await.map_err(ImportError::Write)?, &BTreeMap::new());
        if stop.is_cancelled() {
            return Err(ImportError::Stopped);
        }
    }
    readying.await.map_err(io::Error::other)?;
    reading.await.map_err(io::Error::other)??;
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

/// Reads stretches for as long as somebody takes them. The next one is begun when there is room for it, so that never more than two
/// are in memory: the one that is written and the one that is read.
fn read<R: Read + Seek>(mut file: R, sheet: &Sheet, options: ImportOptions, hand_over: &mpsc::Sender<Stretch>) -> io::Result<()> {
    let resume = options.resume.unwrap_or_default();
    let mut records = open(&mut file, sheet.encoding, sheet.separator)?;
    records.skip_to(resume.byte_offset.max(sheet.first_row))?;
    let mut reader = Reader::new(records, &sheet.columns, options, resume);
    let runtime = Handle::current();
    while let Ok(room) = runtime.block_on(hand_over.reserve()) {
        let Some(stretch) = reader.stretch()? else { break };
        room.send(stretch);
    }
    Ok(())
}

/// Pieces that a sink has still to judge fit for itself.
type Readied<S> = Piece<Result<<S as LeadSink>::Leads, <S as LeadSink>::Error>>;

/// Cuts stretches into pieces and makes them ready, each when there is room for it.
fn make_ready<S: LeadSink>(mut stretches: mpsc::Receiver<Stretch>, to_sink: &mpsc::Sender<Readied<S>>) {
    let runtime = Handle::current();
    while let Some(mut stretch) = stretches.blocking_recv() {
        loop {
            let Ok(room) = runtime.block_on(to_sink.reserve()) else { return };
            let Some(piece) = stretch.piece() else { break };
            room.send(piece.with(S::ready));
        }
    }
}

impl Report {
    fn take(&mut self, counts: Counts, by_code: &BTreeMap<FindingCode, u64>) {
        self.rows += counts.rows();
        self.accepted += counts.accepted;
        self.rejected += counts.rejected;
        self.updated += counts.updated;
        self.duplicates += counts.duplicates;
        for (code, rows) in by_code {
            *self.by_code.entry(*code).or_default() += rows;
        }
    }
}
