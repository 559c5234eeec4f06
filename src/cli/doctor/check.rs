//! One thing that was looked at.

use std::fmt;

use serde::Serialize;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, but somebody should know.
    Note,
    /// Has to be fixed before calls can be made.
    Broken,
}

/// What was looked at, what was seen, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub detail: String,
    /// What to do; empty when nothing has to be done.
    pub fix: String,
}

impl Check {
    /// As it should be.
    pub fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Ok, detail: detail.into(), fix: String::new() }
    }

    /// Works, but somebody should know.
    pub fn note(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Note, detail: detail.into(), fix: fix.into() }
    }

    /// Has to be fixed.
    pub fn broken(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Broken, detail: detail.into(), fix: fix.into() }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.state {
            State::Ok => '✔',
            State::Note => '!',
            State::Broken => '✖',
        };
        write!(f, "{sign} {}: {}", self.name, self.detail)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "\n    fix: {}", self.fix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_check_says_what_to_do() {
        assert_eq!(Check::ok("data", "writable").to_string(), "✔ data: writable");
        assert_eq!(Check::broken("redis", "away", "start it").to_string(), "✖ redis: away\n    fix: start it");
    }
}
