//! The gates, in the order of [`Gate`]: each is silent when it is open.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Denial, Gate, PermitFacts, budget_allows};
use crate::domain::caller::CallerChoice;
use crate::domain::campaign::{CampaignState, Countries};
use crate::domain::count::counted;
use crate::domain::law::{CapRule, Jurisdiction, LawfulHours};
use crate::domain::suppression::SuppressionSource;
use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar, Open, open_in_all};

/// The window of the campaign's cap per number.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Open calls give back what they do not use, so a spent budget is looked at again after this.
const BUDGET_LOOK: Duration = Duration::from_secs(60);

/// A list that was renewed is noticed after this at the latest.
const DNC_LOOK: Duration = Duration::from_secs(15 * 60);

/// What a closed gate says: its rule, what it saw, when it opens.
struct Closed {
    rule: String,
    value: String,
    opens_at: Option<Timestamp>,
}

fn closed(rule: impl Into<String>, value: impl Into<String>) -> Closed {
    Closed { rule: rule.into(), value: value.into(), opens_at: None }
}

pub(super) fn ask(gate: Gate, facts: &PermitFacts<'_>, now: Timestamp) -> Option<Denial> {
    let Closed { rule, value, opens_at } = match gate {
        Gate::Campaign => campaign(facts),
        Gate::Lead => lead(facts),
        Gate::Consent => consent(facts),
        Gate::Suppression => suppression(facts),
        Gate::Quarantine => quarantine(facts),
        Gate::DncAge => dnc_age(facts, now),
        Gate::Country => country(facts),
        Gate::NumberRange => number_range(facts),
        Gate::Zone => zone(facts.zones),
        Gate::Hours => hours(facts, now),
        Gate::AttemptCap => attempt_cap(facts),
        Gate::DayCap => day_cap(facts, now),
        Gate::CallerCap => caller_cap(facts),
        Gate::Budget => budget(facts, now),
    }?;
    Some(Denial { gate, rule, value, opens_at })
}

fn campaign(facts: &PermitFacts<'_>) -> Option<Closed> {
    match facts.campaign {
        CampaignState::Running => None,
        CampaignState::Draining if facts.is_callback => None,
        CampaignState::Draining => Some(closed("a draining campaign keeps its promised callbacks and calls nobody else", "draining")),
        state => Some(closed("only a running campaign calls", state.as_str())),
    }
}

fn lead(facts: &PermitFacts<'_>) -> Option<Closed> {
    let rule = "a lead is called while it waits and no call to it is open";
    facts.lead_stands.map(|stands| closed(rule, stands))
}

fn consent(facts: &PermitFacts<'_>) -> Option<Closed> {
    let missing = facts.settings.require_consent && facts.consent_basis.is_none_or(|basis| basis.trim().is_empty());
    missing.then(|| {
        let law = facts.laws.iter().find_map(|law| law.consent.as_ref());
        let asked = law.map(|(what, citation)| format!("; the law asks for {what}: {}", citation.text)).unwrap_or_default();
        closed(format!("require_consent = true{asked}"), "the lead has no consent_basis")
    })
}

fn suppression(facts: &PermitFacts<'_>) -> Option<Closed> {
    let found = facts.suppressed.filter(|found| found.source != SuppressionSource::Quarantine)?;
    let who = match found.source {
        SuppressionSource::OptOut => "the callee asked not to be called again",
        SuppressionSource::List => "the number is on a do-not-call list",
        SuppressionSource::Operator => "an operator suppressed the number",
        SuppressionSource::Carrier => "the callee's carrier answered that our calls are unwanted",
        SuppressionSource::Quarantine => return None,
    };
    let scope = if found.everywhere { "in any campaign" } else { "in this campaign" };
    Some(closed(format!("a suppressed number is never called {scope}"), who))
}

fn quarantine(facts: &PermitFacts<'_>) -> Option<Closed> {
    let found = facts.suppressed.filter(|found| found.source == SuppressionSource::Quarantine)?;
    let reason = found.reason.map_or("refused for good", |reason| reason.as_str());
    Some(closed("a number the provider refused for good is not tried again in any campaign", reason))
}

