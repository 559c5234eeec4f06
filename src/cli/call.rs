//! `callfleet call …`

use std::process::ExitCode;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::commands::Call;
use super::output::{Output, cell, dollars, items, line, moment, pairs, table};
use super::path::ApiPath;

/// How often a test call is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Does one verb.
///
/// # Errors
/// The API refuses.
pub async fn run(verb: &Call, client: &Client, output: Output) -> anyhow::Result<ExitCode> {
    match verb {
        Call::List { campaign, limit } => {
            let path = ApiPath::new(&["v1", "calls"]).with("campaign", campaign.as_deref()).with("limit", Some(limit));
            output.show(&client.get(path).await?, list)?;
        }
        Call::Show { id } => output.show(&client.get(ApiPath::new(&["v1", "calls", id])).await?, show)?,
        Call::Test { to, from, agent, transfer_to } => {
            let body = json!({ "to": to, "from": from, "agent": agent, "transfer_to": transfer_to });
            return test(client, output, &body).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["calls"]).iter().map(row).collect();
    if rows.is_empty() {
        return "no calls yet: callfleet campaign start NAME, or callfleet call test --to YOUR_NUMBER".to_owned();
    }
    table(&["CALL", "CAMPAIGN", "TO", "KIND", "STATE", "OUTCOME", "REASON", "AT", "S", "COST"], &rows)
}

fn row(call: &Value) -> Vec<String> {
    let words = [&call["id"], &call["campaign"], &call["to_number"], &call["kind"], &call["state"], &call["disposition"], &call["reason"]];
    let rest = [moment(&call["created_at"]), cell(&call["duration_s"]), dollars(&call["cost_usd"])];
    words.map(cell).into_iter().chain(rest).collect()
}

fn show(answer: &Value) -> String {
    let parts = [head(answer), transcript(answer), troubles(answer), timings(answer), notes(answer), ledger(answer)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn head(answer: &Value) -> String {
    let call = &answer["call"];
    let agent = &answer["agent"];
    pairs(&[
        ("call", cell(&call["id"])),
        ("campaign", cell(&call["campaign"])),
        ("agent", if agent.is_null() { String::new() } else { format!("{} v{}", cell(&agent["name"]), agent["version"]) }),
        ("to", cell(&call["to_number"])),
        ("from", cell(&call["from_number"])),
        ("try", format!("{} ({})", call["attempt_no"], cell(&call["kind"]))),
        ("state", cell(&call["state"])),
        ("provider", [&call["provider_status"], &call["call_sid"]].map(cell).join(" ").trim().to_owned()),
        ("refused", cell(&call["refused_reason"])),
        ("given back", cell(&call["withdrawn_by"])),
        ("answered by", cell(&call["answered_by"])),
        ("outcome", [&call["disposition"], &call["reason"]].map(cell).join(" ").trim().to_owned()),
        ("opted out", if call["opt_out"] == true { "yes".to_owned() } else { String::new() }),
        ("slots", cell(&answer["slots"])),
        ("armed", moment(&call["created_at"])),
        ("placed", moment(&call["placed_at"])),
        ("rang", moment(&call["ringing_at"])),
        ("answered", moment(&call["answered_at"])),
        ("ended", moment(&call["ended_at"])),
        ("talked", call["duration_s"].as_i64().map(|s| format!("{s} s")).unwrap_or_default()),
        ("cost", dollars(&answer["cost_usd"])),
    ])
}

fn transcript(answer: &Value) -> String {
    let said = items(&answer["transcript"]).iter();
    said.map(|turn| format!("{:>7}  {:6}  {}", seconds(&turn["offset_ms"]), cell(&turn["who"]), cell(&turn["words"])))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What went wrong in a call that went on, or why it ended; and what came of ringing the person a callee asked for.
fn troubles(answer: &Value) -> String {
    let told = |event: &Value| {
        let (at, body) = (seconds(&event["offset_ms"]), cell(&event["body"]));
        match event["kind"].as_str()? {
            "trouble" => Some(format!("trouble at {at}: {body}")),
            "transfer" => Some(format!("a person was rung, told at {at}: {body}")),
            _ => None,
        }
    };
    items(&answer["events"]).iter().filter_map(told).collect::<Vec<_>>().join("\n")
}

fn seconds(ms: &Value) -> String {
    ms.as_u64().map(|ms| format!("{:.1} s", Duration::from_millis(ms).as_secs_f64())).unwrap_or_default()
}

fn timings(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["timings"])
        .iter()
        .map(|turn| {
            let marks = &turn["marks"];
            let names = ["speech_end", "end_of_turn", "first_token", "first_sentence", "first_audio", "first_frame", "heard"];
            [cell(&turn["turn"]), cell(&turn["reply_ms"])].into_iter().chain(names.map(|name| cell(&marks[name]))).collect()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    table(&["TURN", "REPLY MS", "LAST WORD", "END OF TURN", "TOKEN", "SENTENCE", "AUDIO", "FRAME", "HEARD"], &rows)
}

fn notes(answer: &Value) -> String {
    let notes = items(&answer["notes"]).iter();
    notes
        .map(|note| {
            format!("{}: {}", cell(&note["kind"]), if note["result"].is_null() { cell(&note["state"]) } else { cell(&note["result"]) })
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn ledger(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["ledger"])
        .iter()
        .map(|entry| {
            let usage = &entry["usage"];
            let words = [&entry["service"], &entry["purpose"], &entry["model"], &entry["route_reason"]].map(cell);
            let counts = [
                &usage["tokens_in"],
                &usage["tokens_cached"],
                &usage["tokens_out"],
                &entry["units"],
                &entry["first_ms"],
                &entry["total_ms"],
            ];
            let cost = entry["cost"].as_i64().map(|nano| crate::domain::money::NanoUsd(nano).to_string()).unwrap_or_default();
            words.into_iter().chain(counts.map(cell)).chain([cost]).collect()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    table(&["SERVICE", "PURPOSE", "MODEL", "WHY", "IN", "CACHED", "OUT", "UNITS", "FIRST MS", "MS", "COST"], &rows)
}

/// Asks for the call, tells how it goes, and shows it when it is over. Fails when nobody could be reached.
async fn test(client: &Client, output: Output, body: &Value) -> anyhow::Result<ExitCode> {
    let ordered = client.send(Method::POST, ApiPath::new(&["v1", "calls", "test"]), body).await?.json;
    let (lead, before) = (cell(&ordered["lead_id"]), ordered["attempts_before"].as_u64().unwrap_or(0));
    let mut told = String::new();
    for warning in items(&ordered["warnings"]).iter().filter(|_| !output.json) {
        line(&format!("warning: {}", cell(warning)))?;
    }
    loop {
        let view = client.get(ApiPath::new(&["v1", "leads", &lead])).await?.json;
        let call = items(&view["attempts"]).iter().find(|call| call["attempt_no"].as_u64() > Some(before));
        let state = call.map_or_else(|| waiting(&view["lead"]), |call| cell(&call["state"]));
        if state != told && !output.json {
            line(&state)?;
        }
        told = state;
        if let Some(call) = call.filter(|call| !call["ended_at"].is_null()) {
            output.show(&client.get(ApiPath::new(&["v1", "calls", &cell(&call["id"])])).await?, show)?;
            return Ok(if call["answered_at"].is_null() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
        if view["lead"]["state"] == "parked" {
            anyhow::bail!("the call was not placed: {}", cell(&view["lead"]["wait_reason"]));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn waiting(lead: &Value) -> String {
    let why = cell(&lead["wait_reason"]);
    if why.is_empty() { cell(&lead["state"]) } else { format!("{}: {why}", cell(&lead["state"])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_of_a_call_is_told() {
        let events = json!([
            { "kind": "agent", "offset_ms": 0, "body": "Hi." },
            { "kind": "trouble", "offset_ms": 1500, "body": "the mouth was connected anew" },
        ]);
        assert_eq!(troubles(&json!({ "events": events })), "trouble at 1.5 s: the mouth was connected anew");
        assert_eq!(troubles(&json!({ "events": [] })), "");
        let rung = json!({ "events": [{ "kind": "transfer", "offset_ms": 7301, "body": "busy" }] });
        assert_eq!(troubles(&rung), "a person was rung, told at 7.3 s: busy");
    }
}
