//! I7: what was reserved covers what it cost.

use super::rows::{Attempt, Rows};

/// No call costs more than was reserved for it; an ended one reserves nothing any more.
pub fn reserved_covers_cost(rows: &Rows) -> Vec<String> {
    let complaint = |attempt: &Attempt| {
        let reserve = rows.rules_of(&attempt.campaign)?.reserve_nano_usd;
        let (cost, id) = (attempt.cost_nano_usd, attempt.id);
        if cost > reserve {
            return Some(format!("attempt {id} cost {cost} n$, {reserve} were reserved"));
        }
        let leaks = matches!(attempt.state.as_str(), "ended" | "withdrawn" | "absent") && attempt.reserved_nano_usd != 0;
        leaks.then(|| format!("attempt {id} is closed and still reserves {} n$", attempt.reserved_nano_usd))
    };
    rows.attempts.iter().filter_map(complaint).collect()
}
