//! Settings that are changed key by key. They keep the order in which they were sent: what is wrong with them is told in that order.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Dotted keys and their texts: `{"pace.lines": "20"}`.
#[derive(Debug)]
pub struct Assignments(Vec<(String, String)>);

impl Assignments {
    /// Each key with its text.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// Which of them a key is about: the same key, or one of a section that the other is.
    pub fn place_of(&self, key: &str) -> Option<usize> {
        self.pairs().map(|(assigned, _)| assigned.trim()).position(|assigned| has(assigned, key) || has(key, assigned))
    }
}

fn has(section: &str, key: &str) -> bool {
    key.strip_prefix(section).is_some_and(|below| below.is_empty() || below.starts_with('.'))
}

impl<'de> Deserialize<'de> for Assignments {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(InOrder).map(Self)
    }
}

/// Reads an object key by key.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_place_of_its_section_or_of_what_is_below_it() {
        let sent: Assignments = serde_json::from_str(r#"{ "ring_timeout_s": "5", "pace.lines.more": "3", " redial ": "1" }"#).unwrap();
        let places = ["ring_timeout_s", "pace", "pace.lines", "redial.busy", "pace.line", "law"].map(|key| sent.place_of(key));
        assert_eq!(places, [Some(0), Some(1), Some(1), Some(2), None, None]);
    }
}
