//! Calling hours on the callee's own clock.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// Hours of one weekday, in minutes after local midnight, half open: `[open, close)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// First minute in which a call may begin.
    pub open: u16,
    /// First minute in which it may not.
    pub close: u16,
}

/// When calls may begin, per weekday (Monday first), in the callee's zone. `None`: not on that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingWindow {
    /// Monday to Sunday.
    pub days: [Option<Hours>; 7],
    /// Local dates without calls.
    pub holidays: Vec<jiff::civil::Date>,
}

/// Whether a moment lies inside the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Calls may begin now.
    Yes,
    /// Closed; the next moment it opens, `None` when it never does within a year.
    Until(Option<Timestamp>),
}
