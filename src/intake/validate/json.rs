//! JSON of a row, written as it is read instead of by way of a tree.

/// `["America/New_York"]`; names of zones need no escapes.
pub(super) fn json_list(zones: &[String]) -> String {
    let mut json = String::with_capacity(2 + zones.iter().map(|zone| zone.len() + 3).sum::<usize>());
    json.push('[');
    for (at, zone) in zones.iter().enumerate() {
        json.push_str(if at == 0 { "\"" } else { ",\"" });
        json.push_str(zone);
        json.push('"');
    }
    json.push(']');
    json
}

/// The cells that are variables and filled in, written as they are read: one text instead of a map of many.
pub(super) fn json_object(variables: &[(String, usize)], cells: &[&str]) -> String {
    let mut json = String::with_capacity(2 + cells.iter().map(|cell| cell.len() + 20).sum::<usize>());
    json.push('{');
    for (name, cell) in variables.iter().filter_map(|(name, at)| Some((name, *cells.get(*at)?))).filter(|(_, cell)| !cell.is_empty()) {
        if json.len() > 1 {
            json.push(',');
        }
        json_text(&mut json, name);
        json.push(':');
        json_text(&mut json, cell);
    }
    json.push('}');
    json
}

/// Most texts have nothing to escape; the others are left to the library.
fn json_text(json: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        json.push_str(&serde_json::Value::from(text).to_string());
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn variables_are_json_whatever_stands_in_them(cell in "\\PC{0,12}|[\"\\\\\n\t/\u{1}a]{0,9}") {
            let variables = [("a".to_owned(), 0), ("b c".to_owned(), 1)];
            let json = json_object(&variables, &[&cell, "x"]);
            let read: BTreeMap<String, String> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.get("a").map_or("", String::as_str), cell.as_str());
            prop_assert_eq!(read["b c"].as_str(), "x");
            prop_assert_eq!(json, serde_json::to_string(&read).unwrap());
        }
    }
}
