//! How an explanation is shown: one row per gate with its rule, what it sees, and when it opens. No row is wider than 120 columns.

use serde_json::Value;

use super::output::{cell, items, moment, table, warnings_and_notes};
use super::wrap::wrapped;

/// Columns of long texts and how wide they are, of each of the tables.
const OF_GATES: [(usize, usize); 2] = [(2, 42), (4, 32)];
const OF_HOURS: [(usize, usize); 2] = [(3, 20), (4, 60)];
const OF_WAITS: [(usize, usize); 1] = [(5, 60)];

/// `callfleet campaign explain`.
pub fn campaign(answer: &Value) -> String {
    let waits: Vec<Vec<String>> = items(&answer["waiting"])
        .iter()
        .map(|wait| {
            let cells = [&wait["leads"], &wait["state"], &wait["next_kind"], &wait["due"]].map(cell);
            cells.into_iter().chain([moment(&wait["next_at"]), cell(&wait["wait_reason"])]).collect()
        })
        .collect();
    let hours: Vec<Vec<String>> = items(&answer["hours"]).iter().map(hours).collect();
    let mut text = format!("{}\n\n{}", cell(&answer["answer"]), gates(&answer["gates"]));
    if !hours.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(&["LEADS", "HOURS", "OPENS", "LAWS", "ZONES"], &wrapped(&hours, &OF_HOURS)));
    }
    if !waits.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(&["LEADS", "STATE", "KIND", "DUE", "NEXT", "WAITING FOR"], &wrapped(&waits, &OF_WAITS)));
    }
    if let Some(to) = answer["transfer_to"].as_str() {
        text.push_str("\n\ntransfers ");
        text.push_str(&handed_to(to));
    }
    text.push_str(&warnings_and_notes(answer));
    text
}

/// `to +1415***0199, when a callee asks for a person`.
pub fn handed_to(number: &str) -> String {
    format!("to {number}, when a callee asks for a person")
}

/// `callfleet lead explain`.
pub fn lead(answer: &Value) -> String {
    let promise = Some(&answer["callback"]).filter(|callback| callback.is_object()).map(promise).unwrap_or_default();
    format!("{}{promise}\n\n{}", cell(&answer["answer"]), gates(&answer["gates"]))
}

/// `promised for 2026-11-24 17:00 (America/New_York): "at five"; the reading is 85 % sure, the callee heard the time`.
fn promise(callback: &Value) -> String {
    let until = callback["local_until"].as_str().map(|until| format!(" to {until}")).unwrap_or_default();
    let sure = callback["confidence_percent"].as_u64().map(|percent| format!("; the reading is {percent} % sure")).unwrap_or_default();
    let heard = match callback["confirmed_aloud"].as_bool() {
        Some(true) => ", the callee heard the time",
        Some(false) => ", the callee did not hear the time",
        None => "",
    };
    let [local, zone, words] = [&callback["local"], &callback["zone"], &callback["words"]].map(cell);
    format!("\npromised for {local}{until} ({zone}): \"{words}\"{sure}{heard}")
}

fn gates(gates: &Value) -> String {
    let rows: Vec<Vec<String>> = items(gates).iter().map(gate).collect();
    table(&["", "GATE", "SEES", "OPENS", "RULE"], &wrapped(&rows, &OF_GATES))
}

fn gate(gate: &Value) -> Vec<String> {
    let open = gate["open"] == true;
    let opens = match gate["opens_at"].as_str() {
        Some(_) => moment(&gate["opens_at"]),
        None if open => String::new(),
        None => gate["opened_by"].as_str().map_or_else(|| "by a change only".to_owned(), |change| format!("by {change}")),
    };
    let word = if open { "open" } else { "CLOSED" };
    vec![word.to_owned(), cell(&gate["gate"]), cell(&gate["value"]), opens, cell(&gate["rule"])]
}

fn hours(class: &Value) -> Vec<String> {
    let open = class["open"] == true;
    let opens = match class["opens_at"].as_str() {
        Some(_) => moment(&class["opens_at"]),
        None if open => String::new(),
        None => "never".to_owned(),
    };
    let zones: Vec<String> = items(&class["zones"]).iter().map(cell).collect();
    vec![cell(&class["leads"]), if open { "open" } else { "CLOSED" }.to_owned(), opens, cell(&class["laws"]), zones.join(" ")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_promise_is_told_with_what_is_known_of_it() {
        let told = |agreed: [Value; 2]| {
            let [sure, heard] = agreed;
            let callback = json!({
                "local": "2026-11-24 17:00", "local_until": null, "zone": "America/New_York", "words": "at five",
                "confidence_percent": sure, "confirmed_aloud": heard,
            });
            lead(&json!({ "answer": "it is due", "gates": [], "callback": callback })).lines().nth(1).unwrap().to_owned()
        };
        let promised = "promised for 2026-11-24 17:00 (America/New_York): \"at five\"";
        assert_eq!(told([json!(85), json!(true)]), format!("{promised}; the reading is 85 % sure, the callee heard the time"));
        assert_eq!(told([json!(50), json!(false)]), format!("{promised}; the reading is 50 % sure, the callee did not hear the time"));
        assert_eq!(told([json!(null), json!(null)]), promised);
    }

    #[test]
    fn no_row_is_wider_than_a_terminal() {
        let long = "the scheduler rings nothing: the queue does not answer; start Redis or mend the way to it ".repeat(3);
        let gate = json!({ "gate": "number_range", "open": false, "value": long, "rule": long, "opens_at": "2026-11-24T17:00:00Z" });
        let hours = json!({ "leads": 10000, "open": false, "opens_at": "2026-11-24T17:00:00Z", "laws": "us us-fl us-wa us-strict us-tx",
            "zones": vec!["America/Argentina/Buenos_Aires"; 4] });
        let wait = json!({ "leads": 10000, "state": "waiting", "next_kind": "callback", "due": 10000, "next_at": "2026-11-24T17:00:00Z",
            "wait_reason": long });
        let told = campaign(&json!({ "answer": "closed", "gates": [gate], "hours": [hours], "waiting": [wait] }));
        let widest = told.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(120), "{widest:?}\n{told}");
        assert_eq!(told.matches("CLOSED").count(), 2, "what goes on below begins no row: {told}");
        assert_eq!(told.matches("Redis").count(), 9, "nothing is left out: {told}");
    }

    #[test]
    fn a_gate_that_no_time_opens_says_what_does() {
        let shut = |opened_by: Option<&str>| {
            gate(&json!({ "gate": "dnc_age", "open": false, "value": "old", "rule": "new", "opens_at": null, "opened_by": opened_by }))
        };
        assert_eq!(shut(Some("a newer list")), ["CLOSED", "dnc_age", "old", "by a newer list", "new"]);
        assert_eq!(shut(None)[3], "by a change only");
    }
}
