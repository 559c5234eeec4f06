//! `callfleet watch`: what is happening now, line by line, until it is interrupted.

use std::collections::HashMap;

use anyhow::Context;
use axum::body::Body;
use axum::http::Method;
use futures_util::StreamExt;
use serde_json::Value;

use super::client::Client;
use super::output::{self, Output, cell, items};
use super::path::ApiPath;

/// Prints events as they come. With `--json` each is one line of JSON.
///
/// # Errors
/// There is no such campaign, or the process that is watched ended.
pub async fn run(campaign: Option<&str>, client: &Client, output: Output) -> anyhow::Result<()> {
    let path = ApiPath::new(&["v1", "events"]).with("campaign", campaign);
    let mut body = client.stream(Method::GET, path, None, Body::empty()).await?.into_body().into_data_stream();
    let mut names = Names { client, by_id: HashMap::new() };
    if !output.json {
        names.ask().await;
        eprintln!("watching {}; stop with ctrl-c", campaign.unwrap_or("every campaign"));
    }
    let mut waiting = Vec::new();
    while let Some(piece) = body.next().await {
        waiting.extend_from_slice(&piece.context("the stream of events broke off")?);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            if let Some(data) = std::str::from_utf8(&line).ok().and_then(|line| line.strip_prefix("data: ")) {
                output::line(&told(data.trim_end(), &mut names, output).await)?;
            }
        }
    }
    anyhow::bail!("the process that was watched has ended")
}

/// What campaigns are called: an event knows only their ids.
struct Names<'a> {
    client: &'a Client,
    by_id: HashMap<String, String>,
}

impl Names<'_> {
    /// One that cannot be asked for, or is not listed, stays without a name.
    async fn ask(&mut self) {
        if let Ok(answer) = self.client.get(ApiPath::new(&["v1", "campaigns"])).await {
            self.by_id.extend(items(&answer.json["campaigns"]).iter().map(|campaign| (cell(&campaign["id"]), cell(&campaign["name"]))));
        }
    }

    /// Asks again for a campaign that was made since; one without a name is shown by its id.
    async fn of(&mut self, id: String) -> String {
        if !self.by_id.contains_key(&id) {
            self.ask().await;
        }
        self.by_id.get(&id).cloned().unwrap_or(id)
    }
}

async fn told(data: &str, names: &mut Names<'_>, output: Output) -> String {
    let event: Value = serde_json::from_str(data).unwrap_or_default();
    if output.json || event.is_null() {
        return data.to_owned();
    }
    let subject = match event["kind"].as_str() {
        Some("campaign") => names.of(cell(&event["campaign"])).await,
        _ => format!("{}  attempt {}", cell(&event["number"]), cell(&event["attempt"])),
    };
    shown(&event, &subject)
}

fn shown(event: &Value, subject: &str) -> String {
    if event.get("missed").is_some() {
        return "(events were missed here; `callfleet call list` has them all)".to_owned();
    }
    format!("{}  {:<8} {:<14} {subject}", cell(&event["at"]), cell(&event["kind"]), cell(&event["word"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let event = json!({ "at": "2026-11-23T10:00:00Z", "kind": "call", "word": "ringing" });
        assert_eq!(shown(&event, "+1415***0123  attempt a"), "2026-11-23T10:00:00Z  call     ringing        +1415***0123  attempt a");
        assert!(shown(&json!({ "missed": 3 }), "").contains("missed"));
    }
}
