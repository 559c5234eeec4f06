//! The keys of the settings, and what to say when something else was written: which key, what stands there, what fits.

use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::difference::shown;
use super::file::{CampaignFile, SettingError};

/// Longer values are cut in what is said about them.
const LONGEST: usize = 60;

/// As many wrong keys as anybody mends before sending the settings again; a text that has more of them is none of settings.
const MOST_TOLD: usize = 50;

/// A name that is less like the one that was written than this is none that was meant.
const ALIKE: f64 = 0.8;

/// How a reader says that it wants one.
const A_TEXT: &str = "expected a string";

/// Keys that hold telephone numbers.
const NUMBERS: [&str; 2] = ["caller_numbers", "transfer_to"];

/// Reads settings out of JSON.
///
/// # Errors
/// Every key that is none or whose value does not fit, then what is wrong with the others.
pub(super) fn read(settings: &Value) -> Result<CampaignFile, Vec<SettingError>> {
    let (mut rest, mut wrong) = (settings.clone(), Vec::new());
    loop {
        // a reader stops at the first key that it cannot read: that one is left out and the rest read again
        let error = match serde_path_to_error::deserialize::<_, CampaignFile>(&rest) {
            Ok(file) if wrong.is_empty() => return Ok(file),
            Ok(file) => return Err(with_others(wrong, &file)),
            Err(error) => error,
        };
        let names = names_on(error.path());
        wrong.push(unreadable(settings, &names.join("."), &error.inner().to_string()));
        if wrong.len() == MOST_TOLD || !leave_out(&mut rest, &names) {
            return Err(wrong);
        }
    }
}

fn unreadable(settings: &Value, key: &str, problem: &str) -> SettingError {
    let written = at(settings, key).map(shown_short).unwrap_or_default();
    SettingError::new(if key.is_empty() { "settings" } else { key }, written, fix(key, problem))
}

/// What else is wrong, once the keys that cannot be read have their defaults.
fn with_others(mut wrong: Vec<SettingError>, rest: &CampaignFile) -> Vec<SettingError> {
    let others: Vec<SettingError> = rest.problems().into_iter().filter(|other| wrong.iter().all(|told| told.key != other.key)).collect();
    wrong.extend(others);
    wrong
}

/// The names that lead to a key; what is wrong within a list is wrong with its key.
fn names_on(path: &Path) -> Vec<String> {
    let names = path.iter().map_while(|segment| if let Segment::Map { key } = segment { Some(key.clone()) } else { None });
    names.collect()
}

/// Gives a key its default, or takes out one that is none; whether there was something to take.
fn leave_out(settings: &mut Value, names: &[String]) -> bool {
    let Some((last, sections)) = names.split_last() else { return false };
    let mut place = settings;
    for name in sections {
        let Some(below) = place.get_mut(name) else { return false };
        place = below;
    }
    let Some(fields) = place.as_object_mut() else { return false };
    let default = names.iter().try_fold(&defaults(), |place, name| place.get(name)).cloned();
    match default {
        Some(default) => fields.insert(last.clone(), default).is_some(),
        None => fields.remove(last).is_some(),
    }
}

/// Whether there is such a key, or a section of this name.
pub(super) fn exists(key: &str) -> bool {
    at(&defaults(), key).is_some()
}

/// Whether the key takes a text, so that nothing else can be meant by what looks like a figure.
pub(super) fn is_text(key: &str) -> bool {
    let figure = key.rsplit('.').fold(json!(0), |value, name| json!({ name: value }));
    let refused = serde_path_to_error::deserialize::<_, CampaignFile>(&figure).err();
    refused.is_some_and(|error| names_on(error.path()).join(".") == key && error.inner().to_string().ends_with(A_TEXT))
}

fn fix(key: &str, problem: &str) -> String {
    if !exists(key) && problem.starts_with("unknown field") {
        return unknown(key);
    }
    let expected = problem.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some("u32" | "u64") => "write a whole number, 0 or more".to_owned(),
        Some("f64") => "write a number".to_owned(),
        Some("a boolean") => "write true or false".to_owned(),
        Some("a string") if NUMBERS.contains(&key) => "write each number in quotes, like \"+14155550123\"".to_owned(),
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
    use super::*;

    fn said(settings: &Value) -> String {
        told(settings).remove(0)
    }

    fn told(settings: &Value) -> Vec<String> {
        read(settings).unwrap_err().iter().map(ToString::to_string).collect()
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
            (
                json!({ "caller_numbers": [4_155_550_200_u64] }),
                "caller_numbers: `[4155550200]`: write each number in quotes, like \"+14155550123\"",
            ),
            (json!({ "transfer_to": 4_155_550_199_u64 }), "transfer_to: `4155550199`: write each number in quotes, like \"+14155550123\""),
            (json!({ "redial": { "busy": { "after": "3s" } } }), "redial.busy: `{\"after\":\"3s\"}`: missing field `times`"),
        ];
        for (settings, expected) in cases {
            assert_eq!(said(&settings), expected);
        }
    }

    #[test]
    fn every_wrong_key_is_named_whatever_else_is_wrong() {
        let settings = json!({
            "caller_numbers": 3, "colour": "red", "law": "loose", "pace": { "lanes": 3, "lines": "many", "weight": 0 },
            "redial": { "busy": { "after": 5, "times": "two" } },
        });
        let keys: Vec<String> = read(&settings).unwrap_err().into_iter().map(|error| error.key).collect();
        let unreadable = ["caller_numbers", "colour", "pace.lanes", "pace.lines", "redial.busy.after", "redial.busy.times"];
        assert_eq!(keys, [unreadable.as_slice(), &["law", "pace.weight"]].concat());
    }

    #[test]
    fn what_is_no_settings_at_all_is_told_once() {
        for (settings, key) in [(json!(3), "settings"), (json!({ "pace": 3 }), "pace"), (json!({ "pace.lines": 3 }), "pace.lines")] {
            let keys: Vec<String> = read(&settings).unwrap_err().into_iter().map(|error| error.key).collect();
            assert_eq!(keys[0], key);
            assert!(keys[1..].iter().all(|other| other == "caller_numbers"), "{keys:?}");
        }
        let hostile: Map<String, Value> = (0..1_000).map(|n| (format!("key-{n}"), json!(n))).collect();
        assert_eq!(told(&Value::Object(hostile)).len(), MOST_TOLD);
    }

    #[test]
    fn every_setting_is_its_own_nearest() {
        for key in all() {
            assert_eq!(nearest(&key).as_deref(), Some(key.as_str()));
        }
    }
}
