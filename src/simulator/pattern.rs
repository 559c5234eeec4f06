//! A regular expression in a scenario file: one that cannot be read is found while the file is, with its key.

use regex::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de};

/// A case-insensitive regular expression (syntax of the `regex` crate).
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// # Errors
    /// When the expression cannot be read.
    pub fn new(expression: &str) -> Result<Self, regex::Error> {
        RegexBuilder::new(expression).case_insensitive(true).build().map(Self)
    }

    /// The first match in `text`.
    #[must_use]
    pub fn find<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.0.captures(text)
    }

    /// Whether it occurs in `text`.
    #[must_use]
    pub fn hits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
