//! The rungs below the batch, for tasks whose time runs out: first flex (at once if there is room, at the price of a
//! batch), then directly, at the full price.
//!
//! They go through a batch row of their own whose provider is this process, so that a crash leaves them to be found like
//! any other batch. An answer that was lost in a crash is asked, and billed, again; the ledger shows both.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tracing::warn;

use super::Deferred;
use super::gather::PAGE;
use super::task::StoredRequest;
use crate::domain::ids::{LedgerId, TaskId};
use crate::domain::time::Timestamp;
use crate::mind::ledger::Tier;
use crate::providers::{Again, ChatAnswer, ChatRequest, ProviderError};
use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::deferred::{Gatherable, Task, TaskFilter, TaskState};

/// How a task is asked by this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rung {
    /// When the provider has room, at the price of a batch.
    Flex,
    /// Now.
    Direct,
}

impl Rung {
    /// What a batch row of this rung has for the provider's id.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Direct => "direct",
        }
    }

    /// The rung of a batch that we answer ourselves, request by request.
    pub(super) fn of(batch: &Batch) -> Option<Self> {
        let id = batch.provider_batch_id.as_deref()?;
        [Self::Flex, Self::Direct].into_iter().find(|rung| rung.as_str() == id)
    }
}

impl Deferred {
    /// Asks what has come down to this rung (everything, where the provider has no batches); how many were asked.
    pub(super) async fn ask_urgent(&self, waiting: &Gatherable, rung: Rung) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let urgent = match self.urgent_before(rung, now) {
            _ if self.desk.is_none() && rung == Rung::Direct => u32::try_from(waiting.tasks).unwrap_or(u32::MAX),
            Some(before) if waiting.due_at <= before => self.count_urgent(&waiting.model, before).await?,
            _ => 0,
        };
        let limit = urgent.min(self.settings.direct_per_run);
        if limit == 0 {
            return Ok(0);
        }
        let Some((batch, _)) = self.rows.open_batch(&waiting.model, limit, now).await? else { return Ok(0) };
        self.rows.batch_uploaded(batch.id, rung.as_str(), now).await?;
        self.rows.batch_submitted(batch.id, rung.as_str(), now).await?;
        self.answer(&batch, rung).await
    }

    fn urgent_before(&self, rung: Rung, now: Timestamp) -> Option<Timestamp> {
        match rung {
            Rung::Direct => Some(now + self.settings.direct_before),
            Rung::Flex => self.settings.flex_before.map(|before| now + before),
        }
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

    /// Asks every task that still waits for a batch of ours, a few at a time; how many were asked.
    pub(super) async fn answer(&self, batch: &Batch, rung: Rung) -> Result<u32, StoreError> {
        let tasks = self.tasks_of(batch).await?;
        // boxed, so that the whole is `Send` for every lifetime
        let asks: Vec<BoxFuture<'_, Result<Asked, StoreError>>> = tasks.iter().map(|task| self.ask(task, batch, rung).boxed()).collect();
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

    async fn ask(&self, task: &Task, batch: &Batch, rung: Rung) -> Result<Asked, StoreError> {
        let Some(StoredRequest { chat, .. }) = self.readable(task, batch).await? else { return Ok(Asked::Answered) };
        let asked_at = self.clock.now();
        let too_late_for_flex = task.due_at <= asked_at + self.settings.direct_before;
        let flexible = rung == Rung::Flex && !too_late_for_flex;
        let answered = if flexible { self.complete_flexibly(&chat).await } else { self.mind.complete(&chat).await };
        match answered {
            Ok(answer) => {
                let tier = if answer.flex { Tier::Flex } else { Tier::Standard };
                self.take_answer(task, batch, &answer, tier, LedgerId::new(), asked_at).await?;
            }
            // on the flex rung any trouble is a reason to wait: there is time, and no room is no failure
            Err(error) if asks_for_patience(&error) || flexible && error.again != Again::No => {
                warn!(task.id = %task.id, error = %error, "the model service asks for patience with deferred work");
                return Ok(Asked::Wait);
            }
            Err(error) => self.take_failure(task, batch, &error).await?,
        }
        Ok(Asked::Answered)
    }

    /// A model that has no flex is asked at the full price.
    async fn complete_flexibly(&self, chat: &ChatRequest) -> Result<ChatAnswer, ProviderError> {
        let flexible = ChatRequest { flex: true, ..chat.clone() };
        match self.mind.complete(&flexible).await {
            Err(error) if error.again == Again::No => self.mind.complete(chat).await,
            answered => answered,
        }
    }
}

enum Asked {
    Answered,
    Wait,
}

fn asks_for_patience(error: &ProviderError) -> bool {
    matches!(error.again, Again::After(_)) || (error.status == Some(429) && error.again != Again::No)
}
