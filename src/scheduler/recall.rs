//! Calls that the provider has accepted and nobody has answered: a pause takes back what is still queued, an opt-out what
//! rings as well.
//!
//! The rows say which; whatever stopped the campaign or suppressed the number, in whatever process, is seen here. Each call is
//! looked at before it is taken back, since its callbacks may be late. A second scheduler that does the same at the same time
//! changes nothing, and a provider that does not answer is asked again in a later round.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::passed_by::PassedBy;
use super::poll::understood;
use super::{Duty, Scheduler};
use crate::domain::dialing::{PollAnswer, Recalled, recall};
use crate::domain::ids::AttemptId;
use crate::store::StoreError;
use crate::store::dial::Recallable;

/// How often it is looked for them.
pub const EVERY: Duration = Duration::from_millis(500);

/// Calls of one round, and requests at the same time.
const AT_ONCE: u32 = 200;
const ABREAST: usize = 8;

/// A provider that did not answer is left alone for so long.
const SILENCE: Duration = Duration::from_secs(3);

/// Takes calls back.
pub struct Recaller {
    scheduler: Scheduler,
    not_before: Instant,
    passed: PassedBy,
}

impl Recaller {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, not_before: Instant::now(), passed: PassedBy::default() }
    }
}

/// Why a round ended early.
enum Broke {
    /// The provider does not answer; a later round asks again.
    Silent,
    Store(StoreError),
}

impl From<StoreError> for Broke {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[async_trait]
impl Duty for Recaller {
    const NAME: &'static str = "recall";

    async fn round(&mut self) -> Result<(), StoreError> {
        if Instant::now() < self.not_before {
            return Ok(());
        }
        let calls = self.passed.begin(self.scheduler.store.recallable(AT_ONCE).await?, |call| call.attempt);
        let scheduler = &self.scheduler;
        let recall = |call: Recallable| async move { (call.attempt, scheduler.recall(&call).await) };
        let mut asked = stream::iter(calls).map(recall).buffer_unordered(ABREAST);
        // one call without an answer holds up no other
        let mut is_silent = false;
        while let Some((attempt, recalled)) = asked.next().await {
            match recalled {
                Ok(()) => self.passed.note(attempt, Ok(()))?,
                Err(Broke::Silent) => is_silent = true,
                Err(Broke::Store(error)) => self.passed.note(attempt, Err(error))?,
            }
        }
        drop(asked);
        if is_silent {
            self.not_before = Instant::now() + SILENCE;
        }
        Ok(())
    }
}

impl Scheduler {
    async fn recall(&self, call: &Recallable) -> Result<(), Broke> {
        let answer = understood(call.attempt, self.telephony.fetch(&call.call_sid).await);
        let decision = recall(call.why, &answer);
        if let Some(news) = answer.news(call.send_no, &call.call_sid) {
            self.take_in(call.attempt, &news).await?;
        }
        match decision {
            Recalled::GoesOn => Ok(()),
            Recalled::Later => Err(Broke::Silent),
            Recalled::TakeBack => {
                let answered = self.take_back(call.attempt, call.send_no, &call.call_sid).await?;
                tracing::info!(attempt.id = %call.attempt, why = call.why.as_str(), answered, "a call is taken back at the provider");
                if answered { Ok(()) } else { Err(Broke::Silent) }
            }
        }
    }

    /// Asks the provider to take a call back and folds what it says; false when it does not answer.
    pub(super) async fn take_back(&self, attempt: AttemptId, send_no: u32, call_sid: &str) -> Result<bool, StoreError> {
        let answer: PollAnswer = understood(attempt, self.telephony.take_back(call_sid).await);
        match answer.news(send_no, call_sid) {
            Some(news) => self.take_in(attempt, &news).await.map(|()| true),
            None => Ok(false),
        }
    }
}
