//! Shows that this worker lives and how busy it is, and brings it the words others left for its calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::call::journal::CallSignal;
use crate::clock::SharedClock;
use crate::domain::ids::{AttemptId, WorkerId};
use crate::store::worker::{NewWorker, WorkerState};
use crate::store::{Store, StoreError};
use crate::telemetry::names;
use crate::work::local_journal::LocalJournal;
use crate::work::unheld::{SURE_AFTER, Unheld};

const BEAT: Duration = Duration::from_secs(1);
/// A beat that is not written by then is missed, and the next one follows: several fit into the silence after which a worker
/// counts as dead.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// Between two comparisons of the calls that are held with the rows.
const COMPARE: Duration = Duration::from_secs(5);
const LISTEN: Duration = Duration::from_millis(250);
/// Words that may wait for one call.
pub const SIGNALS: usize = 16;

/// The calls this process holds, and how to reach each.
#[derive(Debug, Clone, Default)]
pub struct HeldCalls(Arc<Mutex<HashMap<AttemptId, mpsc::Sender<CallSignal>>>>);

impl HeldCalls {
    /// A call begins; its signals arrive here until the guard is dropped.
    #[must_use]
    pub fn begin(&self, attempt: AttemptId) -> (mpsc::Receiver<CallSignal>, HeldCall) {
        let (tell, told) = mpsc::channel(SIGNALS);
        self.lock().insert(attempt, tell);
        metrics::gauge!(names::HELD).increment(1.0);
        (told, HeldCall { calls: self.clone(), attempt })
    }

    /// How many calls are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn holds(&self, attempt: AttemptId) -> bool {
        self.lock().contains_key(&attempt)
    }

    fn tell(&self, attempt: AttemptId, signal: CallSignal) {
        let told = self.lock().get(&attempt).is_some_and(|call| call.try_send(signal).is_ok());
        if !told {
            tracing::debug!(attempt.id = %attempt, "a signal came after its call");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AttemptId, mpsc::Sender<CallSignal>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A call that is held; dropping it says that it is not any more.
#[derive(Debug)]
pub struct HeldCall {
    calls: HeldCalls,
    attempt: AttemptId,
}

impl Drop for HeldCall {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.attempt);
        metrics::gauge!(names::HELD).decrement(1.0);
    }
}

/// The worker's own row.
#[derive(Clone)]
pub struct Heartbeat {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// This process.
    pub id: WorkerId,
    /// Calls it can hold.
    pub lines: u32,
    /// Calls it holds.
    pub held: HeldCalls,
    /// What the database could not take.
    pub local: LocalJournal,
    /// Whether it takes no more.
    pub drains: Arc<AtomicBool>,
}

