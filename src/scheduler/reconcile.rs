//! Calls nobody is sure of: the provider's list settles them, in its own time.

use std::collections::HashMap;

use async_trait::async_trait;

use super::passed_by::PassedBy;
use super::{Duty, Scheduler};
use crate::boottime;
use crate::domain::dialing::reconcile::last_look;
use crate::domain::dialing::{ListedCall, Look, Reconciled, Watch, reconcile};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::follow_up;
use crate::providers::ProviderCall;
use crate::store::StoreError;
use crate::store::dial::UnsureCall;
use crate::telemetry::names;

/// Calls looked at in one round.
const AT_ONCE: u32 = 200;

/// The reconciler. Its waiting times are its own and start again with it, so that no step of a clock can shorten them.
pub struct Reconciler {
    scheduler: Scheduler,
    watches: HashMap<(AttemptId, u32), Watch>,
    unsure: PassedBy,
    rested: PassedBy,
}

impl Reconciler {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, watches: HashMap::new(), unsure: PassedBy::default(), rested: PassedBy::default() }
    }
}

#[async_trait]
impl Duty for Reconciler {
    const NAME: &'static str = "reconcile";

    async fn round(&mut self) -> Result<(), StoreError> {
        let looked = self.look_at_unsure().await;
        // numbers that have rested wait for no call that makes trouble
        looked.and(self.look_at_rested().await)
    }
}

impl Reconciler {
    async fn look_at_unsure(&mut self) -> Result<(), StoreError> {
        let unsure = self.scheduler.store.open_unsure(AT_ONCE).await?;
        self.watches.retain(|key, _| unsure.iter().any(|call| (call.attempt, call.send_no) == *key));
        for call in self.unsure.begin(unsure, |call| call.attempt) {
            let looked = self.look(&call).await;
            self.unsure.note(call.attempt, looked)?;
        }
        Ok(())
    }

    async fn look_at_rested(&mut self) -> Result<(), StoreError> {
        let rested = self.scheduler.store.rested_numbers(AT_ONCE).await?;
        for call in self.rested.begin(rested, |call| call.attempt) {
            self.rested.note(call.attempt, self.scheduler.look_last(&call).await)?;
        }
        Ok(())
    }

    async fn look(&mut self, call: &UnsureCall) -> Result<(), StoreError> {
        // before the question: an answer that is read late, by a process that was stopped meanwhile, says nothing about the time since
        let now = boottime::now();
        let look = self.scheduler.listed(call).await;
        let watch = self.watches.entry((call.attempt, call.send_no)).or_insert_with(|| Watch::begin(now));
        match reconcile(&call.row, &look, watch, now, &self.scheduler.timings) {
            Reconciled::Bind { call_sid, others, cancel } => {
                self.scheduler.measure(call, &look, &call_sid);
                self.scheduler.bind(call, &call_sid, &others, &cancel).await
            }
            Reconciled::Wait { alarm: true } => {
                tracing::error!(attempt.id = %call.attempt, "a dial stays unsure; its lead is not called until the provider's list answers");
                Ok(())
            }
            Reconciled::Wait { alarm: false } => Ok(()),
            Reconciled::Absent => self.scheduler.absent(call).await,
        }
    }
}

impl Scheduler {
    /// How late the provider created the call and showed it: what the quiet time has to be longer than.
    fn measure(&self, call: &UnsureCall, look: &Look, call_sid: &str) {
        let Look::Listed(calls) = look else { return };
        let Some(created) = calls.iter().find(|call| call.call_sid == call_sid).and_then(|call| call.created_at_ms) else { return };
        let created = Timestamp::from_millis(created);
        let accepted = created.since(Timestamp::from_millis(call.row.intent_db));
        metrics::histogram!(names::ACCEPT_LAG).record(accepted.as_secs_f64());
        metrics::histogram!(names::LIST_LAG).record(self.clock.now().since(created).as_secs_f64());
    }

    async fn listed(&self, call: &UnsureCall) -> Look {
        match self.telephony.list(&call.to, &call.from).await {
            Ok(calls) => Look::Listed(calls.into_iter().map(listed).collect()),
            Err(error) => {
                tracing::warn!(attempt.id = %call.attempt, %error, "the provider's list does not answer");
                Look::Down
            }
        }
    }

    async fn bind(&self, call: &UnsureCall, call_sid: &str, others: &[String], cancel: &[String]) -> Result<(), StoreError> {
        if !others.is_empty() {
            tracing::error!(attempt.id = %call.attempt, calls = others.len() + 1, "more than one call fits an unsure dial");
        }
        let now = self.clock.now();
        for stray in cancel {
            follow_up::cancel(&self.store, stray, now).await?;
        }
        tracing::info!(attempt.id = %call.attempt, "an unsure dial was found at the provider");
        match self.store.adopt(call.attempt, call.send_no, call_sid, &self.timings, now).await? {
            Some(told) => follow_up::heed(&self.store, &self.live, &told, now).await,
            None => Ok(()),
        }
    }

    async fn absent(&self, call: &UnsureCall) -> Result<(), StoreError> {
        if self.store.mark_absent(call.attempt, call.send_no, &self.timings, self.clock.now()).await? {
            tracing::warn!(attempt.id = %call.attempt, "the provider has no such call; its number rests before anyone calls it again");
        }
        Ok(())
    }

    /// Before a rested number is called again, the list is looked at once more.
    async fn look_last(&self, call: &UnsureCall) -> Result<(), StoreError> {
        match last_look(&call.row, &self.listed(call).await, &self.timings) {
            Reconciled::Bind { call_sid, others, cancel } => self.bind(call, &call_sid, &others, &cancel).await,
            Reconciled::Absent => self.store.end_hold(call.attempt).await.map(drop),
            Reconciled::Wait { .. } => Ok(()),
        }
    }
}

fn listed(call: ProviderCall) -> ListedCall {
    ListedCall { outbound_api: call.direction == "outbound-api", call_sid: call.call_sid, created_at_ms: call.created_at_ms }
}
