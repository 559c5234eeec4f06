//! The shape of a definition as a table, because a deserializer stops at the first mistake and an author wants them all.

use serde_json::{Map, Value};

use super::definition::SlotKind;
use super::load::Problem;
use crate::providers::VoiceVendor;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Number,
    Texts,
    /// Any keys, text values.
    Pairs,
    SlotWord,
    VendorWord,
    /// The table, or a text for short.
    Voice,
    /// May be left out.
    Optional(&'static Kind),
    Table(&'static [(&'static str, Kind)]),
    Tables(&'static [(&'static str, Kind)]),
}

use Kind::{Number, Optional, Pairs, SlotWord, Table, Tables, Text, Texts, VendorWord, Whole};

const ROOT: &[(&str, Kind)] = &[
    ("name", Text),
    ("company", Text),
    ("persona_name", Text),
    ("persona", Text),
    ("rules", Texts),
    ("objective", Text),
    ("facts", Pairs),
    ("voice", Kind::Voice),
    ("ears", Table(&[("model", Text), ("language", Text), ("keyterms", Texts)])),
    ("models", Table(&[("simple", Text), ("reasoning", Text), ("deferred", Text)])),
    ("lines", Table(LINES)),
    ("slots", Tables(&[("name", Text), ("kind", SlotWord), ("description", Text)])),
    ("qualified_when", Text),
    ("limits", Table(LIMITS)),
];

const VOICE: &[(&str, Kind)] = &[("vendor", VendorWord), ("name", Text), ("model", Optional(&Text))];

const LINES: &[(&str, Kind)] = &[
    ("greeting", Text),
    ("are_you_there", Text),
    ("goodbye", Text),
    ("opt_out_confirmed", Text),
    ("i_am_an_ai", Text),
    ("callback_confirmed", Text),
    ("callback_unclear", Text),
    ("filler", Text),
    ("apology", Text),
    ("transferring", Optional(&Text)),
    ("voicemail", Text),
];

const LIMITS: &[(&str, Kind)] = &[
    ("silence_ms", Whole),
    ("max_turns", Whole),
    ("max_output_tokens", Whole),
    ("budget_usd", Number),
    ("filler_after_ms", Whole),
    ("reply_deadline_ms", Whole),
];

/// Every difference between a value and the shape of a definition.
pub(super) fn check(value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_kind("", Table(ROOT), value, &mut problems);
    problems
}

fn check_kind(key: &str, kind: Kind, value: &Value, problems: &mut Vec<Problem>) {
    match (kind, value) {
        (Table(keys), Value::Object(table)) => check_table(key, keys, table, problems),
        (Kind::Voice, Value::Object(table)) => check_table(key, VOICE, table, problems),
        (Kind::Voice, Value::String(_)) => {}
        (Optional(kind), value) => check_kind(key, *kind, value, problems),
        (Tables(keys), Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                check_kind(&format!("{key}[{at}]"), Table(keys), item, problems);
            }
        }
        (Texts, Value::Array(items)) => check_each(items.iter().enumerate().map(|(at, v)| (format!("{key}[{at}]"), v)), problems),
        (Pairs, Value::Object(pairs)) => check_each(pairs.iter().map(|(name, v)| (format!("{key}.{name}"), v)), problems),
        (Text, Value::String(_)) => {}
        (SlotWord, Value::String(word)) if word.parse::<SlotKind>().is_ok() => {}
        (VendorWord, Value::String(word)) if word.parse::<VoiceVendor>().is_ok() => {}
        (Whole, Value::Number(number)) if number.as_u64().is_some_and(|n| u32::try_from(n).is_ok()) => {}
        (Number, Value::Number(number)) if number.as_f64().is_some_and(f64::is_finite) => {}
        (expected, found) => problems.push(Problem {
            key: key.to_owned(),
            what: format!("is {}, not {}", name_of(found), expected.words()),
            fix: format!("write {}", expected.example()),
        }),
    }
}

fn check_each<'a>(items: impl Iterator<Item = (String, &'a Value)>, problems: &mut Vec<Problem>) {
    items.for_each(|(key, value)| check_kind(&key, Text, value, problems));
}

fn check_table(at: &str, keys: &[(&str, Kind)], table: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let path = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    for (key, kind) in keys {
        match table.get(*key) {
            Some(value) => check_kind(&path(key), *kind, value, problems),
            None if matches!(kind, Optional(_)) => {}
            None => problems.push(Problem { key: path(key), what: "is missing".to_owned(), fix: format!("add {}", kind.example()) }),
        }
    }
    for key in table.keys().filter(|key| !keys.iter().any(|(known, _)| known == key)) {
        problems.push(Problem { key: path(key), what: "is not a key of an agent".to_owned(), fix: nearest(key, keys) });
    }
}

/// The key that was probably meant.
fn nearest(key: &str, keys: &[(&str, Kind)]) -> String {
    let closest = keys.iter().map(|(known, _)| (distance(key, known), *known)).min();
    match closest {
        Some((far, known)) if far <= 2 => format!("did you mean `{known}`?"),
        _ => "remove it".to_owned(),
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cheapest = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cheapest);
        }
    }
    row[b.len()]
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Text => "text",
            Whole => "a whole number from 0",
            Number => "a number",
            Texts => "a list of texts",
            Pairs => "a table of texts",
            SlotWord => "one of text, yes_no, number",
            VendorWord => "one of deepgram, openai",
            Optional(kind) => kind.words(),
            Table(_) | Kind::Voice => "a table",
            Tables(_) => "a list of tables",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Text => "a text in quotes",
            Whole => "a whole number, for example 20",
            Number => "a number, for example 0.05",
            Texts => "a list of texts, for example [\"one\", \"two\"]",
            Pairs => "a table of texts, for example price = \"…\"",
            SlotWord => "\"text\", \"yes_no\" or \"number\"",
            VendorWord => "\"deepgram\" or \"openai\"",
            Kind::Voice => "a section: [voice] with vendor = \"deepgram\" or \"openai\", and name",
            Optional(kind) => kind.example(),
            Table(_) => "the table with its keys (config/demo/agent.toml shows them)",
            Tables(_) => "one or more such tables (config/demo/agent.toml shows them)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::definition::{AgentDefinition, Lines};
    use crate::agents::load::load;

    /// A key added to the definition and forgotten here would be reported as unknown; one removed there, as missing.
    #[test]
    fn the_table_is_the_definition() {
        let def = load(include_str!("../../config/demo/agent.toml")).unwrap();
        assert_eq!(check(&serde_json::to_value(&def).unwrap()), []);
        let lines = Lines { transferring: Some("One moment.".to_owned()), ..def.lines };
        assert_eq!(check(&serde_json::to_value(AgentDefinition { lines, ..def }).unwrap()), []);
    }

    #[test]
    fn distances_are_edits() {
        assert_eq!((distance("fillre", "filler"), distance("", "abc"), distance("same", "same")), (2, 3, 0));
    }
}
