//! The rows deferred work needs, as a port: the tests put a database behind it that dies at chosen moments.

use async_trait::async_trait;

use crate::domain::ids::{BatchId, TaskId};
use crate::domain::time::Timestamp;
use crate::mind::ledger::LedgerEntry;
use crate::store::batch::Batch;
use crate::store::deferred::{Gatherable, Task, TaskFilter, TaskState};
use crate::store::{Store, StoreError};

/// Tasks and batches, each change atomic.
#[async_trait]
pub trait DeferredRows: Send + Sync {
    /// What waits, by model.
    async fn gatherable(&self) -> Result<Vec<Gatherable>, StoreError>;
    /// One task.
    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError>;
    /// A page of tasks after `after`.
    async fn tasks(&self, filter: TaskFilter, after: Option<TaskId>, limit: u32) -> Result<Vec<Task>, StoreError>;
    /// Puts waiting tasks of a model, most urgent first, into a new batch; `None` when none waits.
    async fn open_batch(&self, model: &str, limit: u32, now: Timestamp) -> Result<Option<(Batch, Vec<Task>)>, StoreError>;
    /// Batches that are not closed.
    async fn open_batches(&self) -> Result<Vec<Batch>, StoreError>;
    /// When the first unanswered task of a batch should be there; `None` when all are answered.
    async fn batch_due(&self, id: BatchId) -> Result<Option<Timestamp>, StoreError>;
    /// The batch's file is at the provider.
    async fn batch_uploaded(&self, id: BatchId, file: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// The provider works on the batch.
    async fn batch_submitted(&self, id: BatchId, provider_id: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// Closes a batch none of whose tasks waits for it.
    async fn batch_collected(&self, id: BatchId, now: Timestamp) -> Result<bool, StoreError>;
    /// Gives a batch up; its tasks wait again or fail. How many went back.
    async fn batch_failed(&self, id: BatchId, error: &str, max_tries: u32, now: Timestamp) -> Result<Option<u64>, StoreError>;
    /// Stores a result, once; false when the task was not in this batch any more.
    async fn apply(&self, id: TaskId, batch: BatchId, result: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// Takes an unanswered task out of its batch.
    async fn give_back(
        &self,
        id: TaskId,
        batch: BatchId,
        error: &str,
        max_tries: u32,
        now: Timestamp,
    ) -> Result<Option<TaskState>, StoreError>;
    /// Writes a ledger entry; one with the same id stays as it is.
    async fn keep(&self, entry: &LedgerEntry, now: Timestamp) -> Result<(), StoreError>;
}

#[async_trait]
impl DeferredRows for Store {
    async fn gatherable(&self) -> Result<Vec<Gatherable>, StoreError> {
        self.gatherable_tasks().await
    }

    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        Self::task(self, id).await
    }

    async fn tasks(&self, filter: TaskFilter, after: Option<TaskId>, limit: u32) -> Result<Vec<Task>, StoreError> {
        Self::tasks(self, filter, after, limit).await
    }

    async fn open_batch(&self, model: &str, limit: u32, now: Timestamp) -> Result<Option<(Batch, Vec<Task>)>, StoreError> {
        Self::open_batch(self, model, limit, now).await
    }

    async fn open_batches(&self) -> Result<Vec<Batch>, StoreError> {
        Self::open_batches(self).await
    }

    async fn batch_due(&self, id: BatchId) -> Result<Option<Timestamp>, StoreError> {
        Self::batch_due(self, id).await
    }

    async fn batch_uploaded(&self, id: BatchId, file: &str, now: Timestamp) -> Result<bool, StoreError> {
        Self::batch_uploaded(self, id, file, now).await
    }

    async fn batch_submitted(&self, id: BatchId, provider_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        Self::batch_submitted(self, id, provider_id, now).await
    }

    async fn batch_collected(&self, id: BatchId, now: Timestamp) -> Result<bool, StoreError> {
        Self::batch_collected(self, id, now).await
    }

    async fn batch_failed(&self, id: BatchId, error: &str, max_tries: u32, now: Timestamp) -> Result<Option<u64>, StoreError> {
        Self::batch_failed(self, id, error, max_tries, now).await
    }

    async fn apply(&self, id: TaskId, batch: BatchId, result: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.apply_task_result(id, batch, result, now).await
    }

    async fn give_back(
        &self,
        id: TaskId,
        batch: BatchId,
        error: &str,
        max_tries: u32,
        now: Timestamp,
    ) -> Result<Option<TaskState>, StoreError> {
        self.return_task(id, batch, error, max_tries, now).await
    }

    async fn keep(&self, entry: &LedgerEntry, now: Timestamp) -> Result<(), StoreError> {
        self.append_ledger(std::slice::from_ref(entry), now).await.map(drop)
    }
}
