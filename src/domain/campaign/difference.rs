//! What a change of settings changed, for the audit: `pace.lines: 10 -> 20`. Never a whole phone number.

use serde_json::Value;

use crate::domain::phone::PhoneNumber;
use crate::domain::place::one_line;

/// Every key that differs, in the order of their names; empty when nothing does.
#[must_use]
pub fn difference(before: &Value, after: &Value) -> String {
    let mut changes = Vec::new();
    walk("", before, after, &mut changes);
    changes.join("; ")
}

fn walk(key: &str, before: &Value, after: &Value, changes: &mut Vec<String>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        changes.push(format!("{key}: {} -> {}", shown(before), shown(after)));
        return;
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let below = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
        walk(&below, old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null), changes);
    }
}

/// A value in an operator's words, on one line; of a phone number its ends.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        Value::String(text) => PhoneNumber::from_e164(text).map_or_else(|_| one_line(text), |number| number.masked()),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_what_differs_and_masks_numbers() {
        let before = json!({ "pace": { "lines": 10, "weight": 1 }, "caller_numbers": ["+14155550200"], "law": "strict" });
        let after = json!({ "pace": { "lines": 20, "weight": 1 }, "caller_numbers": ["+14155550200", "+14155550201"], "budget_usd": 5.0, "law": "strict" });
        let expected = "budget_usd: unset -> 5.0; caller_numbers: [+1415***0200] -> [+1415***0200, +1415***0201]; pace.lines: 10 -> 20";
        assert_eq!(difference(&before, &after), expected);
        assert_eq!(difference(&before, &before), "");
    }

    #[test]
    fn a_text_of_several_lines_is_told_on_one() {
        let of = |reason: Option<&str>| json!({ "hours": { "override_reason": reason } });
        let said = difference(&of(None), &of(Some("our own staff\n  who asked for it\n")));
        assert_eq!(said, "hours.override_reason: unset -> our own staff, who asked for it");
    }
}
