//! An answer arrives: the bill first, under an id that the same answer always has, then the result, once.

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::Deferred;
use super::answer::check;
use super::task::StoredRequest;
use crate::domain::ids::{BatchId, LedgerId, TaskId};
use crate::domain::time::Timestamp;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::mind::price::PriceTable;
use crate::providers::{Again, ChatAnswer, ProviderError};
use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::deferred::{Task, TaskKind};

impl Deferred {
    /// Bills an answer to what was asked at `asked_at` and stores its result; an answer that is no result sends the task back.
    pub(super) async fn take_answer(
        &self,
        task: &Task,
        batch: &Batch,
        answer: &ChatAnswer,
        tier: Tier,
        id: LedgerId,
        asked_at: Timestamp,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let took = u64::try_from(now.since(asked_at).as_millis()).unwrap_or(u64::MAX);
        self.rows.keep(&LedgerEntry { total_ms: Some(took), ..self.entry(task, answer, tier, id) }, now).await?;
        match check(task.kind, answer) {
            Ok(result) => self.rows.apply(task.id, batch.id, &result, now).await.map(drop),
            Err(what) => self.rows.give_back(task.id, batch.id, &what, self.settings.max_tries, now).await.map(drop),
        }
    }

    /// A request that failed goes back to wait, or is given up when asking again cannot help.
    pub(super) async fn take_failure(&self, task: &Task, batch: &Batch, error: &ProviderError) -> Result<(), StoreError> {
        let tries = if error.again == Again::No { 1 } else { self.settings.max_tries };
        self.rows.give_back(task.id, batch.id, &error.to_string(), tries, self.clock.now()).await.map(drop)
    }

    fn entry(&self, task: &Task, answer: &ChatAnswer, tier: Tier, id: LedgerId) -> LedgerEntry {
        let (table, at) = (PriceTable::in_use(), self.clock.now());
        let baseline_model = serde_json::from_str(&task.request).map(|stored: StoredRequest| stored.baseline_model);
        let baseline_model = baseline_model.unwrap_or_else(|_| task.model.clone());
        LedgerEntry {
            id,
            at,
            campaign: Some(task.campaign_id),
            attempt: Some(task.attempt_id),
            turn: None,
            service: Service::Llm,
            purpose: purpose(task.kind),
            provider: self.provider.to_owned(),
            model: task.model.clone(),
            prompt_version: task.prompt_version_id,
            route_reason: None,
            tier,
            usage: answer.usage,
            units: 0,
            usage_source: UsageSource::Provider,
            cost: table.cost(Service::Llm, &task.model, tier, answer.usage, 0, at).unwrap_or_default(),
            baseline: table.baseline(Service::Llm, &task.model, &baseline_model, answer.usage, 0, at).unwrap_or_default(),
            first_ms: None,
            total_ms: None,
            finish: Some(answer.finish.clone()),
            cache_hit: false,
            retry_of: None,
            text: Some((task.request.clone(), answer.content.clone())),
        }
    }
}

const fn purpose(kind: TaskKind) -> Purpose {
    match kind {
        TaskKind::Summary => Purpose::Summary,
        TaskKind::Score => Purpose::Score,
    }
}

/// The ledger id of a batch's answer to a task: read twice, billed once.
pub(super) fn bill_id(batch: BatchId, task: TaskId) -> LedgerId {
    let digest = Sha256::new().chain_update(batch.0.as_bytes()).chain_update(task.0.as_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    LedgerId(Builder::from_custom_bytes(bytes).into_uuid())
}
