//! Who goes first among the fresh leads of a campaign: its list says so, lead by lead.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::Serialize;

/// A whole number in [`Priority::ALL`]; 0 where the list says nothing. Higher ones are called first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Priority(i8);

impl Priority {
    /// From last to first.
    pub const ALL: RangeInclusive<i8> = -99..=99;

    /// As a number.
    #[must_use]
    pub const fn get(self) -> i8 {
        self.0
    }
}

/// A number beyond the ends, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a priority is a whole number from {} to {}", Priority::ALL.start(), Priority::ALL.end())]
pub struct NoPriority;

impl TryFrom<i32> for Priority {
    type Error = NoPriority;
    fn try_from(number: i32) -> Result<Self, NoPriority> {
        i8::try_from(number).ok().filter(|number| Self::ALL.contains(number)).map(Self).ok_or(NoPriority)
    }
}

impl FromStr for Priority {
    type Err = NoPriority;
    fn from_str(text: &str) -> Result<Self, NoPriority> {
        text.parse::<i32>().map_err(|_| NoPriority)?.try_into()
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_within_the_ends() {
        for (text, number) in [("0", 0), ("-99", -99), ("99", 99), ("+7", 7), ("007", 7)] {
            assert_eq!(text.parse(), Ok(Priority(number)), "{text}");
        }
        for text in ["", "high", "1.5", "1.0", "1e1", "100", "-100", "120", "- 5", "99999999999"] {
            assert_eq!(text.parse::<Priority>(), Err(NoPriority), "{text}");
        }
    }
}
