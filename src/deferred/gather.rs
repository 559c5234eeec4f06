//! Waiting tasks become batches: row first, then the file, then the batch, each remembered before the next step.

use tracing::{info, warn};

use super::Deferred;
use super::ladder::Rung;
use super::task::StoredRequest;
use crate::domain::time::Timestamp;
use crate::providers::{Again, BatchDesk, ChatRequest, ProviderError};
use crate::store::StoreError;
use crate::store::batch::{Batch, BatchState};
use crate::store::deferred::{Gatherable, Task, TaskFilter, TaskState};

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Batches handed to the provider.
    pub submitted: u32,
    /// Batches that are prepared and wait for the provider to be reachable.
    pub held_up: u32,
    /// Tasks asked by flex.
    pub flex: u32,
    /// Tasks asked directly.
    pub direct: u32,
}

/// The name of our batch id in the provider's metadata.
const METADATA: &str = "callfleet_batch";
/// Rows read at once.
pub(super) const PAGE: u32 = 500;

impl Deferred {
    /// Finishes what an earlier run began, asks what is nearly due, the most urgent first, and batches the rest when there is
    /// enough of it or it waited long enough.
    ///
    /// # Errors
    /// The database cannot be read or written. Trouble of the provider is logged and waits for the next run.
    pub async fn gather(&self) -> Result<Gathered, StoreError> {
        let mut done = Gathered::default();
        done.direct += self.climb_down(Rung::Direct).await?;
        if let Some(desk) = &self.desk {
            for batch in self.rows.open_batches().await?.iter().filter(|batch| batch.provider_batch_id.is_none()) {
                self.count(self.hand_in(desk.as_ref(), batch).await?, &mut done);
            }
        }
        done.flex += self.climb_down(Rung::Flex).await?;
        if let Some(desk) = &self.desk {
            for waiting in self.rows.gatherable().await? {
                self.batch(desk.as_ref(), &waiting, &mut done).await?;
            }
        }
        Ok(done)
    }

    /// What an earlier run left on this rung, then what has come down to it.
    async fn climb_down(&self, rung: Rung) -> Result<u32, StoreError> {
        let mut asked = 0;
        for batch in self.rows.open_batches().await?.iter().filter(|batch| Rung::of(batch) == Some(rung)) {
            asked += self.answer(batch, rung).await?;
        }
        for waiting in self.rows.gatherable().await? {
            asked += self.ask_urgent(&waiting, rung).await?;
        }
        Ok(asked)
    }

    async fn batch(&self, desk: &dyn BatchDesk, waiting: &Gatherable, done: &mut Gathered) -> Result<(), StoreError> {
        if !self.is_time(waiting, self.clock.now()) {
            return Ok(());
        }
        let limit = self.settings.max_tasks.max(1);
        // As many batches as there were tasks: what arrives meanwhile waits for the next run.
        for _ in 0..u64::try_from(waiting.tasks).unwrap_or(0).div_ceil(u64::from(limit)) {
            let Some((batch, _)) = self.rows.open_batch(&waiting.model, limit, self.clock.now()).await? else { break };
            self.count(self.hand_in(desk, &batch).await?, done);
        }
        Ok(())
    }

    fn is_time(&self, waiting: &Gatherable, now: Timestamp) -> bool {
        waiting.tasks >= i64::from(self.settings.enough) || now.since(waiting.oldest) >= self.settings.max_age
    }

    fn count(&self, handed_in: bool, done: &mut Gathered) {
        if handed_in { done.submitted += 1 } else { done.held_up += 1 }
    }

    /// Brings a batch from wherever it stands to the provider; false when the provider did not take it.
    async fn hand_in(&self, desk: &dyn BatchDesk, batch: &Batch) -> Result<bool, StoreError> {
        match self.try_hand_in(desk, batch).await {
            Ok(()) => Ok(true),
            Err(Trouble::Rows(error)) => Err(error),
            Err(Trouble::Desk(error)) => {
                warn!(batch.id = %batch.id, error = %error, "a batch of deferred work could not be handed in");
                if error.again == Again::No {
                    let tries = self.settings.max_tries;
                    self.rows.batch_failed(batch.id, &error.to_string(), tries, self.clock.now()).await?;
                }
                Ok(false)
            }
        }
    }

    async fn try_hand_in(&self, desk: &dyn BatchDesk, batch: &Batch) -> Result<(), Trouble> {
        let file = match (&batch.state, &batch.input_file_id) {
            (BatchState::Uploaded, Some(file)) => file.clone(),
            _ => {
                let requests = self.requests(batch).await?;
                let file = desk.upload(&requests).await?;
                self.rows.batch_uploaded(batch.id, &file, self.clock.now()).await?;
                file
            }
        };
        let id = batch.id.to_string();
        // Creating twice would run and bill twice: a lost answer is looked up first.
        let status = match desk.find((METADATA, &id)).await? {
            Some(found) => found,
            None => desk.create(&file, (METADATA, &id)).await?,
        };
        self.rows.batch_submitted(batch.id, &status.id, self.clock.now()).await?;
        info!(batch.id = %batch.id, provider_batch.id = %status.id, tasks = batch.tasks, "handed in a batch of deferred work");
        Ok(())
    }

    async fn requests(&self, batch: &Batch) -> Result<Vec<(String, ChatRequest)>, StoreError> {
        let mut requests = Vec::new();
        for task in self.tasks_of(batch).await? {
            if let Some(stored) = self.readable(&task, batch).await? {
                requests.push((task.id.to_string(), stored.chat));
            }
        }
        Ok(requests)
    }

    /// A task's request; one that cannot be read is given up, so that it does not hold up its batch.
    pub(super) async fn readable(&self, task: &Task, batch: &Batch) -> Result<Option<StoredRequest>, StoreError> {
        match serde_json::from_str(&task.request) {
            Ok(stored) => Ok(Some(stored)),
            Err(error) => {
                warn!(task.id = %task.id, error = %error, "a deferred task has an unreadable request");
                self.rows.give_back(task.id, batch.id, "the stored request cannot be read", 1, self.clock.now()).await?;
                Ok(None)
            }
        }
    }

    /// The tasks that still wait for a batch.
    pub(super) async fn tasks_of(&self, batch: &Batch) -> Result<Vec<Task>, StoreError> {
        let filter = TaskFilter { state: Some(TaskState::Batched), batch: Some(batch.id), ..TaskFilter::default() };
        let mut tasks: Vec<Task> = Vec::new();
        loop {
            let page = self.rows.tasks(filter, tasks.last().map(|task| task.id), PAGE).await?;
            let last = page.len() < PAGE as usize;
            tasks.extend(page);
            if last {
                return Ok(tasks);
            }
        }
    }
}

/// Whose fault it is decides what happens next.
enum Trouble {
    Rows(StoreError),
    Desk(ProviderError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Rows(error)
    }
}

impl From<ProviderError> for Trouble {
    fn from(error: ProviderError) -> Self {
        Self::Desk(error)
    }
}
