//! Answers come home: whatever order they come in, however often they are read, each is applied once.

use tracing::{info, warn};

use super::Deferred;
use super::apply::bill_id;
use super::ladder::Rung;
use crate::domain::ids::TaskId;
use crate::mind::ledger::Tier;
use crate::providers::{BatchDesk, BatchLine, BatchStatus, ProviderError};
use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::deferred::TaskState;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Batches closed.
    pub closed: u32,
    /// Batches the provider still works on, or could not be asked about.
    pub open: u32,
}

/// What to do about a batch, from the provider's word for it.
enum Stage {
    Running,
    /// Some or all lines have results.
    Over,
    /// Nothing ran.
    Failed,
}

fn stage(status: &str) -> Stage {
    match status {
        "completed" | "expired" | "cancelled" => Stage::Over,
        "failed" => Stage::Failed,
        _ => Stage::Running,
    }
}

impl Deferred {
    /// Asks about every batch the provider has, and applies what is there.
    ///
    /// # Errors
    /// The database cannot be read or written. Trouble of the provider is logged and waits for the next run.
    pub async fn collect(&self) -> Result<Collected, StoreError> {
        let mut done = Collected::default();
        let Some(desk) = &self.desk else { return Ok(done) };
        for batch in self.rows.open_batches().await? {
            let ours = Rung::of(&batch).is_some();
            let Some(provider_id) = batch.provider_batch_id.as_deref().filter(|_| !ours) else { continue };
            match results(desk.as_ref(), provider_id).await {
                Ok((status, Some(lines))) => {
                    self.take_results(&batch, &status, &lines).await?;
                    done.closed += 1;
                }
                Ok((status, None)) => {
                    self.cancel_when_late(desk.as_ref(), &batch, &status).await?;
                    done.open += 1;
                }
                Err(error) => {
                    warn!(batch.id = %batch.id, error = %error, "a batch of deferred work could not be collected");
                    done.open += 1;
                }
            }
        }
        Ok(done)
    }

    /// A batch that is still running when its first task should come down the ladder is cancelled. What it has answered by
    /// then is applied and billed as ever; the rest goes back to wait, and is asked once more only after that.
    async fn cancel_when_late(&self, desk: &dyn BatchDesk, batch: &Batch, status: &BatchStatus) -> Result<(), StoreError> {
        let patience = self.settings.flex_before.unwrap_or(self.settings.direct_before);
        let due = self.rows.batch_due(batch.id).await?;
        if status.status == "cancelling" || due.is_none_or(|due| due > self.clock.now() + patience) {
            return Ok(());
        }
        match desk.cancel(&status.id).await {
            Ok(_) => warn!(batch.id = %batch.id, "a batch of deferred work is too slow and was cancelled; the rest is asked otherwise"),
            Err(error) => warn!(batch.id = %batch.id, error = %error, "a slow batch of deferred work could not be cancelled"),
        }
        Ok(())
    }

    async fn take_results(&self, batch: &Batch, status: &BatchStatus, lines: &[BatchLine]) -> Result<(), StoreError> {
        let tries = self.settings.max_tries;
        if matches!(stage(&status.status), Stage::Failed) {
            let why = if status.errors.is_empty() { "the provider failed the batch".to_owned() } else { status.errors.join("; ") };
            warn!(batch.id = %batch.id, error = %why, "the provider failed a batch of deferred work");
            return self.rows.batch_failed(batch.id, &why, tries, self.clock.now()).await.map(drop);
        }
        for line in lines {
            self.take_line(batch, line).await?;
        }
        let unanswered = self.tasks_of(batch).await?;
        for task in &unanswered {
            let why = format!("the {} batch has no answer for it", status.status);
            self.rows.give_back(task.id, batch.id, &why, tries, self.clock.now()).await?;
        }
        self.rows.batch_collected(batch.id, self.clock.now()).await?;
        info!(batch.id = %batch.id, status = status.status, lines = lines.len(), unanswered = unanswered.len(), "collected a batch of deferred work");
        Ok(())
    }

    async fn take_line(&self, batch: &Batch, line: &BatchLine) -> Result<(), StoreError> {
        let task = match line.custom_id.parse::<TaskId>() {
            Ok(id) => self.rows.task(id).await?,
            Err(_) => None,
        };
        let Some(task) = task.filter(|task| task.batch_id == Some(batch.id) && task.state == TaskState::Batched) else {
            // Applied by an earlier run that was cut short, or not ours.
            return Ok(());
        };
        match &line.result {
            // a batch last changed when it was submitted
            Ok(answer) => self.take_answer(&task, batch, answer, Tier::Batch, bill_id(batch.id, task.id), batch.updated_at).await,
            Err(error) => self.take_failure(&task, batch, error).await,
        }
    }
}

/// Status of a batch and its lines; no lines while it runs.
async fn results(desk: &dyn BatchDesk, id: &str) -> Result<(BatchStatus, Option<Vec<BatchLine>>), ProviderError> {
    let status = desk.status(id).await?;
    let mut lines = Vec::new();
    match stage(&status.status) {
        Stage::Running => return Ok((status, None)),
        Stage::Failed => {}
        Stage::Over => {
            for file in [&status.output_file_id, &status.error_file_id].into_iter().flatten() {
                lines.extend(desk.read(file).await?);
            }
        }
    }
    Ok((status, Some(lines)))
}
