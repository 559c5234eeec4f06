//! What an open gate sees, so that one can tell how near it is to closing. Nobody who dials asks for these words.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::ask::{DAY, recent};
use super::{Gate, PermitFacts};
use crate::domain::count::counted;
use crate::domain::law::Jurisdiction;
use crate::domain::time::Timestamp;

pub(super) fn seen(gate: Gate, facts: &PermitFacts<'_>, now: Timestamp) -> String {
    match gate {
        Gate::Campaign => facts.campaign.as_str().to_owned(),
        Gate::Lead => "it waits for a call".to_owned(),
        Gate::Consent => facts.consent_basis.filter(|basis| !basis.trim().is_empty()).unwrap_or("none is stated or asked for").to_owned(),
        Gate::Suppression => "not suppressed".to_owned(),
        Gate::Quarantine => "not refused".to_owned(),
        Gate::DncAge => "no list is too old".to_owned(),
        Gate::Country => facts.country.unwrap_or("no known country").to_owned(),
        Gate::NumberRange => "in no blocked range".to_owned(),
        Gate::Zone => facts.zones.join(", "),
        Gate::Hours => hours(facts.zones, now),
        Gate::AttemptCap => format!("{} of {}", facts.placed_for_lead, counted(facts.settings.max_attempts, "call")),
        Gate::DayCap => day_cap(facts, now),
        Gate::CallerCap => format!("one is free of {}", counted(facts.settings.caller_numbers.len(), "number")),
        Gate::Budget => budget(facts),
    }
}

/// `Monday 16:51 in America/Los_Angeles`, for every clock the callee may live by.
fn hours(zones: &[String], now: Timestamp) -> String {
    let clock = |name: &String| {
        let zone = TimeZone::get(name).ok()?;
        Some(format!("{} in {name}", now.in_zone(&zone).strftime("%A %H:%M")))
    };
    let clocks: Vec<String> = zones.iter().filter_map(clock).collect();
    if clocks.is_empty() { "no zone is known".to_owned() } else { clocks.join(", ") }
}

/// The campaign's cap and then the law's: `0 of 3 in 24 h, 0 of 3 in 24 h (us-fl)`.
fn day_cap(facts: &PermitFacts<'_>, now: Timestamp) -> String {
    let of = |most: u32, span: Duration| format!("{} of {most} in {} h", recent(facts, span, now).count(), span.as_secs() / 3_600);
    let laws: &[&'static Jurisdiction] = if facts.settings.law.caps_lifted { &[] } else { facts.laws };
    let lawful = laws
        .iter()
        .flat_map(|law| law.caps.iter().map(|cap| (law.id, cap)))
        .map(|(id, cap)| format!("{} ({id})", of(cap.most, cap.within)));
    std::iter::once(of(facts.settings.max_attempts_per_day, DAY)).chain(lawful).collect::<Vec<_>>().join(", ")
}

fn budget(facts: &PermitFacts<'_>) -> String {
    let (taken, reserve) = (facts.spent_and_reserved, facts.reserve);
    match facts.settings.budget {
        Some(budget) => format!("{taken} of {budget} are spent or reserved and this call may need {reserve}"),
        None => "no budget is set".to_owned(),
    }
}
