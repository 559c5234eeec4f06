//! A stretch of a list: rows read and judged, in the order of their numbers, handed out in [`Piece`]s of one transaction each.
//!
//! The campaign's index of numbers is far larger than a transaction. Five thousand numbers in no order change nearly as many of
//! its pages; five thousand neighbours out of a sorted stretch change a tenth of that.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc;

use crate::intake::bad_rows;
use crate::intake::columns::Columns;
use crate::intake::finding::{Finding, FindingCode, Trouble};
use crate::intake::import::{Counts, ImportOptions, OnDuplicate, Progress, WriteOrder};
use crate::intake::packed::Packed;
use crate::intake::rows::{Next, Records};
use crate::intake::validate::{LeadRow, Place, row_finding, validate};

/// Most rows of a stretch. Two stretches are in memory: 30,000 rows more take some 8 MiB more.
const ROWS: u64 = 45_000;

/// Rows of the first stretch, for which the writer waits. The next ones are as long as all before them, until they are as long as may
/// be: while a list is short, so is its part of the index.
pub const FIRST: u64 = 20_000;

/// Most text of a stretch, in bytes: long rows cost no more memory than many.
const TEXT: u64 = 10 << 20;

/// Most refused rows of a stretch: they are kept with their reasons until it is written.
const REFUSED: usize = 5_000;

/// Most leads of a transaction: few commits for a long list, a stop loses little work, and calls do not wait long for the writer.
pub const PIECE: usize = 5_000;

/// Most text of a transaction, in bytes.
const PIECE_TEXT: usize = 4 << 20;

/// What one transaction writes.
#[derive(Debug, Clone, Default)]
pub struct Piece<L = Vec<LeadRow>> {
    /// Rows that can be leads, no number twice: as they were judged, or as a sink has made them ready.
    pub leads: L,
    /// With the last piece of a stretch: its rows that cannot, in the order of the list.
    pub findings: Vec<Finding>,
    /// The same as lines of a [bad-rows file](crate::intake::bad_rows).
    pub bad_rows: Vec<u8>,
    /// How many were refused for which reason.
    pub by_code: BTreeMap<FindingCode, u64>,
    /// Rows that are settled with this piece and are not among its leads: add them to the totals as they are.
    pub aside: Counts,
    /// The lines of those whose number another row has, which is taken instead.
    pub repeated: Vec<u64>,
    /// How far the list is when this piece is written.
    pub progress: Progress,
}

impl Piece {
    /// The same with its leads in another form.
    pub(super) fn with<L>(self, leads: impl FnOnce(Vec<LeadRow>) -> L) -> Piece<L> {
        let Self { leads: judged, findings, bad_rows, by_code, aside, repeated, progress } = self;
        Piece { leads: leads(judged), findings, bad_rows, by_code, aside, repeated, progress }
    }
}

/// Rows that were judged and wait to be written.
pub(super) struct Stretch {
    leads: Packed,
    /// How many of the leads were handed out, in this run or an earlier one.
    handed_out: usize,
    /// What goes with the last piece; `None` once that is handed out.
    rest: Option<Piece>,
    /// Where the stretch begins, and the place reached in it.
    progress: Progress,
    end: u64,
    /// Where the leads' room goes for the next stretch but one.
    used: mpsc::Sender<Packed>,
}

impl Drop for Stretch {
    fn drop(&mut self) {
        // nobody reads any more: the room is freed
        let _ = self.used.send(std::mem::take(&mut self.leads));
    }
}

impl Stretch {
    /// The next leads to write, with the place that is reached by them; `None` when all are handed out.
    pub(super) fn piece(&mut self) -> Option<Piece> {
        let rest = self.rest.take()?;
        let leads = self.leads.some(self.handed_out, PIECE, PIECE_TEXT);
        self.handed_out += leads.len();
        self.progress.row_offset += leads.len() as u64;
        if self.handed_out < self.leads.len() {
            self.rest = Some(rest);
            self.progress.stretch_leads = self.handed_out as u64;
            self.progress.stretch_end = self.end;
            return Some(Piece { leads, progress: self.progress, ..Piece::default() });
        }
        let row_offset = self.progress.row_offset + rest.aside.rows();
        Some(Piece { leads, progress: Progress { byte_offset: self.end, row_offset, ..Progress::default() }, ..rest })
    }
}

