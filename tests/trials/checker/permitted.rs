//! I5: nobody is called whom the rules protect.

use std::collections::BTreeMap;

use super::rows::{Paused, Rows, Rules};
use super::truth::{Call, Truth};

/// From the decision to call until the provider makes the call of it, at most.
fn longest_send(rows: &Rows) -> i64 {
    rows.rules.iter().map(|rules| rules.longest_send_ms).max().unwrap_or(0)
}

fn rules_for<'a>(call: &Call, rows: &'a Rows) -> Option<&'a Rules> {
    rows.rules_of(&rows.attempt_behind(call)?.campaign)
}

/// A number that was suppressed when the decision was made is not called.
pub fn not_suppressed(truth: &Truth, rows: &Rows) -> Vec<String> {
    let known = |call: &&Call| {
        let decided = call.created_ms - longest_send(rows);
        rows.suppressed.iter().any(|entry| entry.phone_number == call.to && entry.created_at < decided)
    };
    truth.calls.iter().filter(known).map(|call| format!("{} was called by {} after it was suppressed", call.to, call.sid)).collect()
}

/// A call is made soon after it was decided: the permit says nothing about later.
pub fn decided_lately(truth: &Truth, rows: &Rows) -> Vec<String> {
    let late = |call: &Call| {
        let waited = call.created_ms - rows.attempt_of(&call.sid)?.intent_at?;
        (waited > longest_send(rows)).then(|| format!("{} was made {waited} ms after it was decided", call.sid))
    };
    truth.calls.iter().filter_map(late).collect()
}

/// A campaign whose hours are closed calls nobody.
pub fn in_hours(truth: &Truth, rows: &Rows) -> Vec<String> {
    let closed = truth.calls.iter().filter(|call| rules_for(call, rows).is_some_and(|rules| rules.closed));
    closed.map(|call| format!("{} was made outside the calling hours", call.sid)).collect()
}

/// Leads and numbers are not called more often than allowed. Calls that never rang are no tries.
pub fn within_caps(truth: &Truth, rows: &Rows) -> Vec<String> {
    let (mut by_lead, mut by_number): (BTreeMap<_, usize>, BTreeMap<&str, usize>) = (BTreeMap::new(), BTreeMap::new());
    for call in truth.calls.iter().filter(|call| call.rang) {
        *by_number.entry(&call.to).or_default() += 1;
        if let Some(attempt) = rows.attempt_behind(call) {
            *by_lead.entry((attempt.lead_id, attempt.campaign.as_str())).or_default() += 1;
        }
    }
    let number_cap = rows.rules.iter().map(|rules| rules.calls_per_number_a_day).max().unwrap_or(usize::MAX);
    let leads = by_lead.into_iter().filter_map(|((lead, campaign), calls)| {
        let cap = rows.rules_of(campaign)?.calls_per_lead;
        (calls > cap).then(|| format!("lead {lead} was called {calls} times, {cap} are allowed"))
    });
    let numbers = by_number.into_iter().filter(|(_, calls)| *calls > number_cap);
    leads.chain(numbers.map(|(number, calls)| format!("{number} was called {calls} times in a day, {number_cap} are allowed"))).collect()
}

/// A campaign that stands still calls nobody. A span counts only for a call that must have been decided in it: what was decided
/// before it may still be sent, and what was made behind its end may have been decided there.
pub fn while_running(truth: &Truth, rows: &Rows) -> Vec<String> {
    let sending = longest_send(rows);
    let stands_still = |call: &&Call| {
        let Some(attempt) = rows.attempt_behind(call) else { return false };
        let begun = attempt.intent_at.unwrap_or(call.created_ms - sending);
        let within = |span: &Paused| begun >= span.from_ms && begun + sending < span.until_ms && call.created_ms < span.until_ms;
        rows.paused.iter().any(|span| span.campaign == attempt.campaign && within(span))
    };
    truth.calls.iter().filter(stands_still).map(|call| format!("{} was made while its campaign was paused", call.sid)).collect()
}
