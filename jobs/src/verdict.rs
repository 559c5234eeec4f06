//! How a job ended, as a value.

use std::time::Duration;

/// What a handler says about its job. Snoozing costs no attempt; retrying does; discarding is for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Done,
    /// Not now: ask again after this long.
    Snooze(Duration),
    /// Failed; trying again may help.
    Retry(String),
    /// Failed; trying again does not help.
    Discard(String),
}

impl Verdict {
    /// One word for metrics and logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Snooze(_) => "snooze",
            Self::Retry(_) => "retry",
            Self::Discard(_) => "discard",
        }
    }
}
