//! What became of every row, in words.

use serde_json::Value;

use super::Order;
use crate::cli::output::{cell, items, warnings_and_notes};
use crate::domain::count::counted;

pub(super) fn result_text(result: &Value, order: &Order<'_>) -> String {
    let count = |key: &str| result[key].as_u64().unwrap_or(0);
    let verb = if order.dry_run { "would be imported" } else { "imported" };
    let mut text = format!("{}: {} {verb}", counted(count("rows"), "row"), count("accepted"));
    for (key, words) in [("updated", "updated"), ("duplicates", "already there"), ("rejected", "refused")] {
        if count(key) > 0 {
            text.push_str(&format!(", {} {words}", count(key)));
        }
    }
    if count("suppressed") > 0 {
        text.push_str(&format!("\n{} of them are on a do-not-call list and will not be called", count("suppressed")));
    }
    if count("resumed_after_row") > 0 {
        text.push_str(&format!("\nan earlier run had done {} of them; this one went on there", counted(count("resumed_after_row"), "row")));
    }
    text.push_str(&warnings_and_notes(result));
    text.push_str(&doubts_text(result));
    let shown = items(&result["rejects"]);
    for reject in shown {
        text.push_str(&format!("\n{}", reject_text(reject)));
    }
    text.push_str(&more_text(result, count("rejected").saturating_sub(shown.len() as u64), order.rejects.is_some()));
    text.push_str(&diff_text(result, order));
    if let Some(id) = result["import_id"].as_str().filter(|_| !order.dry_run && count("accepted") + count("updated") > 0) {
        text.push_str(&format!("\nto take it back before its first dial: callfleet leads undo {id}"));
    }
    text
}

/// How many refused rows are not shown, and what all of them have.
fn more_text(result: &Value, more: u64, written: bool) -> String {
    if more == 0 {
        return String::new();
    }
    let codes = result["by_code"].as_object().into_iter().flatten();
    let codes: Vec<String> = codes.map(|(code, rows)| format!("{rows} {code}")).collect();
    let advice = if written { "" } else { "; --rejects FILE writes them all" };
    format!("\n…and {more} more{advice}; in all {}", codes.join(", "))
}

/// `no_consent_basis: lines 2, 5, 9 and 14 more`, one line for each reason.
fn doubts_text(result: &Value) -> String {
    let mut text = String::new();
    for (code, lines) in result["doubt_lines"].as_object().into_iter().flatten() {
        text.push_str(&format!("\n  {code}: {}", lines_text(lines, &result["doubts_by_code"][code])));
    }
    text
}

/// `lines 2, 5, 9 and 14 more`.
fn lines_text(lines: &Value, all: &Value) -> String {
    let lines: Vec<String> = items(lines).iter().map(cell).collect();
    let more = all.as_u64().unwrap_or(0).saturating_sub(lines.len() as u64);
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun} {}{more}", lines.join(", "))
}

/// The first rows of each kind that a dry run would change, and how many there are besides.
fn diff_text(result: &Value, order: &Order<'_>) -> String {
    let (diff, mut text) = (&result["diff"], String::new());
    let (count, besides) = (|key: &str| result[key].as_u64().unwrap_or(0), |key: &str| diff[key].as_u64().unwrap_or(0));
    let (updated, there) = if order.update { (besides("repeated"), 0) } else { (0, besides("repeated")) };
    let updated = count("updated").saturating_sub(besides("unchanged") + updated);
    let there = count("duplicates").saturating_sub(there);
    let kinds = [("new", count("accepted"), "new"), ("updated", updated, "would be updated"), ("duplicate", there, "already there")];
    for (kind, all, words) in kinds {
        let rows = items(&diff[kind]);
        text.extend(rows.iter().map(|row| format!("\n{}: {words}{}", place_text(row), changes_text(row))));
        let more = all.saturating_sub(rows.len() as u64);
        if more > 0 && !rows.is_empty() {
            text.push_str(&format!("\n…and {more} more: {words}"));
        }
    }
    if besides("repeated") > 0 {
        let which = if order.update { "last" } else { "first" };
        let lines = lines_text(&diff["repeated_lines"], &diff["repeated"]);
        text.push_str(&format!("\n  {lines}: another row has the same number; the {which} one holds"));
    }
    if besides("unchanged") > 0 {
        text.push_str(&format!("\n{} would change nothing", counted(besides("unchanged"), "row")));
    }
    text
}