/// A newer list may come at any time, so it is asked again soon.
fn dnc_age(facts: &PermitFacts<'_>, now: Timestamp) -> Option<Closed> {
    let stale = facts.stale_dnc_list?;
    let (name, most) = (&stale.name, stale.most_days);
    let law = stale.citation.map_or_else(|| "it names no registry".to_owned(), |citation| citation.text.to_owned());
    let rule = format!("no calls by the do-not-call list {name} once it is {most} days old: {law}; renew it: callfleet dnc import");
    let value = match stale.days {
        Some(days) => format!("it was written {} ago", counted(days.unsigned_abs(), "day")),
        None => "the day on which it was written cannot be read".to_owned(),
    };
    Some(Closed { rule, value, opens_at: Some(now + DNC_LOOK) })
}

/// The campaign's own choice comes first: nobody permits a country at the provider for leads that are not called anyway.
fn country(facts: &PermitFacts<'_>) -> Option<Closed> {
    not_chosen(facts).or_else(|| {
        let Denial { rule, value, .. } = facts.not_permitted?.denial();
        Some(closed(rule, value))
    })
}

fn not_chosen(facts: &PermitFacts<'_>) -> Option<Closed> {
    let Countries::Only(allowed) = &facts.settings.countries else { return None };
    (!facts.settings.countries.calls(facts.country)).then(|| {
        let value = facts.country.map_or("a number of no known country".to_owned(), |country| format!("a number of {country}"));
        closed(format!("the campaign calls {} (`countries`, else the countries of its caller numbers)", allowed.join(", ")), value)
    })
}

fn number_range(facts: &PermitFacts<'_>) -> Option<Closed> {
    let range = facts.blocked_range?;
    Some(closed(format!("no calls to {} numbers: {}", range.kind, range.citation), range.kind))
}

fn zone(zones: &[String]) -> Option<Closed> {
    let rule = "every time zone the callee may be in is known; state one like America/New_York in the `timezone` column";
    if zones.is_empty() {
        return Some(closed(rule, "none is known"));
    }
    let unknown = zones.iter().find(|name| TimeZone::get(name).is_err())?;
    Some(closed(rule, format!("`{unknown}` is not a time zone")))
}

/// Closed hours; silent when a zone is unknown, since then [`Gate::Zone`] answers.
fn hours(facts: &PermitFacts<'_>, now: Timestamp) -> Option<Closed> {
    let zones: Vec<TimeZone> = facts.zones.iter().map(|name| TimeZone::get(name).ok()).collect::<Option<_>>()?;
    let laws = if facts.settings.law.hours_lifted { &[] } else { facts.laws };
    let lawful = LawfulHours { own: &facts.settings.window, laws };
    let Open::Until(opens_at) = open_in_all(&zones, &lawful, now) else { return None };
    let shut = zones.iter().find(|zone| lawful.at(now, zone) != Open::Yes)?;
    let local = now.in_zone(shut);
    let rule = hours_rule(&lawful, local.date());
    let never = if opens_at.is_some() { "" } else { "; within a year there is no moment at which all zones and rules are open" };
    let value = format!("{} in {}{never}", local.strftime("%A %H:%M"), shut.iana_name().unwrap_or("the callee's zone"));
    Some(Closed { rule, value, opens_at })
}

fn hours_rule(lawful: &LawfulHours<'_>, date: jiff::civil::Date) -> String {
    let rule = match lawful.hours_on(date) {
        Some(hours) => format!("calls may begin {hours} that day"),
        None => "no calls that day".to_owned(),
    };
    match lawful.narrowed_by(date) {
        Some((id, law)) => format!("{rule}: {id}, {}, as of {}", law.citation.text, law.citation.as_of),
        None => format!("{rule} (`hours`)"),
    }
}

