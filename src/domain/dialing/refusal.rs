//! What a refusal means for the lead, the number, the campaign and the fleet.
//!
//! Codes: Twilio's REST error codes (twilio.com/docs/api/errors). Where its pages disagree, the milder reading for the
//! person wins: a number that was refused is not tried again.

use std::time::Duration;

use crate::domain::attempt::DialKind;
use crate::domain::dialing::next_step::LeadStep;
use crate::domain::dialing::timings::DialTimings;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::time::Timestamp;
use crate::word_enum;

word_enum! {
    /// How much has to stand still until a person has mended the configuration.
    pub enum HaltScope {
        /// The campaign's leads of the same country.
        Country = "country",
        /// The campaign.
        Campaign = "campaign",
        /// Every campaign: the account itself does not work.
        Fleet = "fleet",
    }
}

/// A call that provably does not exist, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// This number must never be tried again.
    NumberFatal {
        /// Why, for the outcome.
        reason: Reason,
        /// No campaign may try it either.
        quarantine: bool,
    },
    /// Unreachable now; one more try much later, then quarantine.
    TryLater,
    /// Our configuration is wrong; the lead is not to blame.
    ConfigFault {
        /// What stands still.
        halt: HaltScope,
    },
    /// Credentials or account: nothing can be dialled.
    AccountFault,
    /// The provider is full; everyone waits.
    Capacity {
        /// At least this long, when the provider said so.
        retry_after: Option<Duration>,
    },
    /// A refusal we do not know.
    Unclassified,
    /// Not a byte was written: the provider cannot be reached.
    NotSent,
    /// Not a byte was written: we held it back, and nobody else had a part in it.
    HeldBack,
}

/// So many unknown refusals of one attempt raise an alarm.
const ALARM_AFTER: u32 = 3;
/// A dial that we held back waits no longer for its next turn.
const HELD_BACK_MOST: Duration = Duration::from_secs(30);

impl Refusal {
    /// Reads the provider's status and code.
    #[must_use]
    pub fn of(status: u16, code: Option<u32>, retry_after: Option<Duration>) -> Self {
        let invalid = Self::NumberFatal { reason: Reason::InvalidNumber, quarantine: true };
        match (code.unwrap_or(0), status) {
            (10004 | 20429 | 22005 | 86008, _) | (_, 429) => Self::Capacity { retry_after },
            (21211 | 21217 | 13225 | 13226, _) => invalid,
            (21216, _) => Self::NumberFatal { reason: Reason::Blocked, quarantine: true },
            // A trial account may not call it; a paid one may, so other deployments' lists stay untouched.
            (21219 | 573_005, _) => Self::NumberFatal { reason: Reason::ProviderRefused, quarantine: false },
            (21214 | 13224, _) => Self::TryLater,
            (21215 | 13227 | 32205, _) => Self::ConfigFault { halt: HaltScope::Country },
            (21210 | 21212 | 21213 | 32224 | 573_002, _) => Self::ConfigFault { halt: HaltScope::Campaign },
            (10001 | 20003 | 20005, _) | (0, 401 | 403) => Self::AccountFault,
            _ => Self::Unclassified,
        }
    }

