//! `callfleet callback …`

use axum::http::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::commands::Callback;
use super::output::{Output, cell, items, moment, pairs, table};
use super::path::ApiPath;

/// Does one verb.
///
/// # Errors
/// The API refuses.
pub async fn run(verb: &Callback, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Callback::Resolve { words, zone, at, hours } => {
            let body = json!({ "words": words, "zone": zone, "at": at, "hours": hours });
            let path = ApiPath::new(&["v1", "callbacks", "resolve"]);
            output.show(&client.send(Method::POST, path, &body).await?, resolved)?;
        }
        Callback::List { campaign, limit } => {
            let path = ApiPath::new(&["v1", "callbacks"]).with("campaign", Some(campaign)).with("limit", Some(limit));
            output.show(&client.get(path).await?, |answer| list(answer, campaign))?;
        }
    }
    Ok(())
}

fn resolved(answer: &Value) -> String {
    let shifted = if answer["shifted"] == true { "the calling hours forbid what was asked for" } else { "" };
    pairs(&[
        ("kind", cell(&answer["kind"]).replace('_', " ")),
        ("earliest", moment(&answer["earliest"])),
        ("latest", moment(&answer["latest"])),
        ("zone", cell(&answer["zone"])),
        ("shifted", shifted.to_owned()),
        ("confidence", cell(&answer["confidence"])),
        ("say", cell(&answer["say"])),
    ])
}

fn list(answer: &Value, campaign: &str) -> String {
    let rows: Vec<Vec<String>> = items(&answer["callbacks"]).iter().map(row).collect();
    if rows.is_empty() {
        return format!("no callback was promised in campaign {campaign} yet");
    }
    let more = if answer["next"].is_null() { "" } else { "\n…and more: --limit" };
    let heads = ["LEAD", "PROMISED FOR", "UNTIL", "ZONE", "STATE", "DIALED", "LATE", "SAID"];
    format!("{}{more}\n\n{}", table(&heads, &rows), fidelity(&answer["fidelity"]))
}

fn row(callback: &Value) -> Vec<String> {
    let lead = if callback["external_id"].is_null() { &callback["lead_id"] } else { &callback["external_id"] };
    let late = callback["late_s"].as_u64().map(|seconds| format!("{seconds}s")).unwrap_or_default();
    let until = cell(&callback["local_until"]);
    // a span within a day ends at a time, a longer one on a date
    let day = cell(&callback["local"]).split(' ').next().unwrap_or_default().to_owned();
    let until = until.strip_prefix(&day).map_or_else(|| until.clone(), |time| time.trim().to_owned());
    vec![
        cell(lead),
        cell(&callback["local"]),
        until,
        cell(&callback["zone"]),
        cell(&callback["state"]),
        moment(&callback["dialed_at"]),
        late,
        cell(&callback["words"]),
    ]
}

/// `3 promised: 1 pending, 1 kept, 1 missed; 50.0 % kept within 15 min, dialed 2 s (p50) and 40 s (p95) after the promised time`.
pub(super) fn fidelity(answer: &Value) -> String {
    let named = ["pending", "kept", "missed", "dropped"].iter().filter(|word| answer[**word] != 0);
    let counts: Vec<String> = named.map(|word| format!("{} {word}", answer[*word])).collect();
    let mut text = format!("{} promised: {}", answer["promised"], counts.join(", "));
    if let Some(share) = answer["share_kept"].as_f64() {
        let minutes = answer["tolerance_s"].as_u64().unwrap_or_default() / 60;
        text.push_str(&format!("; {:.1} % kept within {minutes} min", share * 100.0));
    }
    if let (Some(half), Some(most)) = (answer["late_p50_s"].as_u64(), answer["late_p95_s"].as_u64()) {
        text.push_str(&format!(", dialed {half} s (p50) and {most} s (p95) after the promised time"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_shown_on_the_callees_clock() {
        let callback = json!({
            "lead_id": "l1", "external_id": "a-1", "local": "2026-11-24 17:00", "local_until": "2026-11-24 20:00",
            "zone": "America/New_York", "state": "kept", "dialed_at": "2026-11-24T22:00:03.250Z", "late_s": 3, "words": "after five",
        });
        let fidelity = json!({
            "promised": 2, "pending": 1, "kept": 1, "missed": 0, "dropped": 0, "share_kept": 1.0, "late_p50_s": 3, "late_p95_s": 3,
            "tolerance_s": 900,
        });
        let text = list(&json!({ "callbacks": [callback], "next": null, "fidelity": fidelity }), "spring");
        let shown = "a-1   2026-11-24 17:00  20:00  America/New_York  kept   2026-11-24T22:00:03Z  3s    after five";
        assert!(text.contains(shown), "{text}");
        assert!(text.ends_with(
            "2 promised: 1 pending, 1 kept; 100.0 % kept within 15 min, dialed 3 s (p50) and 3 s (p95) after the promised time"
        ));
        assert_eq!(list(&json!({ "callbacks": [] }), "spring"), "no callback was promised in campaign spring yet");
    }
}