impl Heartbeat {
    /// Registers, so that the dispatcher counts this worker's lines and whoever looks finds its process, which takes media and
    /// callbacks on `port`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn register(&self, port: u16) -> Result<(), StoreError> {
        let host = format!("{}:{port}", rustix::system::uname().nodename().to_string_lossy());
        let new = NewWorker { id: self.id, host: &host, version: env!("CARGO_PKG_VERSION"), lines: self.lines };
        self.store.register_worker(new, self.clock.now()).await
    }

    /// Beats and listens until `stop` fires. It goes on while calls are drained: a worker with calls is alive.
    pub async fn run(self, stop: CancellationToken) {
        let (mut beat, mut listen) = (tokio::time::interval(BEAT), tokio::time::interval(LISTEN));
        let mut compare = tokio::time::interval(COMPARE);
        let mut unheld = Unheld::after(SURE_AFTER);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = beat.tick() => self.beat().await,
                _ = listen.tick() => self.listen().await,
                _ = compare.tick() => self.compare(&mut unheld).await,
            }
        }
    }

    /// No more lines from here on; calls that run are kept.
    pub async fn drain(&self) {
        self.drains.store(true, Ordering::Relaxed);
        self.say(WorkerState::Draining).await;
    }

    /// Gone: the row says so, and nobody waits for a heartbeat.
    pub async fn stopped(&self) {
        self.say(WorkerState::Stopped).await;
    }

    async fn say(&self, state: WorkerState) {
        if let Err(error) = self.store.within(PATIENCE).set_worker_state(self.id, state).await {
            tracing::warn!(%error, %state, "the worker's state was not written; its heartbeat will tell");
        }
    }

    async fn beat(&self) {
        let busy = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        match self.store.within(PATIENCE).heartbeat(self.id, busy).await {
            Ok(true) => {}
            Ok(false) => self.come_back().await,
            Err(error) => tracing::warn!(%error, "heartbeat not written"),
        }
    }

    /// It stood still, or could not reach the database, for so long that it was found dead.
    async fn come_back(&self) {
        let state = if self.drains.load(Ordering::Relaxed) { WorkerState::Draining } else { WorkerState::Running };
        tracing::warn!(%state, "this worker was found dead; it says that it lives");
        self.say(state).await;
    }

    /// Closes what the rows say is held here and is not.
    async fn compare(&self, unheld: &mut Unheld) {
        if let Err(error) = self.give_back(unheld).await {
            tracing::warn!(%error, "held calls cannot be compared with their rows; trying again");
        }
    }

    /// A call whose end stands in the local journal is over, and told: it waits to be written.
    async fn give_back(&self, unheld: &mut Unheld) -> Result<(), StoreError> {
        let store = self.store.within(PATIENCE);
        let rows = store.held_calls().await?.into_iter().filter(|row| row.worker == self.id).collect();
        let told = self.local.open_calls().await;
        for call in unheld.look(rows, |attempt| self.held.holds(attempt) || told.contains(&attempt), Instant::now()) {
            if store.bury_holder(call.attempt, u32::try_from(call.epoch).unwrap_or(0), self.clock.now()).await? {
                tracing::warn!(attempt.id = %call.attempt, "a call was claimed for this worker without its knowing; its row is closed");
            }
        }
        Ok(())
    }

    async fn listen(&self) {
        if self.held.is_empty() {
            return;
        }
        match self.store.within(PATIENCE).signals_for(self.id, self.clock.now()).await {
            Ok(signals) => signals.into_iter().for_each(|stored| self.held.tell(stored.attempt, stored.signal)),
            Err(error) => tracing::warn!(%error, "signals for held calls cannot be read; trying again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::journal::CallReport;
    use crate::clock::SystemClock;
    use crate::store::contract::fixtures;
    use crate::store::contract::support::with_sqlite;
    use crate::store::db::on_db;
    use crate::work::local_journal::Record;

    /// The folder of the journal has to live as long as the test.
    fn heart(store: &Store, id: WorkerId) -> (Heartbeat, tempfile::TempDir) {
        let data = tempfile::tempdir().unwrap();
        let (local, _) = LocalJournal::open(data.path(), id).unwrap();
        let (clock, held, drains) = (Arc::new(SystemClock), HeldCalls::default(), Arc::default());
        (Heartbeat { store: store.clone(), clock, id, lines: 3, held, local, drains }, data)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_call_whose_end_waits_in_the_local_journal_is_not_closed_as_nobodys() {
        with_sqlite(async |store| {
            let (heart, _data) = heart(&store, WorkerId::new());
            let campaign = fixtures::campaign(&store, "spring").await;
            let lead = fixtures::lead(&store, campaign, 1).await;
            let attempt = fixtures::attempt(&store, campaign, lead).await;
            let held: Result<(), StoreError> = on_db!(store.db, statement, conn => {
                let sql = "UPDATE attempt SET held_by = $2, hold_epoch = 1 WHERE id = $1";
                sqlx::query(sql).bind(attempt).bind(heart.id).execute(conn).await?;
                Ok(())
            });
            held.unwrap();
            let report = CallReport { outcome: None, slots: serde_json::json!({}) };
            let told = Record::Closed { attempt, epoch: 1, report, at: heart.clock.now() };
            let number = heart.local.keep(told).await.unwrap();
            let mut unheld = Unheld::after(Duration::ZERO);
            heart.give_back(&mut unheld).await.unwrap();
            assert_eq!(store.held_calls().await.unwrap().len(), 1, "its end is told, and waits to be written");
            heart.local.written(number).await;
            heart.give_back(&mut unheld).await.unwrap();
            assert!(store.held_calls().await.unwrap().is_empty());
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_was_found_dead_comes_back_as_it_was() {
        with_sqlite(async |store| {
            let id = WorkerId::new();
            let (heart, _data) = heart(&store, id);
            heart.register(8081).await.unwrap();
            let node = std::process::Command::new("uname").arg("-n").output().unwrap().stdout;
            let address = format!("{}:8081", String::from_utf8(node).unwrap().trim());
            assert_eq!(store.workers().await.unwrap()[0].host, address);
            for state in [WorkerState::Running, WorkerState::Draining] {
                assert!(store.set_worker_state(id, WorkerState::Stopped).await.unwrap());
                heart.beat().await;
                assert_eq!(store.workers().await.unwrap()[0].state, state);
                heart.drain().await;
            }
        })
        .await;
    }
}
