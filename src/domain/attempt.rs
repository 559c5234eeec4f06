//! An attempt: one try at calling a lead, from arming to its end. One table says which changes of state exist.

use crate::word_enum;

word_enum! {
    /// Where an attempt stands. Changed only by compare-and-set along [`TRANSITIONS`].
    pub enum AttemptState {
        /// Armed: the number is reserved, a ticket is out or will be rung again.
        Ready = "ready",
        /// Claimed by a worker: the POST may be on the wire.
        Sending = "sending",
        /// Nobody knows whether the provider took the POST; never sent again, only reconciled.
        Unknown = "unknown",
        /// The provider has the call; its sid is bound.
        Placed = "placed",
        /// The callee's phone rings.
        Ringing = "ringing",
        /// The callee (or a machine) answered.
        Talking = "talking",
        /// Transferred: a person has the callee, we are out.
        HandedOff = "handed_off",
        /// Over, with an outcome.
        Ended = "ended",
        /// Given back before it was sent (pause, cancel, opt-out, a denied permit).
        Withdrawn = "withdrawn",
        /// Provably not processed by the provider; armed again at `rearm_at`, or closed.
        Refused = "refused",
        /// Reconciled: the provider has no such call.
        Absent = "absent",
    }
}

/// Every change of state that may be written, with the event that causes it.
pub const TRANSITIONS: &[(AttemptState, AttemptState, &str)] = {
    use AttemptState::{Absent, Ended, HandedOff, Placed, Ready, Refused, Ringing, Sending, Talking, Unknown, Withdrawn};
    &[
        (Ready, Sending, "claim"),
        (Ready, Withdrawn, "permit denied, pause, cancel or opt-out"),
        (Ready, Placed, "an earlier send turns out to have rung: adopt it"),
        (Sending, Placed, "2xx with a sid, or a signed callback"),
        (Sending, Refused, "not processed or not sent"),
        (Sending, Unknown, "no certain answer, or past the send deadline"),
        (Unknown, Placed, "a callback or the provider's list shows the call"),
        (Unknown, Absent, "nothing after Q and three empty looks"),
        (Absent, Placed, "the call appears after all"),
        (Refused, Ready, "re-armed with the next send number"),
        (Refused, Withdrawn, "its campaign does not dial"),
        (Refused, Placed, "a late answer or callback shows the call"),
        (Refused, Ended, "refused for good"),
        (Placed, Ringing, "callback or poll"),
        (Placed, Talking, "answered"),
        (Placed, Ended, "the provider ended it"),
        (Ringing, Talking, "answered"),
        (Ringing, Ended, "the provider ended it"),
        (Talking, HandedOff, "transferred"),
        (Talking, Ended, "outcome folded"),
        (HandedOff, Ended, "the transferred call ended"),
    ]
};

impl AttemptState {
    /// Whether the table has this change.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.iter().any(|(from, to, _)| *from == self && *to == next)
    }

    /// Open attempts hold their number: nobody else may dial it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Ended | Self::Withdrawn | Self::Absent)
    }

    /// The provider has the call and it has not ended.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Placed | Self::Ringing | Self::Talking)
    }
}

word_enum! {
    /// Why a lead is called now; callbacks go before retries, retries before fresh leads.
    pub enum DialKind {
        /// Promised to the callee.
        Callback = "callback",
        /// A second or later try.
        Retry = "retry",
        /// The first try.
        Fresh = "fresh",
    }
}