/// A promised callback is not held up by the campaign's own cap; the cap per number and day counts it all the same.
fn attempt_cap(facts: &PermitFacts<'_>) -> Option<Closed> {
    let (placed, most) = (facts.placed_for_lead, facts.settings.max_attempts);
    let full = placed >= most && !facts.is_callback;
    full.then(|| {
        closed(
            format!("at most {} to a lead (`caps.attempts`)", counted(most, "call")),
            format!("{} placed so far", counted(placed, "call")),
        )
    })
}

/// The tightest of the campaign's cap and the law's.
fn day_cap(facts: &PermitFacts<'_>, now: Timestamp) -> Option<Closed> {
    let own = within(facts, facts.settings.max_attempts_per_day, DAY, now).map(|(value, opens_at)| {
        (
            format!(
                "at most {} to a number in 24 h over all campaigns (`caps.attempts_per_day`)",
                counted(facts.settings.max_attempts_per_day, "call")
            ),
            value,
            opens_at,
        )
    });
    let laws: &[&'static Jurisdiction] = if facts.settings.law.caps_lifted { &[] } else { facts.laws };
    let lawful = laws.iter().flat_map(|law| law.caps.iter().map(|cap| (law.id, cap)));
    let lawful = lawful.filter_map(|(id, cap)| within(facts, cap.most, cap.within, now).map(|(value, at)| (cap_rule(id, cap), value, at)));
    // What opens last decides; what never opens by itself comes after everything.
    let (rule, value, opens_at) = own.into_iter().chain(lawful).max_by_key(|(_, _, at)| (at.is_none(), *at))?;
    Some(Closed { rule, value, opens_at })
}

fn cap_rule(id: &str, cap: &CapRule) -> String {
    let hours = cap.within.as_secs() / 3_600;
    format!("at most {} to a number in {hours} h: {id}, {}, as of {}", counted(cap.most, "call"), cap.citation.text, cap.citation.as_of)
}

/// When the calls to the number that are younger than `span` began.
pub(super) fn recent(facts: &PermitFacts<'_>, span: Duration, now: Timestamp) -> impl Iterator<Item = Timestamp> {
    facts.placed_to_number.iter().copied().filter(move |placed| *placed + span > now)
}

/// Calls younger than `span` against a cap: what was seen, and when fewer than `most` are that young.
fn within(facts: &PermitFacts<'_>, most: u32, span: Duration, now: Timestamp) -> Option<(String, Option<Timestamp>)> {
    let (count, allowed) = (recent(facts, span, now).count(), usize::try_from(most).unwrap_or(usize::MAX));
    if count < allowed {
        return None;
    }
    let mut moments: Vec<Timestamp> = recent(facts, span, now).collect();
    moments.sort_unstable();
    let opens = moments.get(count - allowed).map(|placed| *placed + span);
    let value = format!("{} to this number began within {} h", counted(count, "call"), span.as_secs() / 3_600);
    Some((value, opens))
}

fn caller_cap(facts: &PermitFacts<'_>) -> Option<Closed> {
    match facts.caller {
        CallerChoice::Use(_) => None,
        CallerChoice::WornOut(until) => {
            let most = facts.settings.calls_per_caller.unwrap_or(u32::MAX);
            let rule = format!("at most {} in 24 h from one caller number (`caps.calls_per_caller`)", counted(most, "call"));
            let value = format!("every caller number has made them ({})", counted(facts.settings.caller_numbers.len(), "number"));
            Some(Closed { rule, value, opens_at: Some(until) })
        }
        CallerChoice::Rejected => {
            Some(closed("a caller number the callee's carrier rejected is not shown to them again", "every caller number was rejected"))
        }
    }
}

fn budget(facts: &PermitFacts<'_>, now: Timestamp) -> Option<Closed> {
    let budget = facts.settings.budget?;
    let (taken, reserve) = (facts.spent_and_reserved, facts.reserve);
    (!budget_allows(budget, taken, reserve)).then(|| Closed {
        rule: format!("spent, reserved and the worst case of this call stay within {budget} (`budget_usd`)"),
        value: format!("{taken} are spent or reserved and this call may need {reserve}"),
        opens_at: Some(now + BUDGET_LOOK),
    })
}
