//! May we call this person now? One pure function, every gate, and the only place that makes a [`DialPermit`].
//!
//! Each closed gate names its rule, says what it saw in words a person understands (never a phone number) and when to ask
//! again. [`ask`] holds the gates, one function each; [`seen`] says what an open one sees.

mod about;
mod ask;
mod seen;

use serde::Serialize;

use crate::domain::caller::CallerChoice;
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::dnc::StaleList;
use crate::domain::law::Jurisdiction;
use crate::domain::line::BlockedRange;
use crate::domain::money::NanoUsd;
use crate::domain::not_permitted::RefusedCountry;
use crate::domain::suppression::Suppressed;
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
        /// The provider refused the number for good, in whatever campaign.
        Quarantine = "quarantine",
        /// A do-not-call list is too old to call by.
        DncAge = "dnc_age",
        /// The number's country is not among those the campaign calls, or the provider does not permit it.
        Country = "country",
        /// The number is no person's line: premium rate, satellite, pager.
        NumberRange = "number_range",
        /// The lead's zone is not known.
        Zone = "zone",
        /// Outside the calling hours of the callee's zone, the campaign's or the law's.
        Hours = "hours",
        /// The lead was tried often enough.
        AttemptCap = "attempt_cap",
        /// The number was called often enough in 24 h, or in the span a law names.
        DayCap = "day_cap",
        /// The campaign's own numbers have made their calls for today, or the callee's carrier rejects them.
        CallerCap = "caller_cap",
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
    /// Why the lead is not to be called now (cancelled, finished, another attempt); `None` when it waits for a call.
    pub lead_stands: Option<&'a str>,
    /// The lead's consent basis, when stated.
    pub consent_basis: Option<&'a str>,
    /// The number must not be called, in any campaign or in this one.
    pub suppressed: Option<Suppressed>,
    /// A do-not-call list that is too old for the countries the campaign calls.
    pub stale_dnc_list: Option<&'a StaleList>,
    /// The number's country, ISO 3166.
    pub country: Option<&'a str>,
    /// The provider does not let the campaign call the number's country.
    pub not_permitted: Option<&'a RefusedCountry>,
    /// The blocked range the number lies in.
    pub blocked_range: Option<BlockedRange>,
    /// The laws the callee may be under.
    pub laws: &'a [&'static Jurisdiction],
    /// IANA zones the callee may be in; empty when unknown. All of them must be open.
    pub zones: &'a [String],
    /// Placed calls to this lead so far, promised callbacks aside.
    pub placed_for_lead: u32,
    /// When calls to this number began within the last 24 h, over all campaigns.
    pub placed_to_number: &'a [Timestamp],
    /// What the campaign's numbers have left for this callee.
    pub caller: CallerChoice,
    /// Spent and reserved by this campaign so far.
    pub spent_and_reserved: NanoUsd,
    /// Worst case of this dial.
    pub reserve: NanoUsd,
    /// This dial is a callback that was promised.
    pub is_callback: bool,
}

/// A closed gate: which, by what rule, what it saw, and when it opens again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// Which gate.
    pub gate: Gate,
    /// The rule, with its setting or its law.
    pub rule: String,
    /// What the gate saw.
    pub value: String,
    /// When to ask again; `None` when only a change by a person opens it. Other gates may be closed then. Whether it opens by itself
    /// is [`Denial::opening`]'s to say.
    pub opens_at: Option<Timestamp>,
}

impl Denial {
    /// When the gate opens by itself. One that is only looked at again, because somebody may have opened it, has no such moment.
    #[must_use]
    pub fn opening(&self) -> Option<Timestamp> {
        self.opens_at.filter(|_| self.gate.opened_by().is_none())
    }

    /// One line for a person: `hours: it is … (calls may begin …)`.
    #[must_use]
    pub fn why(&self) -> String {
        format!("{}: {} ({})", self.gate, self.value, self.rule)
    }
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
    match Gate::ALL.iter().find_map(|gate| ask::ask(*gate, facts, now)) {
        Some(denial) => Err(denial),
        None => Ok(DialPermit { _only_here: () }),
    }
}

/// Every closed gate, in the order of [`Gate`]; empty when the dial is allowed.
#[must_use]
pub fn gates(facts: &PermitFacts<'_>, now: Timestamp) -> Vec<Denial> {
    Gate::ALL.iter().filter_map(|gate| ask::ask(*gate, facts, now)).collect()
}

/// What every gate sees that is open, in the order of [`Gate`], beside the closed ones of [`gates`].
#[must_use]
pub fn open_gates(facts: &PermitFacts<'_>, closed: &[Denial], now: Timestamp) -> Vec<(Gate, String)> {
    let open = Gate::ALL.iter().filter(|gate| closed.iter().all(|denial| denial.gate != **gate));
    open.map(|gate| (*gate, seen::seen(*gate, facts, now))).collect()
}

/// Whether one more call of this worst case stays within the budget.
#[must_use]
pub fn budget_allows(budget: NanoUsd, spent_and_reserved: NanoUsd, reserve: NanoUsd) -> bool {
    spent_and_reserved + reserve <= budget
}

#[cfg(test)]
mod tests;