/// `  line 7, +1415***0100 a-7`.
fn place_text(row: &Value) -> String {
    let own = cell(&row["external_id"]);
    let own = if own.is_empty() { own } else { format!(" {own}") };
    format!("  line {}, {}{own}", row["line"], cell(&row["phone_number"]))
}

/// ` (first_name: Ann → Anna)`.
fn changes_text(row: &Value) -> String {
    let changes = row["changes"].as_object().into_iter().flatten();
    let changes: Vec<String> = changes.map(|(name, change)| format!("{name}: {} → {}", cell(&change[0]), cell(&change[1]))).collect();
    if changes.is_empty() { String::new() } else { format!(" ({})", changes.join(", ")) }
}

/// `line 7, phone: 4155***00 is too short (write it with area code)`.
pub fn reject_text(reject: &Value) -> String {
    let column = cell(&reject["column"]);
    let place = if column.is_empty() { String::new() } else { format!(", {column}") };
    let (value, message) = (cell(&reject["value_masked"]), cell(&reject["message"]));
    let value = if value.is_empty() { String::new() } else { format!(" `{value}`") };
    format!("  line {}{place}{value}: {message} ({})", reject["line"], cell(&reject["suggestion"]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::cli::import::tests::order;

    #[test]
    fn rows_that_are_not_shown_are_counted_under_those_of_their_kind() {
        let row = |line: u32, id: Value| json!({ "line": line, "phone_number": "+1415***0100", "external_id": id });
        let reject =
            json!({ "line": 4, "column": "phone", "value_masked": "***", "message": "too few digits", "suggestion": "write all of it" });
        let result = json!({
            "rows": 46, "accepted": 31, "updated": 5, "duplicates": 0, "rejected": 10, "by_code": { "missing_phone": 3, "too_short": 7 },
            "rejects": [reject],
            "diff": { "new": [row(2, Value::Null)], "updated": [row(3, json!("b-1"))], "duplicate": [], "unchanged": 4 },
        });
        let told = result_text(&result, &order(true));
        let lines: Vec<&str> = told.lines().skip(1).collect();
        let expected = [
            "  line 4, phone `***`: too few digits (write all of it)",
            "…and 9 more; --rejects FILE writes them all; in all 3 missing_phone, 7 too_short",
            "  line 2, +1415***0100: new",
            "…and 30 more: new",
            "  line 3, +1415***0100 b-1: would be updated",
            "4 rows would change nothing",
        ];
        assert_eq!(lines, expected);
        let written = Order { rejects: Some(Path::new("rejected.csv")), ..order(true) };
        assert!(result_text(&result, &written).contains("\n…and 9 more; in all 3 missing_phone"));
    }

    #[test]
    fn rows_whose_number_another_one_has_are_told_by_line_and_counted_under_no_other_kind() {
        let there = json!({ "line": 4, "phone_number": "+1415***0100", "external_id": "a-1" });
        let mut result = json!({
            "rows": 4, "accepted": 0, "updated": 4, "duplicates": 0, "rejected": 0,
            "diff": { "new": [], "updated": [there], "duplicate": [], "unchanged": 0, "repeated": 3, "repeated_lines": [2, 3] },
        });
        let update = Order { update: true, ..order(true) };
        let lines = "lines 2, 3 and 1 more: another row has the same number; the last one holds";
        assert_eq!(diff_text(&result, &update), format!("\n  line 4, +1415***0100 a-1: would be updated\n  {lines}"));
        (result["updated"], result["duplicates"]) = (json!(0), json!(4));
        (result["diff"]["updated"], result["diff"]["duplicate"]) = (json!([]), json!([there]));
        let lines = lines.replace("last", "first");
        assert_eq!(diff_text(&result, &order(true)), format!("\n  line 4, +1415***0100 a-1: already there\n  {lines}"));
    }

    #[test]
    fn the_first_lines_of_each_doubt_are_told_and_how_many_follow() {
        let result = json!({
            "doubts_by_code": { "country_not_called": 1, "no_consent_basis": 17 },
            "doubt_lines": { "country_not_called": [4], "no_consent_basis": [2, 5, 9] },
        });
        assert_eq!(doubts_text(&result), "\n  country_not_called: line 4\n  no_consent_basis: lines 2, 5, 9 and 14 more");
        assert_eq!(doubts_text(&json!({})), "");
    }
}
