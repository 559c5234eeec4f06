//! Taking back a call that the provider has accepted: its campaign was stopped, or its callee must not be called any more.
//!
//! A pause takes back what has not begun to ring; people who hear their phone ring may still answer. Whoever must not be
//! called is not left ringing either. Somebody who has answered is talked with in any case.

use crate::domain::campaign::CampaignState;
use crate::domain::dialing::poll::PollAnswer;
use crate::domain::dialing::row::CallStatus;
use crate::domain::lead::LeadState;

/// Why a call is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// Its campaign was paused, cancelled or halted, or its lead was taken off the list.
    Stopped,
    /// Its number was suppressed.
    Suppressed,
}

impl Recall {
    /// Whether a call of this campaign and lead is to be taken back while it has not come too far for that.
    #[must_use]
    pub const fn of(campaign: CampaignState, lead: LeadState, suppressed: bool) -> Option<Self> {
        match campaign {
            _ if suppressed => Some(Self::Suppressed),
            _ if matches!(lead, LeadState::Cancelled) => Some(Self::Stopped),
            CampaignState::Running | CampaignState::Draining => None,
            _ => Some(Self::Stopped),
        }
    }

    /// Whether a call that is known to be this far is still taken back.
    #[must_use]
    pub const fn reaches(self, status: CallStatus) -> bool {
        let furthest = match self {
            Self::Stopped => CallStatus::Initiated,
            Self::Suppressed => CallStatus::Ringing,
        };
        status.rank() <= furthest.rank()
    }

    /// For the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "its campaign does not dial, or its lead is off the list",
            Self::Suppressed => "its number must not be called any more",
        }
    }
}

/// What to do with a call whose provider was asked how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// Ask the provider to take it back.
    TakeBack,
    /// It rings, was answered or is over: it goes on, and what the provider said is folded.
    GoesOn,
    /// No usable answer: ask again in the next round.
    Later,
}

/// Decides about a call by what the provider says of it now; the rows may be behind.
#[must_use]
pub const fn recall(why: Recall, answer: &PollAnswer) -> Recalled {
    match answer {
        PollAnswer::Down => Recalled::Later,
        PollAnswer::Call { status, .. } if why.reaches(*status) => Recalled::TakeBack,
        PollAnswer::Call { .. } | PollAnswer::Gone => Recalled::GoesOn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(why: Recall, status: CallStatus) -> Recalled {
        recall(why, &PollAnswer::Call { status, duration_s: None, answered_by: None })
    }

    #[test]
    fn a_campaign_that_does_not_dial_takes_back_what_has_not_begun_to_ring() {
        for state in CampaignState::ALL {
            let dials = matches!(state, CampaignState::Running | CampaignState::Draining);
            assert_eq!(Recall::of(*state, LeadState::Active, false), (!dials).then_some(Recall::Stopped), "{state}");
            assert_eq!(Recall::of(*state, LeadState::Cancelled, false), Some(Recall::Stopped), "{state}");
        }
        let taken: Vec<_> = CallStatus::ALL.iter().filter(|status| ask(Recall::Stopped, **status) == Recalled::TakeBack).collect();
        assert_eq!(taken, [&CallStatus::Queued, &CallStatus::Initiated]);
    }

    #[test]
    fn who_must_not_be_called_is_not_left_ringing() {
        for state in CampaignState::ALL {
            assert_eq!(Recall::of(*state, LeadState::Active, true), Some(Recall::Suppressed), "{state}");
        }
        let taken: Vec<_> = CallStatus::ALL.iter().filter(|status| ask(Recall::Suppressed, **status) == Recalled::TakeBack).collect();
        assert_eq!(taken, [&CallStatus::Queued, &CallStatus::Initiated, &CallStatus::Ringing]);
    }

    #[test]
    fn without_an_answer_it_is_asked_again_and_a_lost_call_is_over() {
        for why in [Recall::Stopped, Recall::Suppressed] {
            assert_eq!(recall(why, &PollAnswer::Down), Recalled::Later);
            assert_eq!(recall(why, &PollAnswer::Gone), Recalled::GoesOn);
        }
    }
}