/// Cuts a list into stretches.
pub(super) struct Reader<'a, R> {
    records: Records<R>,
    columns: &'a Columns,
    options: ImportOptions,
    row: u64,
    /// Of the first stretch, when an earlier run wrote a part of it.
    begun: Option<Progress>,
    /// Room of stretches that are written: two are enough for a list.
    used: (mpsc::Sender<Packed>, mpsc::Receiver<Packed>),
}

impl<'a, R: Read> Reader<'a, R> {
    /// Reads on from a place that `records` stands at.
    pub(super) fn new(records: Records<R>, columns: &'a Columns, options: ImportOptions, from: Progress) -> Self {
        let begun = (from.stretch_leads > 0).then_some(from);
        Self { records, columns, options, row: from.row_offset - from.stretch_leads, begun, used: mpsc::channel() }
    }

    /// The next stretch; `None` behind the last row.
    pub(super) fn stretch(&mut self) -> io::Result<Option<Stretch>> {
        let (begun_at, begun_behind) = (self.records.offset(), self.row);
        let (mut leads, mut rest, begun) = (self.room(), Piece::default(), self.begun.take());
        while self.has_room(begun_at, begun_behind, &rest, begun) {
            let next = self.records.next_record()?;
            if next == Next::End {
                break;
            }
            self.row += 1;
            match self.judge(next)? {
                Ok(lead) => leads.add(&lead),
                Err(finding) => self.refuse(&mut rest, *finding, next)?,
            }
        }
        if self.row == begun_behind {
            return Ok(None);
        }
        self.sort(&mut leads, &mut rest);
        let progress = begun.unwrap_or(Progress { byte_offset: begun_at, row_offset: begun_behind, ..Progress::default() });
        let handed_out = usize::try_from(progress.stretch_leads).unwrap_or(usize::MAX);
        let (end, used) = (self.records.offset(), self.used.0.clone());
        Ok(Some(Stretch { leads, handed_out, rest: Some(rest), progress, end, used }))
    }

    fn room(&self) -> Packed {
        let mut room = self.used.1.try_recv().unwrap_or_default();
        room.clear();
        room
    }

    /// A stretch that was begun ends where it ended; the others when they are full.
    fn has_room(&self, begun_at: u64, begun_behind: u64, rest: &Piece, begun: Option<Progress>) -> bool {
        let at = self.records.offset();
        begun.map_or_else(
            || self.row - begun_behind < begun_behind.clamp(FIRST, ROWS) && at - begun_at < TEXT && rest.findings.len() < REFUSED,
            |begun| at < begun.stretch_end,
        )
    }

    /// No number twice; what is one transaction anyway keeps the order of the list.
    fn sort(&self, leads: &mut Packed, rest: &mut Piece) {
        rest.repeated = leads.sort(self.options.on_duplicate);
        let repeated = rest.repeated.len() as u64;
        match self.options.on_duplicate {
            OnDuplicate::Skip => rest.aside.duplicates += repeated,
            OnDuplicate::Update => rest.aside.updated += repeated,
        }
        if self.options.order == WriteOrder::List || leads.len() <= PIECE {
            leads.sort_by_row();
        }
    }

    fn judge(&self, next: Next) -> io::Result<Result<LeadRow, Box<Finding>>> {
        let place = Place { row: self.row, line: self.records.began_on() };
        Ok(match next {
            Next::TooLong => Err(row_finding(place, too_long())),
            Next::Unclosed => Err(row_finding(place, unclosed())),
            Next::Record | Next::End => validate(self.columns, self.records.cells()?.iter(), place, self.options.region, self.options.now),
        })
    }

    fn refuse(&self, rest: &mut Piece, finding: Finding, next: Next) -> io::Result<()> {
        let cells = (next == Next::Record).then(|| self.records.cells()).transpose()?;
        bad_rows::write(&mut rest.bad_rows, self.columns, &finding, cells)?;
        rest.aside.rejected += 1;
        *rest.by_code.entry(finding.code).or_default() += 1;
        rest.findings.push(finding);
        Ok(())
    }
}

fn too_long() -> Trouble {
    Trouble::new(FindingCode::RowTooLong, "the row is longer than 1 MiB or has more than 1024 cells", "check its quotes and line ends")
}

/// The look at the whole file refuses such a list, so this one has changed since.
fn unclosed() -> Trouble {
    let message = "a quote opened in this row is never closed, so the rest of the file is inside one cell";
    Trouble::new(FindingCode::RowTooLong, message, "close the quote and import the file again; rows that are in are not doubled")
}
