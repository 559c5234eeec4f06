//! A process that dies at a chosen step: from then on nothing it does reaches the database or the provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::deferred::rows::DeferredRows;
use crate::domain::ids::{BatchId, TaskId};
use crate::domain::time::Timestamp;
use crate::mind::ledger::LedgerEntry;
use crate::store::batch::Batch;
use crate::store::deferred::{Gatherable, Task, TaskFilter, TaskState};
use crate::store::{Store, StoreError};

/// Counts half-steps: an even one dies before an effect, an odd one after it, before the answer is seen.
#[derive(Default)]
pub(super) struct Fuse {
    armed: AtomicBool,
    left: AtomicUsize,
    dead: AtomicBool,
    burnt: AtomicBool,
}

impl Fuse {
    pub(super) fn arm(&self, step: usize) {
        self.left.store(step, Ordering::SeqCst);
        self.burnt.store(false, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
    }

    /// The next process; it does not die.
    pub(super) fn restart(&self) {
        if self.dead.swap(false, Ordering::SeqCst) {
            self.armed.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn has_burnt(&self) -> bool {
        self.burnt.load(Ordering::SeqCst)
    }

    /// Whether the process is still alive at this half-step.
    pub(super) fn alive(&self) -> bool {
        if self.dead.load(Ordering::SeqCst) {
            return false;
        }
        if self.armed.load(Ordering::SeqCst) && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_err() {
            self.dead.store(true, Ordering::SeqCst);
            self.burnt.store(true, Ordering::SeqCst);
            return false;
        }
        true
    }
}

pub(super) struct Brittle {
    pub(super) store: Store,
    pub(super) fuse: Arc<Fuse>,
}

impl Brittle {
    async fn step<T>(&self, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let died = || StoreError::Database(sqlx::Error::PoolClosed);
        if !self.fuse.alive() {
            return Err(died());
        }
        let done = effect.await?;
        if self.fuse.alive() { Ok(done) } else { Err(died()) }
    }
}

#[async_trait]
impl DeferredRows for Brittle {
    async fn gatherable(&self) -> Result<Vec<Gatherable>, StoreError> {
        self.step(self.store.gatherable()).await
    }

    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.step(self.store.task(id)).await
    }

    async fn tasks(&self, filter: TaskFilter, after: Option<TaskId>, limit: u32) -> Result<Vec<Task>, StoreError> {
        self.step(self.store.tasks(filter, after, limit)).await
    }

    async fn open_batch(&self, model: &str, limit: u32, now: Timestamp) -> Result<Option<(Batch, Vec<Task>)>, StoreError> {
        self.step(self.store.open_batch(model, limit, now)).await
    }

    async fn open_batches(&self) -> Result<Vec<Batch>, StoreError> {
        self.step(self.store.open_batches()).await
    }

    async fn batch_due(&self, id: BatchId) -> Result<Option<Timestamp>, StoreError> {
        self.step(self.store.batch_due(id)).await
    }

    async fn batch_uploaded(&self, id: BatchId, file: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.step(self.store.batch_uploaded(id, file, now)).await
    }

    async fn batch_submitted(&self, id: BatchId, provider_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.step(self.store.batch_submitted(id, provider_id, now)).await
    }

    async fn batch_collected(&self, id: BatchId, now: Timestamp) -> Result<bool, StoreError> {
        self.step(self.store.batch_collected(id, now)).await
    }

    async fn batch_failed(&self, id: BatchId, error: &str, max_tries: u32, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.step(self.store.batch_failed(id, error, max_tries, now)).await
    }

    async fn apply(&self, id: TaskId, batch: BatchId, result: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.step(self.store.apply(id, batch, result, now)).await
    }

    async fn give_back(
        &self,
        id: TaskId,
        batch: BatchId,
        error: &str,
        max_tries: u32,
        now: Timestamp,
    ) -> Result<Option<TaskState>, StoreError> {
        self.step(self.store.give_back(id, batch, error, max_tries, now)).await
    }

    async fn keep(&self, entry: &LedgerEntry, now: Timestamp) -> Result<(), StoreError> {
        self.step(self.store.keep(entry, now)).await
    }
}
