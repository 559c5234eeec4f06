//! What must hold, whatever happened: each invariant compares the network's truth with the product's rows, and nothing else.

mod calls;
mod leads;
mod legs;
mod money;
mod permitted;
pub mod rows;
#[cfg(test)]
mod tests;
pub mod truth;

use std::fmt;

use rows::Rows;
use truth::Truth;

/// The promises, by the names docs/reliability.md uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// At most one call per attempt, and at most one to a person for each call.
    I1,
    /// Never two calls at once to one number, nor two sooner after each other than the campaign allows.
    I2,
    /// Every lead comes to rest for a reason that can be seen: done, parked for a person, or due at a time that is known; every
    /// call is over.
    I3,
    /// Every call belongs to one attempt and has one outcome, and that outcome is what happened.
    I4,
    /// No call outside the hours, to a suppressed number, beyond the caps, while the campaign stands still, or long after
    /// all that was looked at.
    I5,
    /// Every accepted lead is exported once.
    I6,
    /// What was reserved covers what it cost, and nothing stays reserved.
    I7,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// All that is looked at, after everything came to rest (or did not in time).
#[derive(Debug, Default)]
pub struct Evidence {
    pub truth: Truth,
    pub rows: Rows,
    /// External ids that each campaign accepted, and those its export shows.
    pub accepted: Vec<String>,
    pub exported: Vec<String>,
}

/// Every broken promise.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let Evidence { truth, rows, accepted, exported } = evidence;
    let mut found = Vec::new();
    let mut ask = |invariant, complaints: Vec<String>| {
        found.extend(complaints.into_iter().map(|what| Violation { invariant, what }));
    };
    ask(Invariant::I1, calls::one_per_attempt(truth));
    ask(Invariant::I1, legs::one_per_call(truth));
    ask(Invariant::I2, calls::one_at_a_time(truth));
    ask(Invariant::I2, calls::not_too_soon(truth, rows));
    ask(Invariant::I2, calls::not_after_the_last(truth, rows));
    ask(Invariant::I3, leads::at_rest(rows));
    ask(Invariant::I3, leads::nobody_passed_over(truth, rows));
    ask(Invariant::I3, leads::calls_are_over(truth));
    ask(Invariant::I4, calls::one_attempt_and_outcome(truth, rows));
    ask(Invariant::I4, calls::outcomes_are_true(truth, rows));
    ask(Invariant::I4, calls::held_were_answered(truth, rows));
    ask(Invariant::I4, legs::of_a_talk(truth));
    ask(Invariant::I4, legs::transferred_is_true(truth, rows));
    ask(Invariant::I5, permitted::not_suppressed(truth, rows));
    ask(Invariant::I5, permitted::in_hours(truth, rows));
    ask(Invariant::I5, permitted::decided_lately(truth, rows));
    ask(Invariant::I5, permitted::within_caps(truth, rows));
    ask(Invariant::I5, permitted::while_running(truth, rows));
    ask(Invariant::I6, leads::exported_once(accepted, exported));
    ask(Invariant::I7, money::reserved_covers_cost(rows));
    found
}
