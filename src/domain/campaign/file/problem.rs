//! What is said about settings that are wrong.

use serde::Serialize;

const CALLERS: &str = "caller_numbers";
const NO_CALLERS: &str = "[]";

/// One setting that is wrong: which, what was written, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{key}: `{value}`: {fix}")]
pub struct SettingError {
    /// The key, dotted: `redial.busy.after`.
    pub key: String,
    /// What was written; a phone number masked.
    pub value: String,
    /// What to do.
    pub fix: String,
    /// The line of the file, where only reading it could tell.
    pub line: Option<usize>,
}

impl SettingError {
    #[allow(clippy::needless_pass_by_value, reason = "callers hand over numbers and texts alike")]
    pub(in crate::domain::campaign) fn new(key: impl Into<String>, value: impl ToString, fix: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.to_string(), fix: fix.into(), line: None }
    }

    pub(super) fn no_callers() -> Self {
        Self::new(CALLERS, NO_CALLERS, "name at least one number of yours, like +14155550200")
    }

    /// What is wrong with the key, without its name.
    #[must_use]
    pub fn said(&self) -> String {
        format!("`{}`: {}", self.value, self.fix)
    }

    /// Whether it says no more than that the campaign has no caller numbers yet.
    #[must_use]
    pub fn lacks_callers(&self) -> bool {
        self.key == CALLERS && self.value == NO_CALLERS
    }
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub(in crate::domain::campaign) struct Problems(Vec<SettingError>);

impl Problems {
    pub(in crate::domain::campaign) fn add(&mut self, error: SettingError) {
        // Weekdays share one text: it is wrong once, not five times.
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    pub(in crate::domain::campaign) fn none_about(&self, prefix: &str) -> bool {
        !self.0.iter().any(|error| error.key.starts_with(prefix))
    }

    #[cfg(test)]
    pub(in crate::domain::campaign) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn check(&mut self, holds: bool, key: &str, value: impl ToString, fix: &str) {
        if !holds {
            self.add(SettingError::new(key, value, fix));
        }
    }

    /// `found`, if nothing is wrong.
    pub(super) fn none_or<T>(self, found: T) -> Result<T, Vec<SettingError>> {
        if self.0.is_empty() { Ok(found) } else { Err(self.0) }
    }
}
