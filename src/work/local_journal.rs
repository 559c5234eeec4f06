//! What the database could not take: a file of this worker, written through to the disk, until the database is back.
//!
//! The worker itself writes it to the rows as soon as it can. When the worker died meanwhile, the next one that starts in the
//! same data folder does. Every record may be written twice: events are told apart by their number, ledger entries by
//! their id, and the end of a call by its fence.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::journal::{CallEvent, CallReport};
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::time::Timestamp;
use crate::mind::ledger::LedgerEntry;
use crate::store::{Store, StoreError};

const FOLDER: &str = "journal";
/// How long one try to reach the rows may take.
const TRY: Duration = Duration::from_secs(2);
/// Held for the moment in which files are taken over, so that two workers never take the same one.
const DOOR: &str = "door";

/// Something of a call that has to reach the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Record {
    /// A piece of the call's own journal.
    Happened(Happened),
    /// Our side of the call is over.
    Closed {
        /// Which call.
        attempt: AttemptId,
        /// The fence of the hold.
        epoch: u32,
        /// What the call told.
        report: CallReport,
        /// When it closed.
        at: Timestamp,
    },
}

/// What happened in a call, as far as it was not written yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// Which call.
    pub attempt: AttemptId,
    /// Events, in order.
    pub events: Vec<CallEvent>,
    /// Provider calls.
    pub ledger: Vec<LedgerEntry>,
    /// The call so far, when something was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Box<Draft>>,
    /// The callee asked not to be called again.
    pub opt_out: bool,
    /// When it was noted.
    pub at: Timestamp,
}

/// What a call has told so far: its outcome if its holder dies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The fence of the hold.
    pub epoch: u32,
    /// What it told.
    pub report: CallReport,
}

impl Record {
    /// Which call it is of.
    const fn attempt(&self) -> AttemptId {
        match self {
            Self::Happened(happened) => happened.attempt,
            Self::Closed { attempt, .. } => *attempt,
        }
    }

    const fn opts_out(&self) -> bool {
        matches!(self, Self::Happened(Happened { opt_out: true, .. }))
    }

    /// Writes it to the rows; a second time changes nothing.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        match self {
            Self::Happened(happened) => happened.write(store).await,
            Self::Closed { attempt, epoch, report, at } => {
                store.close_hold(*attempt, *epoch, report.outcome.as_ref(), &report.slots, *at).await.map(drop)
            }
        }
    }
}

impl Happened {
    /// Writes it to the rows; a second time changes nothing.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        if self.opt_out {
            store.record_opt_out(self.attempt, self.at).await?;
        }
        if let Some(Draft { epoch, report: CallReport { outcome: Some(outcome), slots } }) = self.draft.as_deref() {
            store.save_draft(self.attempt, *epoch, outcome, slots).await?;
        }
        if !self.events.is_empty() {
            store.append_call_events(self.attempt, &self.events, self.at).await?;
        }
        if !self.ledger.is_empty() {
            store.append_ledger(&self.ledger, self.at).await?;
        }
        Ok(())
    }
}

/// One try to write to the rows. A database that does not answer in time counts as away: better twice than lost meanwhile.
///
/// # Errors
/// The database cannot be written, or not in time; trying again helps then.
pub async fn in_time<T>(write: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(TRY, write).await.unwrap_or(Err(StoreError::Late))
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Kept { n: u64, record: Record },
    Written { written: u64 },
}

/// The file of this worker. Clones share it.
#[derive(Debug, Clone)]
pub struct LocalJournal(Arc<Mutex<Pages>>);

#[derive(Debug)]
struct Pages {
    file: File,
    next: u64,
    /// Whose records are not written yet, by their numbers.
    open: HashMap<u64, AttemptId>,
}

/// The file of a worker that is gone.
#[derive(Debug)]
pub struct LeftBehind {
    path: PathBuf,
    // keeps others away from it
    _file: File,
    records: Vec<Record>,
}

impl LocalJournal {
    /// Begins a file in the data folder, and takes over what dead workers left in it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(data: &Path, worker: WorkerId) -> io::Result<(Self, Vec<LeftBehind>)> {
        let folder = data.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        let door = private(&folder.join(DOOR))?;
        door.lock()?;
        let left = take_over(&folder)?;
        let file = private(&folder.join(format!("{worker}.jsonl")))?;
        file.lock()?;
        Ok((Self(Arc::new(Mutex::new(Pages { file, next: 0, open: HashMap::new() }))), left))
    }

    /// Keeps a record on the disk until [`LocalJournal::written`]; its number.
    ///
    /// # Errors
    /// The disk cannot take it.
    pub async fn keep(&self, record: Record) -> io::Result<u64> {
        let pages = Arc::clone(&self.0);
        let kept = tokio::task::spawn_blocking(move || pages.lock().unwrap_or_else(PoisonError::into_inner).keep(record));
        kept.await.map_err(io::Error::other)?
    }

    /// The calls of this worker that are not wholly in the rows.
    pub async fn open_calls(&self) -> HashSet<AttemptId> {
        let pages = Arc::clone(&self.0);
        let read = move || pages.lock().unwrap_or_else(PoisonError::into_inner).open.values().copied().collect();
        tokio::task::spawn_blocking(read).await.unwrap_or_default()
    }

    /// The record is in the rows. A file without open records is emptied.
    pub async fn written(&self, n: u64) {
        let pages = Arc::clone(&self.0);
        let noted = tokio::task::spawn_blocking(move || pages.lock().unwrap_or_else(PoisonError::into_inner).written(n)).await;
        if let Ok(Err(error)) = noted {
            tracing::warn!(%error, "the local journal cannot be crossed off; its records may be written to the rows once more");
        }
    }
}

