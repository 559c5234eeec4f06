//! I3 and I6: no lead is forgotten, by the fleet or by the export.

use std::collections::BTreeMap;

use super::rows::{Attempt, Lead, Rows};
use super::truth::Truth;

/// A lead may be due for so long before it counts as forgotten.
const OVERDUE_MS: i64 = 5_000;
/// Nobody is put off for longer than until the day after tomorrow.
const FARTHEST_MS: i64 = 48 * 3_600_000;

/// I3: leads and attempts are at rest.
pub fn at_rest(rows: &Rows) -> Vec<String> {
    let stuck_leads =
        rows.leads.iter().filter(|lead| !rests(rows, lead)).map(|lead| format!("lead {} stays {}", lead.external_id, lead.state));
    let open = |state: &str| !matches!(state, "ended" | "withdrawn" | "absent");
    let open_attempts = rows.attempts.iter().filter(|attempt| open(&attempt.state));
    let stuck_attempts = open_attempts.map(|attempt| format!("attempt {} stays {}", attempt.id, attempt.state));
    let stuck_numbers = rows.stuck_numbers.iter().map(|number| format!("{number} is held by an attempt that ended"));
    stuck_leads.chain(stuck_attempts).chain(stuck_numbers).collect()
}

fn rests(rows: &Rows, lead: &Lead) -> bool {
    let closed = rows.rules_of(&lead.campaign).is_some_and(|rules| rules.closed);
    match lead.state.as_str() {
        "finished" | "suppressed" | "cancelled" | "parked" => true,
        "waiting" => (rows.read_at - OVERDUE_MS..rows.read_at + FARTHEST_MS).contains(&lead.next_attempt_at),
        // a closed campaign need not have looked at all its leads
        "new" => closed,
        _ => false,
    }
}

/// I3: a lead may rest only for a reason that can be seen: it was tried, or its number may not be called (any more).
pub fn nobody_passed_over(truth: &Truth, rows: &Rows) -> Vec<String> {
    let passed_over = |lead: &&Lead| {
        let closed = rows.rules_of(&lead.campaign).is_some_and(|rules| rules.closed);
        let due_soon = lead.state == "waiting" && lead.next_attempt_at <= rows.read_at + OVERDUE_MS;
        !closed && !due_soon && rests(rows, lead) && !has_reason(truth, rows, lead)
    };
    let complaint = |lead: &Lead| format!("lead {} is {} and was never tried, for no reason to be seen", lead.external_id, lead.state);
    rows.leads.iter().filter(passed_over).map(complaint).collect()
}

fn has_reason(truth: &Truth, rows: &Rows, lead: &Lead) -> bool {
    let own = |fits: fn(&Attempt) -> bool| rows.attempts.iter().any(|attempt| attempt.lead_id == lead.id && fits(attempt));
    let suppressed = rows.suppressed.iter().any(|entry| entry.phone_number == lead.phone_number);
    let capped = || {
        let calls = truth.calls.iter().filter(|call| call.to == lead.phone_number).count();
        rows.rules_of(&lead.campaign).is_some_and(|rules| calls >= rules.calls_per_number_a_day)
    };
    match lead.state.as_str() {
        "finished" => own(|attempt| attempt.disposition.is_some()) || suppressed || capped(),
        "waiting" => own(|attempt| attempt.state != "withdrawn") || suppressed || capped(),
        "suppressed" => own(|attempt| attempt.disposition.is_some()) || suppressed,
        "parked" => own(|attempt| attempt.state != "withdrawn"),
        // nobody takes a lead off the list in a trial
        _ => false,
    }
}

/// I3: a call that nobody ends goes on costing money, and somebody listens to silence.
pub fn calls_are_over(truth: &Truth) -> Vec<String> {
    truth
        .calls
        .iter()
        .chain(&truth.legs)
        .filter(|call| call.ended_ms.is_none())
        .map(|call| format!("{} to {} is not over", call.sid, call.to))
        .collect()
}

/// I6: what was accepted is exported, each once.
pub fn exported_once(accepted: &[String], exported: &[String]) -> Vec<String> {
    let mut rows: BTreeMap<&str, i64> = accepted.iter().map(|id| (id.as_str(), -1)).collect();
    for id in exported {
        *rows.entry(id.as_str()).or_insert(0) += 1;
    }
    let wrong = rows.into_iter().filter(|(_, surplus)| *surplus != 0);
    wrong.map(|(id, surplus)| if surplus < 0 { format!("{id} is not exported") } else { format!("{id} is exported too often") }).collect()
}
