//! May we call this person now? One pure function, every gate, and the only place that makes a [`DialPermit`].
//!
//! Each closed gate says what it saw in words a person understands (never a phone number) and when to ask again.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::domain::window::{CallingWindow, Open, open_in_all};
use crate::word_enum;

/// The window of the cap per number.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Open calls give back what they do not use, so a spent budget is looked at again after this.
const BUDGET_LOOK: Duration = Duration::from_secs(60);

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
    /// When to ask again; `None` when only a change by a person opens it. Other gates may be closed then.
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
pub fn gates(facts: &PermitFacts<'_>, now: Timestamp) -> Vec<Denial> {
    Gate::ALL.iter().filter_map(|gate| ask(*gate, facts, now)).collect()
}

fn ask(gate: Gate, facts: &PermitFacts<'_>, now: Timestamp) -> Option<Denial> {
    let (detail, opens_at) = match gate {
        Gate::Campaign => (campaign(facts)?, None),
        Gate::Lead => (lead(facts)?, None),
        Gate::Consent => (consent(facts)?, None),
        Gate::Suppression => (suppression(facts)?, None),
        Gate::Zone => (zone(facts.zones)?, None),
        Gate::Hours => hours(facts, now)?,
        Gate::AttemptCap => (attempt_cap(facts)?, None),
        Gate::DayCap => day_cap(facts, now)?,
        Gate::Budget => (budget(facts)?, Some(now + BUDGET_LOOK)),
    };
    Some(Denial { gate, detail, opens_at })
}

fn campaign(facts: &PermitFacts<'_>) -> Option<String> {
    match facts.campaign {
        CampaignState::Running => None,
        CampaignState::Draining if facts.is_callback => None,
        CampaignState::Draining => Some("the campaign is draining: only promised callbacks are still called".to_owned()),
        state => Some(format!("the campaign is {state}; only a running campaign calls")),
    }
}

fn lead(facts: &PermitFacts<'_>) -> Option<String> {
    let closed = !facts.lead_callable;
    closed.then(|| "the lead is finished, suppressed, parked, cancelled, or another call to it is open".to_owned())
}

fn consent(facts: &PermitFacts<'_>) -> Option<String> {
    let missing = facts.settings.require_consent && facts.consent_basis.is_none_or(|basis| basis.trim().is_empty());
    missing.then(|| "the lead has no consent_basis and the campaign has require_consent = true".to_owned())
}

fn suppression(facts: &PermitFacts<'_>) -> Option<String> {
    facts.suppressed.then(|| "the number opted out or is on a do-not-call list".to_owned())
}

fn zone(zones: &[String]) -> Option<String> {
    if zones.is_empty() {
        return Some("nobody knows which time zone the callee is in; state one in the `timezone` column".to_owned());
    }
    let unknown = zones.iter().find(|name| TimeZone::get(name).is_err())?;
    Some(format!("`{unknown}` is not a time zone; state one like America/New_York in the `timezone` column"))
}

/// Closed hours; silent when a zone is unknown, since then [`Gate::Zone`] answers.
fn hours(facts: &PermitFacts<'_>, now: Timestamp) -> Option<(String, Option<Timestamp>)> {
    let zones: Vec<TimeZone> = facts.zones.iter().map(|name| TimeZone::get(name).ok()).collect::<Option<_>>()?;
    let window = &facts.settings.window;
    let Open::Until(opens) = open_in_all(&zones, window, now) else { return None };
    let closed = zones.iter().find(|zone| window.at(now, zone) != Open::Yes)?;
    Some((closed_hours(window, now, closed, opens.is_some()), opens))
}

fn closed_hours(window: &CallingWindow, now: Timestamp, zone: &TimeZone, opens: bool) -> String {
    let local = now.in_zone(zone);
    let name = zone.iana_name().unwrap_or("the callee's zone");
    let rule = match window.hours_on(local.date()) {
        Some(hours) => format!("calls may begin {hours}"),
        None => "no calls that day".to_owned(),
    };
    let never = if opens { "" } else { "; the hours never open in all zones of this lead" };
    format!("it is {} in {name}, {rule}{never}", local.strftime("%A %H:%M"))
}

/// A promised callback is not held up by the campaign's own cap; the cap per number and day counts it all the same.
fn attempt_cap(facts: &PermitFacts<'_>) -> Option<String> {
    let (placed, most) = (facts.placed_for_lead, facts.settings.max_attempts);
    let closed = placed >= most && !facts.is_callback;
    closed.then(|| format!("calls placed to this lead: {placed}, at most {most} allowed"))
}

fn day_cap(facts: &PermitFacts<'_>, now: Timestamp) -> Option<(String, Option<Timestamp>)> {
    let most = facts.settings.max_attempts_per_day;
    let mut recent: Vec<Timestamp> = facts.placed_to_number.iter().copied().filter(|placed| *placed + DAY > now).collect();
    let allowed = usize::try_from(most).unwrap_or(usize::MAX);
    if recent.len() < allowed {
        return None;
    }
    recent.sort_unstable();
    let detail = format!("calls to this number within 24 h, over all campaigns: {}, at most {most} allowed", recent.len());
    // The cap opens once fewer than `allowed` calls are younger than a day.
    let opens = recent.len().checked_sub(allowed).and_then(|first| recent.get(first)).map(|placed| *placed + DAY);
    Some((detail, opens))
}

fn budget(facts: &PermitFacts<'_>) -> Option<String> {
    let budget = facts.settings.budget?;
    let (taken, reserve) = (facts.spent_and_reserved, facts.reserve);
    let closed = taken + reserve > budget;
    closed.then(|| format!("{taken} of {budget} are spent or reserved and this call may need {reserve}"))
}

#[cfg(test)]
mod tests;