impl Pages {
    fn keep(&mut self, record: Record) -> io::Result<u64> {
        let (n, attempt) = (self.next, record.attempt());
        self.put(&Line::Kept { n, record })?;
        self.file.sync_data()?;
        self.next = n + 1;
        self.open.insert(n, attempt);
        Ok(n)
    }

    fn written(&mut self, n: u64) -> io::Result<()> {
        self.open.remove(&n);
        if self.open.is_empty() { self.file.set_len(0) } else { self.put(&Line::Written { written: n }) }
    }

    fn put(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }
}

impl LeftBehind {
    /// Writes what is left to the rows, then removes the file. Safe to repeat.
    ///
    /// # Errors
    /// The database cannot be written; the file stays.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        for record in &self.records {
            match record.write(store).await {
                Ok(()) => {}
                Err(error) if error.retry_helps() => return Err(error),
                Err(error) => tracing::error!(%error, "a record of a dead worker cannot be written; it is left out"),
            }
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "a dead worker's journal was written and cannot be removed; the next start does it again");
        }
        tracing::info!(records = self.records.len(), "a dead worker's journal is in the rows");
        Ok(())
    }
}

/// Transcripts stand in it: for its owner's eyes only.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Files whose owner lives are locked.
fn take_over(folder: &Path) -> io::Result<Vec<LeftBehind>> {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let file = private(&path)?;
        if file.try_lock().is_err() {
            continue;
        }
        let mut records = open_records(&std::fs::read_to_string(&path)?);
        // the number may be called for another lead as soon as the database is back
        records.sort_by_key(|record| !record.opts_out());
        if records.is_empty() {
            std::fs::remove_file(&path)?;
        } else {
            left.push(LeftBehind { path, _file: file, records });
        }
    }
    Ok(left)
}

/// Records that were kept and not crossed off, in order. A last line that was cut off never counted as kept.
fn open_records(text: &str) -> Vec<Record> {
    let mut open = BTreeMap::new();
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Line::Kept { n, record }) => _ = open.insert(n, record),
            Ok(Line::Written { written }) => _ = open.remove(&written),
            Err(error) => tracing::warn!(%error, "a line of a dead worker's journal cannot be read"),
        }
    }
    open.into_values().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::journal::EventKind;

    fn happened(seq: u32) -> Record {
        let events = vec![CallEvent { seq, offset_ms: 5, kind: EventKind::Callee, body: "Hello?".to_owned() }];
        let attempt = AttemptId(uuid::Uuid::from_u128(7));
        Record::Happened(Happened { attempt, events, ledger: Vec::new(), draft: None, opt_out: false, at: Timestamp::from_millis(9) })
    }

    fn closed() -> Record {
        let report = CallReport { outcome: None, slots: json!({ "own": true }) };
        Record::Closed { attempt: AttemptId(uuid::Uuid::from_u128(7)), epoch: 1, report, at: Timestamp::from_millis(9) }
    }

    #[tokio::test]
    async fn the_next_worker_finds_what_the_dead_one_could_not_write() {
        let data = tempfile::tempdir().unwrap();
        let (journal, left) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        assert!(left.is_empty());
        let first = journal.keep(happened(0)).await.unwrap();
        journal.keep(happened(1)).await.unwrap();
        journal.keep(closed()).await.unwrap();
        journal.written(first).await;
        let (_beside, left) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        assert!(left.is_empty(), "its owner lives");
        drop(journal);
        let (_next, left) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        assert_eq!(left.iter().map(|file| file.records.clone()).collect::<Vec<_>>(), [vec![happened(1), closed()]]);
    }

    #[tokio::test]
    async fn an_opt_out_comes_before_all_that_can_wait() {
        let data = tempfile::tempdir().unwrap();
        let (journal, _) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        let Record::Happened(talk) = happened(1) else { unreachable!("it is made so") };
        let opt_out = Record::Happened(Happened { opt_out: true, ..talk });
        for record in [happened(0), opt_out.clone(), closed()] {
            journal.keep(record).await.unwrap();
        }
        drop(journal);
        let (_next, left) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        assert_eq!(left[0].records, [opt_out, happened(0), closed()]);
    }

    #[tokio::test]
    async fn a_journal_that_is_in_the_rows_is_empty() {
        let data = tempfile::tempdir().unwrap();
        let (journal, _) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        let numbers = [journal.keep(happened(0)).await.unwrap(), journal.keep(closed()).await.unwrap()];
        for n in numbers {
            assert_eq!(journal.open_calls().await, HashSet::from([closed().attempt()]));
            journal.written(n).await;
        }
        assert!(journal.open_calls().await.is_empty());
        drop(journal);
        let (_next, left) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
        assert!(left.is_empty());
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out() {
        let whole = serde_json::to_string(&Line::Kept { n: 0, record: closed() }).unwrap();
        assert_eq!(open_records(&format!("{whole}\n{}", &whole[..whole.len() / 2])), [closed()]);
    }
}
