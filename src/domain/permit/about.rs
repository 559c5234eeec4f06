//! Each gate in one sentence: what `explain` shows for an open one, and what the documentation's table says.

use super::Gate;

impl Gate {
    /// What opens a gate that is looked at again soon although no time opens it; `None` for all others.
    #[must_use]
    pub const fn opened_by(self) -> Option<&'static str> {
        match self {
            Self::DncAge => Some("a newer list"),
            Self::Budget => Some("a higher budget, or by calls that end below what they reserved"),
            _ => None,
        }
    }

    /// The rule of a gate, whatever a campaign's settings make of it.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Campaign => "only a running campaign calls; a draining one keeps its promised callbacks",
            Self::Lead => "a lead is called while it waits and no call to it is open",
            Self::Consent => "somebody says on what basis the person may be called (`require_consent`)",
            Self::Suppression => "nobody is called who opted out or is on a do-not-call list",
            Self::Quarantine => "a number the provider refused for good is not tried again in any campaign",
            Self::DncAge => {
                "every do-not-call list that concerns the countries called is as new as its registry asks (`callfleet dnc list`)"
            }
            Self::Country => "the number's country is one the campaign calls (`countries`) and the provider permits",
            Self::NumberRange => "the number is a person's line: no premium rate, satellite, pager and the like",
            Self::Zone => "every time zone the callee may be in is known",
            Self::Hours => "it is inside the campaign's hours and the law's on every clock the callee may live by (`hours`, `law`)",
            Self::AttemptCap => "at most so many calls to a lead (`caps.attempts`)",
            Self::DayCap => "at most so many calls to a number in 24 h over all campaigns (`caps.attempts_per_day`), and the law's caps",
            Self::CallerCap => "one of the campaign's numbers is not worn out today and not rejected by the callee's carrier",
            Self::Budget => "what is spent, reserved and this call's worst case stay within `budget_usd`",
        }
    }
}
