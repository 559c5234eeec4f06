//! A call without news for a while: its callbacks may be lost for good, so the provider is asked.

use std::time::Duration;

use crate::domain::dialing::fold::Callback;
use crate::domain::dialing::row::CallStatus;
use crate::domain::dialing::timings::DialTimings;

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollAnswer {
    /// No usable answer.
    Down,
    /// It does not know the call.
    Gone,
    /// The call as its REST shows it.
    Call {
        /// How far it is.
        status: CallStatus,
        /// Seconds, once over.
        duration_s: Option<u32>,
        /// Who answered, once detected.
        answered_by: Option<String>,
    },
}

/// What to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// Fold this like a callback.
    News(Callback),
    /// Still queued: take it back, it could ring outside the calling hours.
    TakeBack,
    /// Ask again later; `alarm` when the provider has not answered for too long.
    Wait {
        /// A person should know.
        alarm: bool,
    },
}

impl PollAnswer {
    /// What the answer tells about a call, to be folded like a callback; `None` without an answer.
    #[must_use]
    pub fn news(self, send_no: u32, call_sid: &str) -> Option<Callback> {
        let (status, duration_s, answered_by) = match self {
            Self::Down => return None,
            Self::Gone => (CallStatus::Gone, None, None),
            Self::Call { status, duration_s, answered_by } => (status, duration_s, answered_by),
        };
        let call_sid = call_sid.to_owned();
        Some(Callback { send_no, call_sid, status: Some(status), sequence: None, sip_code: None, duration_s, answered_by })
    }
}

/// Decides about a call that has been placed for `placed_for` and silent for `silent_for`.
#[must_use]
pub fn poll(send_no: u32, call_sid: &str, answer: PollAnswer, placed_for: Duration, silent_for: Duration, timings: &DialTimings) -> Polled {
    match answer {
        PollAnswer::Call { status: CallStatus::Queued, .. } if placed_for >= timings.queued_limit => Polled::TakeBack,
        answer => match answer.news(send_no, call_sid) {
            Some(news) => Polled::News(news),
            None => Polled::Wait { alarm: silent_for >= timings.unsure_alarm },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(answer: PollAnswer, secs: u64) -> Polled {
        let time = Duration::from_secs(secs);
        poll(1, "CA1", answer, time, time, &DialTimings::default())
    }

    fn call(status: CallStatus) -> PollAnswer {
        PollAnswer::Call { status, duration_s: Some(3), answered_by: None }
    }

    #[test]
    fn a_call_the_provider_lost_is_over() {
        assert!(matches!(ask(PollAnswer::Gone, 61), Polled::News(news) if news.status == Some(CallStatus::Gone)));
    }

    #[test]
    fn a_call_that_stays_queued_is_taken_back() {
        assert_eq!(ask(call(CallStatus::Queued), 60), Polled::TakeBack);
        assert!(matches!(ask(call(CallStatus::Queued), 59), Polled::News(_)));
    }

    #[test]
    fn silence_of_the_provider_alarms_after_half_an_hour() {
        assert_eq!(ask(PollAnswer::Down, 1_799), Polled::Wait { alarm: false });
        assert_eq!(ask(PollAnswer::Down, 1_800), Polled::Wait { alarm: true });
    }

    #[test]
    fn an_end_is_folded_like_a_callback() {
        let Polled::News(news) = ask(call(CallStatus::Completed), 90) else { panic!("no news") };
        assert_eq!((news.status, news.duration_s, news.sequence), (Some(CallStatus::Completed), Some(3), None));
    }
}
