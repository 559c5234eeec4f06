//! What came of the one POST, written into the row and heeded.

use std::time::Duration;

use super::{DialDesk, DialError, counted};
use crate::domain::dialing::{HaltScope, PostAnswer, RefusalPlan, classify};
use crate::domain::ids::AttemptId;
use crate::domain::obstacle::Obstacle;
use crate::domain::time::Timestamp;
use crate::follow_up;
use crate::providers::DialAnswer;
use crate::store::dial::Recorded;
use crate::telemetry::names;

impl DialDesk {
    pub(super) async fn record(&self, attempt: AttemptId, send_no: u32, answer: &DialAnswer) -> Result<(), DialError> {
        counted(class(answer));
        let (proven, now) = (classify(&proven(answer)), self.clock.now());
        let (recorded, country) = self.store.record_answer(attempt, send_no, &proven, &self.timings, now).await?;
        let heeded = self.heed(attempt, send_no, answer, recorded, now).await;
        // behind the alarm, which must not wait for a long list
        if let Some(country) = country {
            self.store.park_country(&country, &self.timings, now).await;
        }
        heeded
    }

    async fn heed(
        &self,
        attempt: AttemptId,
        send_no: u32,
        answer: &DialAnswer,
        recorded: Recorded,
        now: Timestamp,
    ) -> Result<(), DialError> {
        match recorded {
            Recorded::Placed(told) => Ok(follow_up::heed(&self.store, &self.live, &told, now).await?),
            Recorded::Refused(plan) => self.refused(attempt, &plan, answer).await,
            Recorded::Unknown => {
                tracing::warn!(attempt.id = %attempt, send.no = send_no, "no certain answer to a dial; it is reconciled, never sent again");
                Ok(())
            }
            Recorded::Stale => Ok(()),
        }
    }

    async fn refused(&self, attempt: AttemptId, plan: &RefusalPlan, answer: &DialAnswer) -> Result<(), DialError> {
        let (code, what) = words(answer);
        if plan.alarm {
            metrics::counter!(names::ALARMS, "stands_still" => plan.halt.map_or("lead", HaltScope::as_str)).increment(1);
            tracing::error!(attempt.id = %attempt, code, what, halt = plan.halt.map(HaltScope::as_str), "dial refused; a person has to look");
        } else if matches!(answer, DialAnswer::HeldBack { .. }) {
            tracing::info!(attempt.id = %attempt, what, "dial held back; it is rung again");
        } else {
            tracing::info!(attempt.id = %attempt, code, what, "dial refused");
        }
        match plan.fleet_backoff {
            Some(pause) => self.hold_back(pause, answer).await,
            None => Ok(()),
        }
    }

    /// The fleet first, then whoever asks why nothing is dialed.
    async fn hold_back(&self, pause: Duration, answer: &DialAnswer) -> Result<(), DialError> {
        self.turns.hold_back(pause).await?;
        let detail = match answer {
            DialAnswer::NotProcessed { status, code: Some(code), .. } => format!("it answered {status} with code {code}"),
            DialAnswer::NotProcessed { status, .. } => format!("it answered {status}"),
            _ => class(answer).to_owned(),
        };
        Ok(self.store.say_obstacle(self.worker, Obstacle::Provider, &detail, pause).await?)
    }
}

/// The provider's code and words, which never carry a whole number (they are masked at the source) or a secret.
fn words(answer: &DialAnswer) -> (Option<u32>, &str) {
    match answer {
        DialAnswer::NotProcessed { code, .. } => (*code, "refused by the provider"),
        DialAnswer::NotSent { error: why } | DialAnswer::HeldBack { why } | DialAnswer::Unknown { error: why } => (None, why),
        DialAnswer::Placed { .. } => (None, "placed"),
    }
}

/// The provider's answer in the protocol's words.
fn proven(answer: &DialAnswer) -> PostAnswer {
    match answer {
        DialAnswer::Placed { call_sid } => PostAnswer::Placed { call_sid: call_sid.clone() },
        DialAnswer::NotProcessed { status, code, retry_after, .. } => {
            PostAnswer::NotProcessed { status: *status, code: *code, retry_after: *retry_after }
        }
        DialAnswer::NotSent { .. } => PostAnswer::NotSent,
        DialAnswer::HeldBack { .. } => PostAnswer::HeldBack,
        DialAnswer::Unknown { .. } => PostAnswer::Unknown,
    }
}

fn class(answer: &DialAnswer) -> &'static str {
    match answer {
        DialAnswer::Placed { .. } => "placed",
        DialAnswer::NotProcessed { .. } => "refused",
        DialAnswer::NotSent { .. } => "not_sent",
        DialAnswer::HeldBack { .. } => "held_back",
        DialAnswer::Unknown { .. } => "unknown",
    }
}
