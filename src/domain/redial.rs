//! When to try again, by what came of the last try.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One line of the table: how long to wait, and how often at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redial {
    /// Wait this long after the call ended.
    pub after: Duration,
    /// At most so many tries that ended like this.
    pub times: u32,
}

/// Redials by disposition; a disposition without a line is not tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedialTable {
    /// The line was busy.
    pub busy: Redial,
    /// Nobody answered.
    pub no_answer: Redial,
    /// A machine answered.
    pub voicemail: Redial,
    /// The network or provider failed (never for numbers that do not exist).
    pub failed: Redial,
    /// The conversation broke off.
    pub incomplete: Redial,
}
