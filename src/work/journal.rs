//! What a call remembers, written behind it: a bounded queue on the call's side, batches on the database's.
//!
//! The audio path never waits here. While the database is away entries queue up to a bound and are written when it is back.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::call::journal::{CallEvent, Journal};
use crate::clock::SharedClock;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::money::NanoUsd;
use crate::mind::ledger::LedgerEntry;
use crate::mind::price::PriceTable;
use crate::store::{Store, StoreError};
use crate::telemetry::names;

/// Entries that may wait: a long call's worth.
const WAITING: usize = 4096;
/// Entries of one transaction.
const BATCH: usize = 64;
/// How long the first entry of a batch waits for company.
const GATHER: Duration = Duration::from_millis(100);
/// Between two tries while the database is away.
const AGAIN: Duration = Duration::from_secs(1);
/// How long entries are kept for a database that does not come back, once the call is over.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whose call it is.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// The model everything is compared with in the ledger.
    pub reasoning_model: String,
}

#[derive(Debug)]
enum Entry {
    Event(CallEvent),
    Ledger(Box<LedgerEntry>),
    OptOut,
}

/// The call's side.
#[derive(Debug)]
pub struct StoreJournal {
    entries: mpsc::Sender<Entry>,
}

impl StoreJournal {
    /// Starts a journal; the handle ends once the journal is dropped and everything is written.
    #[must_use]
    pub fn start(store: Store, clock: SharedClock, subject: Subject) -> (Self, JoinHandle<()>) {
        let (entries, waiting) = mpsc::channel(WAITING);
        let writer = Writer { store, clock, subject };
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

    fn opt_out(&self) {
        self.put(Entry::OptOut);
    }
}

struct Writer {
    store: Store,
    clock: SharedClock,
    subject: Subject,
}

#[derive(Default)]
struct Batch {
    events: Vec<CallEvent>,
    ledger: Vec<LedgerEntry>,
    opt_out: bool,
}

impl Batch {
    fn len(&self) -> usize {
        self.events.len() + self.ledger.len()
    }
}

impl Writer {
    async fn run(self, mut waiting: mpsc::Receiver<Entry>) {
        while let Some(first) = waiting.recv().await {
            let batch = self.gather(first, &mut waiting).await;
            self.write(batch, &waiting).await;
        }
    }

    /// An opt-out is written at once; anything else waits a moment for company.
    async fn gather(&self, first: Entry, waiting: &mut mpsc::Receiver<Entry>) -> Batch {
        let (mut batch, full) = (Batch::default(), tokio::time::Instant::now() + GATHER);
        self.put(&mut batch, first);
        while batch.len() < BATCH && !batch.opt_out {
            match tokio::time::timeout_at(full, waiting.recv()).await {
                Ok(Some(entry)) => self.put(&mut batch, entry),
                Ok(None) | Err(_) => break,
            }
        }
        batch
    }

    fn put(&self, batch: &mut Batch, entry: Entry) {
        match entry {
            Entry::Event(event) => {
                measure(&event);
                batch.events.push(event);
            }
            Entry::Ledger(entry) => batch.ledger.push(self.complete(*entry)),
            Entry::OptOut => batch.opt_out = true,
        }
    }

    /// Fills in whose entry it is and what it costs.
    fn complete(&self, mut entry: LedgerEntry) -> LedgerEntry {
        entry.attempt = Some(self.subject.attempt);
        entry.campaign = Some(self.subject.campaign);
        price(&mut entry, &self.subject.reasoning_model);
        metrics::counter!(names::PROVIDER_CALLS, "service" => entry.service.as_str(), "purpose" => entry.purpose.as_str()).increment(1);
        metrics::counter!(names::COST, "service" => entry.service.as_str()).increment(u64::try_from(entry.cost.0).unwrap_or(0));
        entry
    }

    async fn write(&self, batch: Batch, waiting: &mpsc::Receiver<Entry>) {
        let begun = tokio::time::Instant::now();
        while let Err(error) = self.try_write(&batch).await {
            let over = waiting.is_closed() && begun.elapsed() > PATIENCE;
            tracing::warn!(%error, entries = batch.len(), "call journal not written; trying again");
            if over || !error.retry_helps() {
                metrics::counter!(names::JOURNAL_DROPPED).increment(batch.len() as u64);
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn try_write(&self, batch: &Batch) -> Result<(), StoreError> {
        let now = self.clock.now();
        if batch.opt_out {
            self.store.record_opt_out(self.subject.attempt, now).await?;
        }
        if !batch.events.is_empty() {
            self.store.append_call_events(self.subject.attempt, &batch.events, now).await?;
        }
        if !batch.ledger.is_empty() {
            self.store.append_ledger(&batch.ledger, now).await?;
        }
        Ok(())
    }
}

/// Prices an entry that carries no cost yet; an unknown model stays at zero and is named in the log.
pub fn price(entry: &mut LedgerEntry, reasoning_model: &str) {
    if entry.cost != NanoUsd::ZERO || entry.cache_hit {
        return;
    }
    let prices = PriceTable::built_in();
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
