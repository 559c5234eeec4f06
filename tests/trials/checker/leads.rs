//! I3 and I6: no lead is forgotten, by the fleet or by the export.

use std::collections::BTreeMap;

use super::rows::Rows;

/// A lead may be due for so long before it counts as forgotten.
const OVERDUE_MS: i64 = 5_000;

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

fn rests(rows: &Rows, lead: &super::rows::Lead) -> bool {
    let closed = rows.rules_of(&lead.campaign).is_some_and(|rules| rules.closed);
    match lead.state.as_str() {
        "finished" | "suppressed" | "cancelled" | "parked" => true,
        "waiting" => lead.next_attempt_at + OVERDUE_MS > rows.read_at,
        // a closed campaign need not have looked at all its leads
        "new" => closed,
        _ => false,
    }
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
