//! The keys of the settings, and what to say when something else was written: which key, what stands there, what fits.

use serde_json::{Map, Value};

use super::difference::shown;
use super::file::{CampaignFile, SettingError};

/// Longer values are cut in what is said about them.
const LONGEST: usize = 60;

/// A name that is less like the one that was written than this is none that was meant.
const ALIKE: f64 = 0.8;

/// Reads settings out of JSON.
///
/// # Errors
/// The key that is none or whose value does not fit.
pub(super) fn read(settings: &Value) -> Result<CampaignFile, SettingError> {
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let key = path.split('[').next().unwrap_or_default();
        let written = at(settings, key).map(shown_short).unwrap_or_default();
        SettingError::new(key, written, fix(key, &error.inner().to_string()))
    })
}

fn fix(key: &str, problem: &str) -> String {
    if at(&defaults(), key).is_none() && problem.starts_with("unknown field") {
        return unknown(key);
    }
    let expected = problem.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some("u32" | "u64") => "write a whole number, 0 or more".to_owned(),
        Some("f64") => "write a number".to_owned(),
        Some("a boolean") => "write true or false".to_owned(),
        Some("a string") => "write a text in quotes".to_owned(),
        Some("a sequence") => "write a list, like [\"one\", \"two\"]".to_owned(),
        Some(section) if section.starts_with("struct ") => format!("this is a section; it has {}", names(key).join(", ")),
        _ => problem.to_owned(),
    }
}

/// What there is instead of a key that is none.
fn unknown(key: &str) -> String {
    let section = key.rsplit_once('.').map_or("", |(section, _)| section);
    let there = names(section).join(", ");
    let there = if section.is_empty() { format!("the keys are {there}") } else { format!("{section} has {there}") };
    match nearest(key) {
        Some(meant) => format!("there is no such setting; did you mean {meant}? {there}"),
        None => format!("there is no such setting; {there}"),
    }
}

/// The key that is written most like this one.
fn nearest(key: &str) -> Option<String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let key = &key.to_lowercase();
    let alike = |known: &str| strsim::jaro_winkler(known, key).max(strsim::jaro_winkler(&last(known), &last(key)) * 0.99);
    let scored = all().into_iter().map(|known| (alike(&known), known));
    scored.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(score, _)| *score >= ALIKE).map(|(_, known)| known)
}

/// Every default, a key without one as null.
fn defaults() -> Value {
    serde_json::to_value(CampaignFile::default()).unwrap_or_default()
}

/// The names below a section; of the whole for an empty one.
fn names(section: &str) -> Vec<String> {
    let defaults = defaults();
    let below: Option<&Map<String, Value>> = at(&defaults, section).and_then(Value::as_object);
    below.into_iter().flat_map(Map::keys).cloned().collect()
}

/// Every key and every section, dotted.
fn all() -> Vec<String> {
    let (mut keys, mut open) = (Vec::new(), names(""));
    while let Some(key) = open.pop() {
        open.extend(names(&key).into_iter().map(|name| format!("{key}.{name}")));
        keys.push(key);
    }
    keys
}

fn at<'a>(settings: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').filter(|name| !name.is_empty()).try_fold(settings, |place, name| place.get(name))
}

fn shown_short(value: &Value) -> String {
    let text = shown(value);
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(settings: &Value) -> String {
        read(settings).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_what_there_is() {
        let lanes = said(&json!({ "pace": { "lanes": 3 } }));
        let expected = "pace.lanes: `3`: there is no such setting; did you mean pace.lines? pace has calls_per_second, lines, weight";
        assert_eq!(lanes, expected);
        for (key, meant) in [
            ("lines", "pace.lines"),
            ("calls_per_second", "pace.calls_per_second"),
            ("ringtimeout", "ring_timeout_s"),
            ("caller_number", "caller_numbers"),
            ("tolerance", "callbacks.tolerance"),
            ("max_duration", "max_duration_s"),
            ("Budget_USD", "budget_usd"),
            ("callbaks", "callbacks"),
        ] {
            assert!(said(&json!({ key: 1 })).contains(&format!("did you mean {meant}?")), "{}", said(&json!({ key: 1 })));
        }
        let far = said(&json!({ "colour": "red" }));
        assert!(far.starts_with("colour: `red`: there is no such setting; the keys are ") && far.contains("caller_numbers"), "{far}");
    }

    #[test]
    fn a_wrong_type_is_named_with_what_fits() {
        let cases = [
            (json!({ "pace": { "lines": "many" } }), "pace.lines: `many`: write a whole number, 0 or more"),
            (json!({ "pace": { "lines": -3 } }), "pace.lines: `-3`: write a whole number, 0 or more"),
            (json!({ "pace": { "lines": 1.5 } }), "pace.lines: `1.5`: write a whole number, 0 or more"),
            (json!({ "pace": { "calls_per_second": "fast" } }), "pace.calls_per_second: `fast`: write a number"),
            (json!({ "pace": 3 }), "pace: `3`: this is a section; it has calls_per_second, lines, weight"),
            (json!({ "require_consent": "no" }), "require_consent: `no`: write true or false"),
            (json!({ "law": 3 }), "law: `3`: write a text in quotes"),
            (json!({ "caller_numbers": "+14155550200" }), "caller_numbers: `+1415***0200`: write a list, like [\"one\", \"two\"]"),
            (json!({ "caller_numbers": [4_155_550_200_u64] }), "caller_numbers: `[4155550200]`: write a text in quotes"),
            (json!({ "redial": { "busy": { "after": "3s" } } }), "redial.busy: `{\"after\":\"3s\"}`: missing field `times`"),
        ];
        for (settings, expected) in cases {
            assert_eq!(said(&settings), expected);
        }
    }

    #[test]
    fn every_setting_is_its_own_nearest() {
        for key in all() {
            assert_eq!(nearest(&key).as_deref(), Some(key.as_str()));
        }
    }
}
