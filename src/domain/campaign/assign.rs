//! Single settings by their dotted keys: `pace.lines=20`, `hours.sunday=closed`; an empty value goes back to the default.

use serde_json::{Map, Value};

use crate::domain::campaign::file::{CampaignFile, SettingError};
use crate::domain::campaign::keys;

/// The settings with these keys changed. Texts that are JSON (numbers, lists, true) are taken as such, unless the key takes a text.
///
/// # Errors
/// Every key that is none and every value that does not fit its key.
pub fn assign<'a>(stored: &Value, changes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<CampaignFile, Vec<SettingError>> {
    let (mut settings, mut wrong) = (stored.clone(), Vec::new());
    for (key, text) in changes {
        let key = key.trim();
        if put(&mut settings, key, text.trim()).is_none() {
            wrong.push(SettingError::new(key, text, "write a key like pace.lines=20"));
        }
    }
    match CampaignFile::from_json(&settings.to_string()) {
        Ok(file) if wrong.is_empty() => return Ok(file),
        Ok(file) => wrong.extend(file.problems()),
        Err(others) => wrong.extend(others),
    }
    Err(wrong)
}

fn put(settings: &mut Value, key: &str, text: &str) -> Option<()> {
    let (path, last) = key.rsplit_once('.').map_or((None, key), |(path, last)| (Some(path), last));
    if key.split('.').any(str::is_empty) {
        return None;
    }
    let mut place = settings;
    for name in path.into_iter().flat_map(|path| path.split('.')) {
        let below = place.as_object_mut()?.entry(name).or_insert_with(|| Value::Object(Map::new()));
        place = below;
    }
    let fields = place.as_object_mut()?;
    if !text.is_empty() {
        fields.insert(last.to_owned(), value(key, text));
    } else if fields.remove(last).is_none() && !keys::exists(key) {
        // there is no such key: it is refused as it would be with a value
        fields.insert(last.to_owned(), Value::Null);
    }
    Some(())
}

/// Keys that hold lists; these may be written without brackets and quotes.
const LISTS: [&str; 3] = ["caller_numbers", "countries", "hours.holidays"];

fn value(key: &str, text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ Value::Array(_)) => value,
        _ if LISTS.contains(&key) => Value::Array(text.split(',').map(|one| Value::String(one.trim().to_owned())).collect()),
        // digits of a number, `true` as a reason
        Ok(value) if !matches!(value, Value::String(_) | Value::Null) && keys::is_text(key) => Value::String(text.to_owned()),
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_changed_and_unset() {
        let stored = json!({ "pace": { "lines": 10 }, "budget_usd": 5.0 });
        let changes = [
            ("pace.lines", "20"),
            ("hours.sunday", "closed"),
            ("budget_usd", ""),
            ("caller_numbers", "+14155550200,+14155550201"),
            ("countries", "US"),
        ];
        let file = assign(&stored, changes).unwrap();
        assert_eq!((file.pace.lines, file.hours.sunday.as_deref(), file.budget_usd), (20, Some("closed"), None));
        assert_eq!((file.caller_numbers.len(), file.countries), (2, vec!["US".to_owned()]));
    }

    #[test]
    fn what_looks_like_a_figure_is_a_text_where_the_key_takes_one() {
        let changes = [("consent_override_reason", "12"), ("hours.override_reason", "true"), ("law", "\"states\""), ("budget_usd", "12")];
        let file = assign(&json!({}), changes).unwrap();
        assert_eq!((file.consent_override_reason.as_deref(), file.hours.override_reason.as_deref()), (Some("12"), Some("true")));
        assert_eq!((file.law.as_str(), file.budget_usd), ("states", Some(12.0)));
        let stored = json!({ "caller_numbers": ["+14155550200"], "redial": { "busy": { "after": "15m", "times": 2 } } });
        for (key, fits) in
            [("transfer_to", "for example +14155550123"), ("redial.busy.after", "write a duration"), ("hours.sunday", "closed")]
        {
            let wrong = assign(&stored, [(key, "4155551234")]).unwrap().problems();
            assert!(wrong.len() == 1 && wrong[0].key == key && wrong[0].fix.contains(fits), "{wrong:?}");
        }
        assert_eq!(assign(&stored, [("transfer_to", "+14155550199")]).unwrap().transfer_to.as_deref(), Some("+14155550199"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let stored = json!({});
        let cases = [
            ("colour", "red"),
            ("colour", ""),
            ("pace.lanes", ""),
            ("pace.lines", "many"),
            ("pace", "3"),
            (".lines", "3"),
            ("pace.lines.more", "3"),
        ];
        for (key, text) in cases {
            let stored = json!({ "pace": { "lines": 10 } });
            assert!(assign(&stored, [(key, text)]).is_err(), "{key}={text}");
        }
        assert!(assign(&stored, [("budget_usd", "")]).is_ok(), "nothing was set, and nothing is");
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let stored = json!({ "caller_numbers": ["+14155550200"] });
        let changes = [(".lines", "3"), ("colour", "red"), ("pace.lines", "many"), ("ring_timeout_s", "5")];
        let keys: Vec<String> = assign(&stored, changes).unwrap_err().into_iter().map(|error| error.key).collect();
        assert_eq!(keys, [".lines", "colour", "pace.lines", "ring_timeout_s"]);
    }
}
