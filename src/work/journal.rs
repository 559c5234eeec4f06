//! What a call remembers, written behind it: a bounded queue on the call's side, batches on the database's.
//!
//! The audio path never waits here. While the database is away entries go to the worker's local journal, and to the rows when
//! it is back.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::call::journal::{CallEvent, CallReport, Journal};
use crate::clock::SharedClock;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::money::NanoUsd;
use crate::mind::ledger::LedgerEntry;
use crate::mind::price::PriceTable;
use crate::store::{Store, StoreError};
use crate::telemetry::names;
use crate::work::local_journal::{Draft, Happened, LocalJournal, Record, in_time};
use crate::work::patience::Patience;

/// Entries that may wait: a long call's worth.
const WAITING: usize = 4096;
/// Entries of one transaction.
const BATCH: usize = 64;
/// How long the first entry of a batch waits for company.
const GATHER: Duration = Duration::from_millis(100);
/// Between two tries while the database is away.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a call that is over waits for a database that does not come back, in a process that was asked to stop.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whose call it is.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The attempt.
    pub attempt: AttemptId,
    /// The fence of the hold.
    pub epoch: u32,
    /// Its campaign.
    pub campaign: CampaignId,
    /// The model everything is compared with in the ledger.
    pub reasoning_model: String,
}

#[derive(Debug)]
enum Entry {
    Event(CallEvent),
    Ledger(Box<LedgerEntry>),
    Draft(Box<CallReport>),
    OptOut,
}

/// The call's side.
#[derive(Debug)]
pub struct StoreJournal {
    entries: mpsc::Sender<Entry>,
}

impl StoreJournal {
    /// Starts a journal; the handle ends once the journal is dropped and everything is written, or after `stop` left on the local disk.
    #[must_use]
    pub fn start(
        store: Store,
        clock: SharedClock,
        local: LocalJournal,
        subject: Subject,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (entries, waiting) = mpsc::channel(WAITING);
        let writer = Writer { store, clock, subject, local, stop, overdue: VecDeque::new() };
        (Self { entries }, tokio::spawn(writer.run(waiting).in_current_span()))
    }

    fn put(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            metrics::counter!(names::JOURNAL_DROPPED).increment(1);
        }
    }
}

impl Journal for StoreJournal {
    fn event(&self, event: CallEvent) {
        self.put(Entry::Event(event));
    }

    fn ledger(&self, entry: LedgerEntry) {
        self.put(Entry::Ledger(Box::new(entry)));
    }

    fn draft(&self, draft: CallReport) {
        self.put(Entry::Draft(Box::new(draft)));
    }

    fn opt_out(&self) {
        self.put(Entry::OptOut);
    }
}

struct Writer {
    store: Store,
    clock: SharedClock,
    subject: Subject,
    local: LocalJournal,
    stop: CancellationToken,
    /// What the database could not take yet, opt-outs first, with its number in the local journal.
    overdue: VecDeque<(Option<u64>, Happened)>,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Entry>) {
        loop {
            tokio::select! {
                first = waiting.recv() => match first {
                    Some(first) => {
                        let batch = self.gather(first, &mut waiting).await;
                        self.write(batch).await;
                    }
                    None => break,
                },
                () = tokio::time::sleep(AGAIN), if !self.overdue.is_empty() => self.catch_up().await,
            }
        }
        self.finish().await;
    }

    /// An opt-out is written at once; anything else waits a moment for company.
    async fn gather(&self, first: Entry, waiting: &mut mpsc::Receiver<Entry>) -> Happened {
        let (mut batch, full) = (self.empty(), tokio::time::Instant::now() + GATHER);
        self.put(&mut batch, first);
        while batch.events.len() + batch.ledger.len() < BATCH && !batch.opt_out {
            match tokio::time::timeout_at(full, waiting.recv()).await {
                Ok(Some(entry)) => self.put(&mut batch, entry),
                Ok(None) | Err(_) => break,
            }
        }
        batch
    }

    fn empty(&self) -> Happened {
        let (attempt, at) = (self.subject.attempt, self.clock.now());
        Happened { attempt, events: Vec::new(), ledger: Vec::new(), draft: None, opt_out: false, at }
    }

    fn put(&self, batch: &mut Happened, entry: Entry) {
        match entry {
            Entry::Event(event) => {
                measure(&event);
                batch.events.push(event);
            }
            Entry::Ledger(entry) => batch.ledger.push(self.complete(*entry)),
            Entry::Draft(report) => batch.draft = Some(Box::new(Draft { epoch: self.subject.epoch, report: *report })),
            Entry::OptOut => batch.opt_out = true,
        }
    }

    /// Fills in whose entry it is and what it costs.
    fn complete(&self, mut entry: LedgerEntry) -> LedgerEntry {
        entry.attempt = Some(self.subject.attempt);
        entry.campaign = Some(self.subject.campaign);
        price(&mut entry, &self.subject.reasoning_model);
        count(&entry);
        entry
    }

    /// To the rows; while they cannot be written, and for as long as older ones wait, to the local journal.
    async fn write(&mut self, batch: Happened) {
        if self.overdue.is_empty() {
            match in_time(batch.write(&self.store)).await {
                Ok(()) => return,
                Err(error) if error.retry_helps() => {
                    tracing::warn!(attempt.id = %batch.attempt, %error, "call journal not written; kept on this disk until it is");
                }
                Err(error) => return self.lose(&batch, &error),
            }
        }
        let kept = self.local.keep(Record::Happened(batch.clone())).await;
        if let Err(error) = &kept {
            tracing::error!(%error, "the local journal cannot be written; the call's record is in memory alone");
        }
        // the number may be called for another lead as soon as the database is back
        if batch.opt_out { self.overdue.push_front((kept.ok(), batch)) } else { self.overdue.push_back((kept.ok(), batch)) }
    }

    async fn catch_up(&mut self) {
        while let Some((number, batch)) = self.overdue.front() {
            match in_time(batch.write(&self.store)).await {
                Ok(()) => {}
                Err(error) if error.retry_helps() => return,
                Err(error) => self.lose(batch, &error),
            }
            if let Some(number) = *number {
                self.local.written(number).await;
            }
            self.overdue.pop_front();
        }
    }

    /// The call is over. What the database does not take before the process ends stays in the local journal for the next start.
    async fn finish(mut self) {
        let mut patience = Patience::new(self.stop.clone(), PATIENCE);
        self.catch_up().await;
        while !self.overdue.is_empty() {
            if patience.is_over() {
                let left = self.overdue.len();
                tracing::error!(attempt.id = %self.subject.attempt, left, "call journal left on this disk; the next start writes it");
                return;
            }
            tokio::time::sleep(AGAIN).await;
            self.catch_up().await;
        }
    }

    fn lose(&self, batch: &Happened, error: &StoreError) {
        let entries = batch.events.len() + batch.ledger.len();
        tracing::error!(attempt.id = %batch.attempt, %error, entries, "call journal refused by the database");
        metrics::counter!(names::JOURNAL_DROPPED).increment(entries as u64);
    }
}

