//! `callfleet watch`: what is happening now, line by line, until it is interrupted.

use anyhow::Context;
use axum::body::Body;
use axum::http::Method;
use futures_util::StreamExt;
use serde_json::Value;

use super::client::Client;
use super::output::{self, Output, cell};
use super::path::ApiPath;

/// Prints events as they come. With `--json` each is one line of JSON.
///
/// # Errors
/// There is no such campaign, or the process that is watched ended.
pub async fn run(campaign: Option<&str>, client: &Client, output: Output) -> anyhow::Result<()> {
    let path = ApiPath::new(&["v1", "events"]).with("campaign", campaign);
    let mut body = client.stream(Method::GET, path, None, Body::empty()).await?.into_body().into_data_stream();
    if !output.json {
        eprintln!("watching {}; stop with ctrl-c", campaign.unwrap_or("every campaign"));
    }
    let mut waiting = Vec::new();
    while let Some(piece) = body.next().await {
        waiting.extend_from_slice(&piece.context("the stream of events broke off")?);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            if let Some(data) = std::str::from_utf8(&line).ok().and_then(|line| line.strip_prefix("data: ")) {
                output::line(&shown(data.trim_end(), output))?;
            }
        }
    }
    anyhow::bail!("the process that was watched has ended")
}

fn shown(data: &str, output: Output) -> String {
    let event: Value = serde_json::from_str(data).unwrap_or_default();
    if output.json || event.is_null() {
        return data.to_owned();
    }
    if event.get("missed").is_some() {
        return "(events were missed here; `callfleet call list` has them all)".to_owned();
    }
    let subject = if event["kind"] == "campaign" {
        cell(&event["campaign"])
    } else {
        format!("{}  attempt {}", cell(&event["number"]), cell(&event["attempt"]))
    };
    format!("{}  {:<8} {:<14} {subject}", cell(&event["at"]), cell(&event["kind"]), cell(&event["word"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let data =
            r#"{"id":"0","at":"2026-11-23T10:00:00Z","kind":"call","word":"ringing","campaign":"c","attempt":"a","number":"+1415***0123"}"#;
        let text = shown(data, Output { json: false });
        assert_eq!(text, "2026-11-23T10:00:00Z  call     ringing        +1415***0123  attempt a");
        assert_eq!(shown(data, Output { json: true }), data);
        assert!(shown(r#"{"missed":3}"#, Output { json: false }).contains("missed"));
    }
}
