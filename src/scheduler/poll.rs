//! Calls without news: a lost callback never comes again, so the provider is asked.

use async_trait::async_trait;

use super::passed_by::PassedBy;
use super::{Duty, Scheduler};
use crate::domain::dialing::{Callback, PollAnswer, Polled, poll};
use crate::domain::ids::AttemptId;
use crate::follow_up;
use crate::providers::{ProviderCall, ProviderError};
use crate::store::StoreError;
use crate::store::dial::SilentCall;

/// Calls asked about in one round.
const AT_ONCE: u32 = 100;

/// The poller.
pub struct Poller {
    scheduler: Scheduler,
    passed: PassedBy,
}

impl Poller {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, passed: PassedBy::default() }
    }
}

#[async_trait]
impl Duty for Poller {
    const NAME: &'static str = "poll";

    async fn round(&mut self) -> Result<(), StoreError> {
        let silent = self.scheduler.store.silent_calls(&self.scheduler.timings, AT_ONCE).await?;
        for call in self.passed.begin(silent, |call| call.attempt) {
            self.passed.note(call.attempt, self.scheduler.ask_about(&call).await)?;
        }
        Ok(())
    }
}

impl Scheduler {
    async fn ask_about(&self, call: &SilentCall) -> Result<(), StoreError> {
        let answer = understood(call.attempt, self.telephony.fetch(&call.call_sid).await);
        self.store.mark_polled(call.attempt).await?;
        match poll(call.send_no, &call.call_sid, answer, call.placed_for, call.silent_for, &self.timings) {
            Polled::News(news) => self.take_in(call.attempt, &news).await,
            Polled::TakeBack => self.take_back(call.attempt, call.send_no, &call.call_sid).await.map(drop),
            Polled::Wait { alarm } => {
                if alarm {
                    tracing::error!(attempt.id = %call.attempt, "the provider has not told how a call goes on for too long");
                }
                Ok(())
            }
        }
    }

    /// Folds what the provider said about a call, and does what follows from it.
    pub(super) async fn take_in(&self, attempt: AttemptId, news: &Callback) -> Result<(), StoreError> {
        let now = self.clock.now();
        match self.store.provider_news(attempt, news, &self.timings, now).await? {
            Some(told) => follow_up::heed(&self.store, &self.live, &told, now).await,
            None => Ok(()),
        }
    }
}

/// The provider's answer about a call of ours.
pub(super) fn understood(attempt: AttemptId, answer: Result<Option<ProviderCall>, ProviderError>) -> PollAnswer {
    match answer {
        Ok(None) => PollAnswer::Gone,
        Ok(Some(found)) => match found.status.parse() {
            Ok(status) => PollAnswer::Call { status, duration_s: found.duration_s, answered_by: found.answered_by },
            Err(error) => {
                tracing::warn!(attempt.id = %attempt, %error, "the provider's status is not known to this binary");
                PollAnswer::Down
            }
        },
        Err(error) => {
            tracing::warn!(attempt.id = %attempt, %error, "the provider does not answer about a call; it is asked again");
            PollAnswer::Down
        }
    }
}