/// Counts a provider call and what it cost.
pub fn count(entry: &LedgerEntry) {
    metrics::counter!(names::PROVIDER_CALLS, "service" => entry.service.as_str(), "purpose" => entry.purpose.as_str()).increment(1);
    metrics::counter!(names::COST, "service" => entry.service.as_str()).increment(u64::try_from(entry.cost.0).unwrap_or(0));
}

/// Prices an entry that carries no cost yet; an unknown model stays at zero and is named in the log.
pub fn price(entry: &mut LedgerEntry, reasoning_model: &str) {
    if entry.cost != NanoUsd::ZERO || entry.cache_hit {
        return;
    }
    let prices = PriceTable::in_use();
    match prices.cost(entry.service, &entry.model, entry.tier, entry.usage, entry.units, entry.at) {
        Ok(cost) => entry.cost = cost,
        Err(error) => tracing::warn!(%error, "provider call has no price"),
    }
    if entry.baseline == NanoUsd::ZERO {
        let baseline = prices.baseline(entry.service, &entry.model, reasoning_model, entry.usage, entry.units, entry.at);
        entry.baseline = baseline.unwrap_or(entry.cost);
    }
}

/// Latency metrics are taken from the events, so that metric and record can never disagree.
fn measure(event: &CallEvent) {
    use crate::call::journal::{EventKind, TurnTimings};
    match event.kind {
        EventKind::FirstAudio => metrics::histogram!(names::GREETING).record(seconds(event.offset_ms)),
        EventKind::Timings => {
            let timings: Option<TurnTimings> = serde_json::from_str(&event.body).ok();
            if let Some(reply_ms) = timings.and_then(|timings| timings.reply_ms()) {
                metrics::histogram!(names::REPLY).record(seconds(reply_ms));
            }
        }
        _ => {}
    }
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::journal::EventKind;
    use crate::clock::SystemClock;
    use crate::domain::ids::WorkerId;
    use crate::domain::outcome::{Disposition, Flags, Outcome};
    use crate::store::contract::fixtures;
    use crate::store::contract::support::on_both_engines;
    use crate::store::db::on_db;

    on_both_engines! {
        async fn what_was_understood_is_in_the_row_while_the_call_runs(store: Store) {
            let campaign = fixtures::campaign(&store, "spring").await;
            let lead = fixtures::lead(&store, campaign, 1).await;
            let attempt = fixtures::attempt(&store, campaign, lead).await;
            let data = tempfile::tempdir().unwrap();
            let (local, _) = LocalJournal::open(data.path(), WorkerId::new()).unwrap();
            let subject = Subject { attempt, epoch: 0, campaign, reasoning_model: String::new() };
            let clock: SharedClock = std::sync::Arc::new(SystemClock);
            let (journal, written) = StoreJournal::start(store.clone(), clock, local, subject, CancellationToken::new());
            let outcome = Outcome { disposition: Disposition::Incomplete, reason: None, flags: Flags::default(), callback: None };
            for seq in 0..2 {
                journal.event(CallEvent { seq, offset_ms: 5, kind: EventKind::Understood, body: String::new() });
                journal.draft(CallReport { outcome: Some(outcome.clone()), slots: json!({ "said": seq }) });
            }
            drop(journal);
            written.await.unwrap();
            let kept: Result<(String, String), StoreError> = on_db!(store.db, read, conn => {
                Ok(sqlx::query_as("SELECT slots, draft_outcome FROM attempt WHERE id = $1").bind(attempt).fetch_one(conn).await?)
            });
            assert_eq!(kept.unwrap(), (json!({ "said": 1 }).to_string(), serde_json::to_string(&outcome).unwrap()));
        }
    }
}
