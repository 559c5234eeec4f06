//! I1 and I4: people whom a callee was handed to.

use std::collections::BTreeSet;

use super::rows::{Attempt, Rows};
use super::truth::{Call, Truth};

/// I1: no call rings two people, nor one person twice.
pub fn one_per_call(truth: &Truth) -> Vec<String> {
    let mut rang = BTreeSet::new();
    let once_more = truth.legs.iter().filter(|leg| !rang.insert(&leg.parent));
    once_more.map(|leg| format!("{} was handed over once more, as {}", parent(leg), leg.sid)).collect()
}

/// I4: a person is rung for somebody who is on the phone.
pub fn of_a_talk(truth: &Truth) -> Vec<String> {
    let talks = |leg: &&Call| truth.calls.iter().any(|call| call.answered && leg.parent.as_ref() == Some(&call.sid));
    let nobodys = truth.legs.iter().filter(|leg| !talks(leg));
    nobodys.map(|leg| format!("{} rang a person for {}, which nobody had answered", leg.sid, parent(leg))).collect()
}

/// I4: whoever was handed over has talked to a person.
pub fn transferred_is_true(truth: &Truth, rows: &Rows) -> Vec<String> {
    let answered = |attempt: &Attempt| truth.legs.iter().any(|leg| leg.answered && leg.parent.is_some() && leg.parent == attempt.call_sid);
    let handed = rows.attempts.iter().filter(|attempt| attempt.disposition.as_deref() == Some("transferred"));
    let complaint = |attempt: &Attempt| format!("attempt {} says `transferred`, and no person answered", attempt.id);
    handed.filter(|attempt| !answered(attempt)).map(complaint).collect()
}

fn parent(leg: &Call) -> &str {
    leg.parent.as_deref().unwrap_or_default()
}
