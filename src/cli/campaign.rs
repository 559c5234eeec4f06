//! `callfleet campaign …`

use std::path::Path;

use anyhow::Context;
use axum::http::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::commands::Campaign;
use super::output::{Output, cell, dollars, items, moment, pairs, table};
use super::path::ApiPath;
use crate::domain::count::counted;

/// Does one verb.
///
/// # Errors
/// A file cannot be read, or the API refuses.
pub async fn run(verb: &Campaign, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Campaign::Create { name, file, agent } => {
            let body = json!({ "name": name, "settings_toml": read(file.as_deref())?, "agent": agent });
            let made = client.send(Method::POST, ApiPath::new(&["v1", "campaigns"]), &body).await?;
            output.show(&made, |campaign| with_to_do(&format!("campaign {name} is there as a draft"), campaign))?;
        }
        Campaign::Change { name, file, agent } => {
            let body = json!({ "settings_toml": read(file.as_deref())?, "agent": agent });
            let changed = client.send(Method::PATCH, at(name, None), &body).await?;
            output.show(&changed, |campaign| with_to_do(&format!("campaign {name} is changed"), campaign))?;
        }
        Campaign::List => output.show(&client.get(ApiPath::new(&["v1", "campaigns"])).await?, list)?,
        Campaign::Status { name } => output.show(&client.get(at(name, None)).await?, status)?,
        Campaign::Explain { name } => output.show(&client.get(at(name, Some("explain"))).await?, explanation)?,
        Campaign::Start { name } => step(client, output, name, "start").await?,
        Campaign::Pause { name } => step(client, output, name, "pause").await?,
        Campaign::Resume { name } => step(client, output, name, "resume").await?,
        Campaign::Drain { name } => step(client, output, name, "drain").await?,
        Campaign::Cancel { name } => step(client, output, name, "cancel").await?,
    }
    Ok(())
}

fn at(name: &str, below: Option<&str>) -> ApiPath {
    let parts: Vec<&str> = ["v1", "campaigns", name].into_iter().chain(below).collect();
    ApiPath::new(&parts)
}

fn read(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    file.map(|file| std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))).transpose()
}

async fn step(client: &Client, output: Output, name: &str, verb: &str) -> anyhow::Result<()> {
    output.show(&client.post(at(name, Some(verb))).await?, |stepped| {
        let state = cell(&stepped["state"]);
        if stepped["changed"] == false {
            return format!("campaign {name} is {state} already");
        }
        match stepped["withdrawn"].as_i64() {
            Some(calls @ 1..) => format!("campaign {name} is {state}; {} given back", counted(calls, "armed call")),
            _ => format!("campaign {name} is {state}"),
        }
    })?;
    Ok(())
}

fn with_to_do(done: &str, campaign: &Value) -> String {
    let to_do: Vec<String> = items(&campaign["to_do"]).iter().map(|item| format!("  {}", cell(item))).collect();
    if to_do.is_empty() { done.to_owned() } else { format!("{done}; before it can start:\n{}", to_do.join("\n")) }
}

fn list(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["campaigns"]).iter().map(row).collect();
    if rows.is_empty() {
        return "no campaigns yet: callfleet campaign create --name spring --file campaign.toml --agent NAME".to_owned();
    }
    table(&["NAME", "STATE", "LEADS", "OPEN", "AGENT", "CREATED"], &rows)
}

fn row(campaign: &Value) -> Vec<String> {
    let cells = [&campaign["name"], &campaign["state"], &campaign["leads"], &campaign["open"]].map(cell);
    cells.into_iter().chain([speaker(&campaign["agent"]), moment(&campaign["created_at"])]).collect()
}

fn speaker(agent: &Value) -> String {
    if agent.is_null() { String::new() } else { format!("{} v{}", cell(&agent["name"]), agent["version"]) }
}

fn status(campaign: &Value) -> String {
    let head = pairs(&[
        ("campaign", cell(&campaign["name"])),
        ("state", cell(&campaign["state"])),
        ("reason", cell(&campaign["state_reason"])),
        ("agent", speaker(&campaign["agent"])),
        ("leads", format!("{} ({})", campaign["total"], counts(&campaign["leads"]))),
        ("outcomes", counts(&campaign["dispositions"])),
        ("opt-outs", campaign["opt_outs"].to_string()),
        ("attempts", counts(&campaign["attempts"])),
        ("next due", moment(&campaign["next_due"])),
        ("spent", dollars(&campaign["spent_usd"])),
        ("reserved", dollars(&campaign["reserved_usd"])),
    ]);
    match campaign["state"].as_str() {
        Some("draft") => with_to_do(&head, campaign),
        _ => head,
    }
}

/// `12 waiting, 3 active`.
fn counts(by_word: &Value) -> String {
    let words = by_word.as_object().into_iter().flatten();
    words.map(|(word, count)| format!("{count} {}", word.replace('_', " "))).collect::<Vec<_>>().join(", ")
}

fn explanation(answer: &Value) -> String {
    let gates: Vec<Vec<String>> = items(&answer["gates"])
        .iter()
        .map(|gate| vec![if gate["open"] == true { "open" } else { "CLOSED" }.to_owned(), cell(&gate["gate"]), cell(&gate["detail"])])
        .collect();
    let waits: Vec<Vec<String>> = items(&answer["waiting"])
        .iter()
        .map(|wait| {
            let cells = [&wait["leads"], &wait["state"], &wait["next_kind"], &wait["due"]].map(cell);
            cells.into_iter().chain([moment(&wait["next_at"]), cell(&wait["wait_reason"])]).collect()
        })
        .collect();
    let mut text = format!("{}\n\n{}", cell(&answer["answer"]), table(&["", "GATE", "WHAT IT SEES"], &gates));
    if !waits.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(&["LEADS", "STATE", "KIND", "DUE", "NEXT", "WAITING FOR"], &waits));
    }
    text
}
