//! Where in a text something stands, for whoever has to mend it.

use std::fmt;

/// Line and column, both from 1; a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Place {
    /// Where a byte stands; of a byte that does not begin a character, that character's place.
    #[must_use]
    pub fn of(text: &str, byte: usize) -> Self {
        let mut end = byte.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// Where a dotted key stands in a TOML text, or the section it belongs to.
    #[must_use]
    pub fn of_key(text: &str, key: &str) -> Option<Self> {
        let table = toml::de::DeTable::parse(text).ok()?;
        let (mut place, mut start) = (table.get_ref(), None);
        for name in key.split('.') {
            let Some((found, below)) = place.iter().find(|(found, _)| found.get_ref().as_ref() == name) else { break };
            start = Some(found.span().start);
            let toml::de::DeValue::Table(below) = below.get_ref() else { break };
            place = below;
        }
        start.map(|byte| Self::of(text, byte))
    }
}

/// A text that is no TOML: where, and why in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct TomlFault {
    /// Where reading ended.
    pub place: Place,
    /// Why.
    pub what: String,
}

impl TomlFault {
    /// What is wrong with `text`, which `error` is about.
    #[must_use]
    pub fn new(text: &str, error: &toml::de::Error) -> Self {
        let place = Place::of(text, error.span().map_or(0, |span| span.start));
        Self { place, what: one_line(error.message()) }
    }

    /// Whether a text is TOML at all.
    ///
    /// # Errors
    /// Where it is not.
    pub fn check(text: &str) -> Result<(), Self> {
        toml::from_str::<toml::Table>(text).map(drop).map_err(|error| Self::new(text, &error))
    }
}

/// Messages of parsers, whose lines are put behind each other.
#[must_use]
pub fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_characters_are_counted_from_one() {
        let text = "first\nzwéite = x\n";
        let at = |byte| Place::of(text, byte).to_string();
        assert_eq!([at(0), at(5), at(6), at(8), at(9), at(10), at(900)], ["1:1", "1:6", "2:1", "2:3", "2:3", "2:4", "3:1"]);
    }

    #[test]
    fn keys_are_found_in_their_line() {
        let text = "law = \"strict\"\npace = { lines = 3 }\n\n[hours]\nmonday = \"9\"\n[redial.busy]\nafter = \"1s\"\n";
        for (key, line) in [
            ("law", Some(1)),
            ("pace.lines", Some(2)),
            ("hours.monday", Some(5)),
            ("hours.sunday", Some(4)),
            ("redial.busy.after", Some(7)),
            ("budget_usd", None),
        ] {
            assert_eq!(Place::of_key(text, key).map(|place| place.line), line, "{key}");
        }
    }

    #[test]
    fn a_fault_is_one_line_with_its_place() {
        for (text, line) in [("a = 1\nb c = 2\n", 2), ("a = 1\na = 2\n", 2), ("\n\n[x\ny = 1\n", 3), ("a = \"open\nb = 1\n", 1)] {
            let fault = TomlFault::check(text).unwrap_err();
            assert_eq!(fault.place.line, line, "{text:?}: {fault}");
            assert!(!fault.what.is_empty() && !fault.what.contains('\n'), "{fault}");
        }
        assert_eq!(TomlFault::check("a = 1"), Ok(()));
    }
}
