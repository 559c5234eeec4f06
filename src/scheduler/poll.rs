//! Calls without news: a lost callback never comes again, so the provider is asked.

use async_trait::async_trait;

use super::{Duty, Scheduler};
use crate::domain::dialing::{PollAnswer, Polled, poll};
use crate::follow_up;
use crate::store::StoreError;
use crate::store::dial::SilentCall;

/// Calls asked about in one round.
const AT_ONCE: u32 = 100;

/// The poller.
pub struct Poller {
    scheduler: Scheduler,
}

impl Poller {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler }
    }
}

#[async_trait]
impl Duty for Poller {
    const NAME: &'static str = "poll";

    async fn round(&mut self) -> Result<(), StoreError> {
        let silent = self.scheduler.store.silent_calls(&self.scheduler.timings, AT_ONCE).await?;
        for call in silent {
            self.scheduler.ask_about(&call).await?;
        }
        Ok(())
    }
}

impl Scheduler {
    async fn ask_about(&self, call: &SilentCall) -> Result<(), StoreError> {
        let answer = self.fetch(call).await;
        self.store.mark_polled(call.attempt).await?;
        let now = self.clock.now();
        match poll(call.send_no, &call.call_sid, answer, call.placed_for, call.silent_for, &self.timings) {
            Polled::News(news) => match self.store.provider_news(call.attempt, &news, &self.timings, now).await? {
                Some(told) => follow_up::heed(&self.store, &self.live, &told, now).await,
                None => Ok(()),
            },
            Polled::Cancel => follow_up::cancel(&self.store, &call.call_sid, now).await,
            Polled::Wait { alarm } => {
                if alarm {
                    tracing::error!(attempt.id = %call.attempt, "the provider has not told how a call goes on for too long");
                }
                Ok(())
            }
        }
    }

    async fn fetch(&self, call: &SilentCall) -> PollAnswer {
        match self.telephony.fetch(&call.call_sid).await {
            Ok(None) => PollAnswer::Gone,
            Ok(Some(found)) => match found.status.parse() {
                Ok(status) => PollAnswer::Call { status, duration_s: found.duration_s, answered_by: found.answered_by },
                Err(error) => {
                    tracing::warn!(attempt.id = %call.attempt, %error, "the provider's status is not known to this binary");
                    PollAnswer::Down
                }
            },
            Err(error) => {
                tracing::warn!(attempt.id = %call.attempt, %error, "the provider does not answer about a silent call");
                PollAnswer::Down
            }
        }
    }
}