    /// The word stored in the row.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NumberFatal { .. } => "number_fatal",
            Self::TryLater => "try_later",
            Self::ConfigFault { .. } => "config_fault",
            Self::AccountFault => "account_fault",
            Self::Capacity { .. } => "capacity",
            Self::Unclassified => "unclassified",
            Self::NotSent => "not_sent",
            Self::HeldBack => "held_back",
        }
    }

    /// Whether it counts as a try at this lead.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        matches!(self, Self::NumberFatal { .. } | Self::TryLater)
    }

    /// Whether the attempt was refused by anybody but us: after so many it is closed, and the waits between them grow.
    #[must_use]
    pub const fn adds_up(&self) -> bool {
        !matches!(self, Self::HeldBack)
    }

    /// Which one of its kind it is for an attempt that was refused so often before its send of this number. Every earlier send was
    /// either refused or held back, so those that were held back need no count of their own.
    #[must_use]
    pub const fn nth(&self, refusals: u32, send_no: u32) -> u32 {
        if self.adds_up() { refusals.saturating_add(1) } else { send_no.saturating_sub(refusals) }
    }

    /// What to do now. `nth` is [which one of its kind](Self::nth) this is; `tried_later` says that this lead had its later try already.
    #[must_use]
    pub fn plan(&self, kind: DialKind, nth: u32, tried_later: bool, now: Timestamp, timings: &DialTimings) -> RefusalPlan {
        let backoff = timings.backoff(nth.saturating_sub(1));
        match self {
            Self::NumberFatal { reason, quarantine } => RefusalPlan { quarantine: *quarantine, ..RefusalPlan::close(failed(*reason)) },
            Self::TryLater if tried_later => RefusalPlan { quarantine: true, ..RefusalPlan::close(failed(Reason::InvalidNumber)) },
            Self::TryLater => RefusalPlan::close(LeadStep::waiting(DialKind::Retry, now + timings.try_later, "number unreachable")),
            // whoever parks the country's other leads writes for all of them which it is and what brings them back
            Self::ConfigFault { halt: HaltScope::Country } => {
                RefusalPlan { halt: Some(HaltScope::Country), alarm: true, ..RefusalPlan::close(LeadStep::parked("country not permitted")) }
            }
            Self::ConfigFault { halt } => RefusalPlan::halted(*halt, LeadStep::waiting(kind, now, "campaign halted")),
            Self::AccountFault => RefusalPlan::halted(HaltScope::Fleet, LeadStep::waiting(kind, now, "account refused")),
            Self::Capacity { retry_after } => {
                let wait = retry_after.map_or(backoff, |asked| asked.max(backoff)).min(timings.refusal_backoff_max);
                let plan = Self::again_or_wait(kind, nth, wait, now, timings);
                RefusalPlan { fleet_backoff: Some(wait), ..plan }
            }
            Self::NotSent => Self::again_or_wait(kind, nth, backoff, now, timings),
            // nobody refused it: it is not given up however often, and on a machine that cannot keep its pace it comes back less often
            Self::HeldBack => RefusalPlan::again(backoff.min(HELD_BACK_MOST)),
            Self::Unclassified if nth >= ALARM_AFTER => {
                RefusalPlan { alarm: true, ..RefusalPlan::close(LeadStep::parked("refused for an unknown reason")) }
            }
            Self::Unclassified => RefusalPlan::again(backoff),
        }
    }

    fn again_or_wait(kind: DialKind, refusals: u32, wait: Duration, now: Timestamp, timings: &DialTimings) -> RefusalPlan {
        if refusals < timings.refusal_limit {
            RefusalPlan::again(wait)
        } else {
            RefusalPlan::close(LeadStep::waiting(kind, now + timings.refusal_backoff_max, "provider cannot be reached"))
        }
    }
}

fn failed(reason: Reason) -> LeadStep {
    LeadStep::Finished { disposition: Disposition::Failed, reason: Some(reason) }
}

/// What a refusal sets in motion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalPlan {
    /// Send again after this wait (with the next send number), or close with the lead's next step.
    pub attempt: Result<Duration, LeadStep>,
    /// What stands still until a person has mended it.
    pub halt: Option<HaltScope>,
    /// All sends of the fleet wait this long.
    pub fleet_backoff: Option<Duration>,
    /// The number is suppressed for every campaign.
    pub quarantine: bool,
    /// A person should know.
    pub alarm: bool,
}

impl RefusalPlan {
    const fn again(after: Duration) -> Self {
        Self { attempt: Ok(after), halt: None, fleet_backoff: None, quarantine: false, alarm: false }
    }

    const fn close(step: LeadStep) -> Self {
        Self { attempt: Err(step), halt: None, fleet_backoff: None, quarantine: false, alarm: false }
    }

