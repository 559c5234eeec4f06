//! A lead: a person on a list. Its row says when it may be called next.

use crate::word_enum;

word_enum! {
    /// Where a lead stands. Changed only by compare-and-set along [`TRANSITIONS`].
    pub enum LeadState {
        /// Imported, never tried.
        New = "new",
        /// To be called at `next_attempt_at` or later.
        Waiting = "waiting",
        /// An attempt is open.
        Active = "active",
        /// Done, with a disposition.
        Finished = "finished",
        /// Never again: opted out, on a do-not-call list.
        Suppressed = "suppressed",
        /// A person has to look.
        Parked = "parked",
        /// Taken off the list by an operator.
        Cancelled = "cancelled",
    }
}

/// Every change of state that may be written, with the event that causes it.
pub const TRANSITIONS: &[(LeadState, LeadState, &str)] = {
    use LeadState::{Active, Cancelled, Finished, New, Parked, Suppressed, Waiting};
    &[
        (New, Active, "armed"),
        (Waiting, Active, "armed"),
        (New, Waiting, "a gate is closed until later"),
        (Active, Waiting, "the attempt closed and another one is due"),
        (Active, Finished, "the attempt closed with a final disposition"),
        (Active, Suppressed, "the callee opted out"),
        (Active, Parked, "a person has to look"),
        (Active, Cancelled, "cancelled while an attempt was open"),
        (New, Suppressed, "suppressed by list or opt-out"),
        (Waiting, Suppressed, "suppressed by list or opt-out"),
        (New, Cancelled, "cancelled by an operator"),
        (Waiting, Cancelled, "cancelled by an operator"),
        (New, Finished, "attempt caps leave nothing to try"),
        (Waiting, Finished, "attempt caps leave nothing to try"),
        (New, Parked, "a gate that only a person can open"),
        (Waiting, Parked, "a gate that only a person can open"),
        (Parked, Waiting, "retried by an operator"),
        (Parked, Cancelled, "cancelled by an operator"),
        (Finished, Waiting, "retried by an operator"),
        (Finished, Active, "a call that was thought absent rang after all"),
        (Parked, Active, "a call that was thought absent rang after all"),
        (Waiting, Waiting, "a gate moved the next attempt"),
    ]
};

impl LeadState {
    /// Whether the table has this change.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.iter().any(|(from, to, _)| *from == self && *to == next)
    }

    /// Nothing more will happen to this lead by itself.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Suppressed | Self::Parked | Self::Cancelled)
    }
}
