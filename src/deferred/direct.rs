//! Tasks that cannot wait for a batch are asked directly: the last rung, at the full price.
//!
//! They go through a batch row of their own whose provider is this process, so that a crash leaves them to be found like
//! any other batch. A direct answer that was lost in a crash is asked, and billed, again; the ledger shows both.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tracing::warn;

use super::gather::PAGE;
use super::task::StoredRequest;
use super::{DIRECT, Deferred};
use crate::domain::ids::{LedgerId, TaskId};
use crate::domain::time::Timestamp;
use crate::mind::ledger::Tier;
use crate::providers::{Again, ProviderError};
use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::deferred::{Gatherable, Task, TaskFilter, TaskState};

impl Deferred {
    /// Asks what is nearly due (everything, where the provider has no batches); how many were asked.
    pub(super) async fn ask_urgent(&self, waiting: &Gatherable) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let urgent = match self.desk {
            None => u32::try_from(waiting.tasks).unwrap_or(u32::MAX),
            Some(_) if waiting.due_at > now + self.settings.direct_before => 0,
            Some(_) => self.count_urgent(&waiting.model, now + self.settings.direct_before).await?,
        };
        let limit = urgent.min(self.settings.direct_per_run);
        if limit == 0 {
            return Ok(0);
        }
        let Some((batch, _)) = self.rows.open_batch(&waiting.model, limit, now).await? else { return Ok(0) };
        self.rows.batch_uploaded(batch.id, DIRECT, now).await?;
        self.rows.batch_submitted(batch.id, DIRECT, now).await?;
        self.answer_directly(&batch).await
    }

    async fn count_urgent(&self, model: &str, before: Timestamp) -> Result<u32, StoreError> {
        let filter = TaskFilter { state: Some(TaskState::Waiting), ..TaskFilter::default() };
        let (mut count, mut after): (u32, Option<TaskId>) = (0, None);
        loop {
            let page = self.rows.tasks(filter, after, PAGE).await?;
            count += u32::try_from(page.iter().filter(|task| task.model == model && task.due_at <= before).count()).unwrap_or(u32::MAX);
            match page.last() {
                Some(last) if page.len() == PAGE as usize && count < self.settings.direct_per_run => after = Some(last.id),
                _ => return Ok(count),
            }
        }
    }

    /// Asks every task that still waits for a direct batch, a few at a time; how many were asked.
    pub(super) async fn answer_directly(&self, batch: &Batch) -> Result<u32, StoreError> {
        let tasks = self.tasks_of(batch).await?;
        // boxed, so that the whole is `Send` for every lifetime
        let asks: Vec<BoxFuture<'_, Result<Asked, StoreError>>> = tasks.iter().map(|task| self.ask(task, batch).boxed()).collect();
        let mut asked = stream::iter(asks).buffer_unordered(self.settings.direct_at_once.max(1));
        let mut count = 0;
        while let Some(asked) = asked.next().await {
            match asked? {
                Asked::Answered => count += 1,
                // The rest stays in its batch for the next run: a service that asks for patience gets it.
                Asked::Wait => return Ok(count),
            }
        }
        self.rows.batch_collected(batch.id, self.clock.now()).await?;
        Ok(count)
    }

    async fn ask(&self, task: &Task, batch: &Batch) -> Result<Asked, StoreError> {
        let Some(StoredRequest { chat, .. }) = self.readable(task, batch).await? else { return Ok(Asked::Answered) };
        match self.mind.complete(&chat).await {
            Ok(answer) => self.take_answer(task, batch, &answer, Tier::Standard, LedgerId::new()).await?,
            Err(error) if asks_for_patience(&error) => {
                warn!(task.id = %task.id, error = %error, "the model service asks for patience with deferred work");
                return Ok(Asked::Wait);
            }
            Err(error) => self.take_failure(task, batch, &error).await?,
        }
        Ok(Asked::Answered)
    }
}

enum Asked {
    Answered,
    Wait,
}

fn asks_for_patience(error: &ProviderError) -> bool {
    matches!(error.again, Again::After(_)) || (error.status == Some(429) && error.again != Again::No)
}