    const fn halted(scope: HaltScope, step: LeadStep) -> Self {
        Self { attempt: Err(step), halt: Some(scope), fleet_backoff: None, quarantine: false, alarm: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn plan(refusal: Refusal, refusals: u32, tried_later: bool) -> RefusalPlan {
        refusal.plan(DialKind::Fresh, refusals, tried_later, NOW, &DialTimings::default())
    }

    #[test]
    fn every_code_of_the_table_has_its_class() {
        let fatal = |reason, quarantine| Refusal::NumberFatal { reason, quarantine };
        let config = |halt| Refusal::ConfigFault { halt };
        let table = [
            (400, 21211, fatal(Reason::InvalidNumber, true)),
            (400, 21217, fatal(Reason::InvalidNumber, true)),
            (400, 21216, fatal(Reason::Blocked, true)),
            (400, 21219, fatal(Reason::ProviderRefused, false)),
            (400, 21214, Refusal::TryLater),
            (400, 13224, Refusal::TryLater),
            (400, 21215, config(HaltScope::Country)),
            (400, 13227, config(HaltScope::Country)),
            (400, 21210, config(HaltScope::Campaign)),
            (400, 21212, config(HaltScope::Campaign)),
            (400, 32224, config(HaltScope::Campaign)),
            (401, 20003, Refusal::AccountFault),
            (400, 10001, Refusal::AccountFault),
            (429, 20429, Refusal::Capacity { retry_after: None }),
            (400, 10004, Refusal::Capacity { retry_after: None }),
            (400, 22005, Refusal::Capacity { retry_after: None }),
            (400, 99999, Refusal::Unclassified),
        ];
        for (status, code, class) in table {
            assert_eq!(Refusal::of(status, Some(code), None), class, "{code}");
        }
        assert_eq!(Refusal::of(429, None, None), Refusal::Capacity { retry_after: None });
        assert_eq!(Refusal::of(401, None, None), Refusal::AccountFault);
        assert_eq!(Refusal::of(404, None, None), Refusal::Unclassified);
    }

    #[test]
    fn a_dead_number_is_quarantined_and_its_lead_finished() {
        let plan = plan(Refusal::of(400, Some(21211), None), 1, false);
        assert_eq!(plan.attempt, Err(failed(Reason::InvalidNumber)));
        assert!(plan.quarantine);
    }

    #[test]
    fn an_unreachable_number_gets_one_more_try_a_day_later() {
        let first = plan(Refusal::TryLater, 1, false);
        assert!(matches!(first.attempt, Err(LeadStep::Waiting { at, .. }) if at.since(NOW) >= Duration::from_secs(86_400)));
        assert!(!first.quarantine);
        let second = plan(Refusal::TryLater, 1, true);
        assert_eq!((second.attempt, second.quarantine), (Err(failed(Reason::InvalidNumber)), true));
    }

    #[test]
    fn a_full_provider_holds_everyone_back_and_blames_no_lead() {
        let refusal = Refusal::Capacity { retry_after: Some(Duration::from_secs(20)) };
        let plan = plan(refusal, 1, false);
        assert_eq!((plan.attempt, plan.fleet_backoff), (Ok(Duration::from_secs(20)), Some(Duration::from_secs(20))));
        assert!(!refusal.is_counted());
    }

    #[test]
    fn an_unknown_refusal_is_tried_again_and_alarms_at_the_third() {
        assert_eq!(plan(Refusal::Unclassified, 2, false), RefusalPlan::again(Duration::from_secs(4)));
        let third = plan(Refusal::Unclassified, 3, false);
        assert!(third.alarm && matches!(third.attempt, Err(LeadStep::Parked { .. })));
    }

    #[test]
    fn an_unreachable_provider_gives_the_lead_back_instead_of_holding_it_for_ever() {
        let limit = DialTimings::default().refusal_limit;
        assert!(plan(Refusal::NotSent, limit - 1, false).attempt.is_ok());
        assert!(matches!(plan(Refusal::NotSent, limit, false).attempt, Err(LeadStep::Waiting { kind: DialKind::Fresh, .. })));
    }

    #[test]
    fn a_call_that_we_held_back_goes_in_its_next_turn_however_often() {
        let secs = Duration::from_secs;
        for (times, wait) in [(1, secs(2)), (2, secs(4)), (4, secs(16)), (5, secs(30)), (50, secs(30))] {
            assert_eq!(plan(Refusal::HeldBack, times, false), RefusalPlan::again(wait), "{times}");
        }
    }

    #[test]
    fn calls_that_we_held_back_do_not_count_with_the_refusals_nor_these_with_them() {
        let table = [
            // refused before, send, which refusal it would be, which call that we held back
            (0, 1, 1, 1),
            (0, 9, 1, 9),
            (2, 3, 3, 1),
            (2, 5, 3, 3),
        ];
        for (refusals, send_no, refused, held_back) in table {
            assert_eq!(Refusal::Unclassified.nth(refusals, send_no), refused, "{refusals} before {send_no}");
            assert_eq!(Refusal::HeldBack.nth(refusals, send_no), held_back, "{refusals} before {send_no}");
        }
    }

    #[test]
    fn our_own_faults_stop_what_they_touch() {
        assert_eq!(plan(Refusal::AccountFault, 1, false).halt, Some(HaltScope::Fleet));
        assert_eq!(plan(Refusal::ConfigFault { halt: HaltScope::Campaign }, 1, false).halt, Some(HaltScope::Campaign));
        assert!(matches!(plan(Refusal::ConfigFault { halt: HaltScope::Country }, 1, false).attempt, Err(LeadStep::Parked { .. })));
    }
}
