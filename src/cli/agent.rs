//! `callfleet agent …`

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;

use super::client::Client;
use super::commands::Agent;
use super::output::{Output, cell, items, moment, table, told};
use super::path::ApiPath;
use super::text_file;

/// Does one verb.
///
/// # Errors
/// The file cannot be read, or the API refuses.
pub async fn run(verb: &Agent, client: &Client, output: Output) -> anyhow::Result<()> {
    let path = ApiPath::new(&["v1", "agents"]);
    match verb {
        Agent::Save { file } => {
            let text = text_file::read(file)?;
            output.show(&client.ask(Method::POST, path, Some("text/plain; charset=utf-8"), Body::from(text)).await?, saved)?;
        }
        Agent::List => output.show(&client.get(path).await?, list)?,
        Agent::Show { name } => {
            let agent = client.get(ApiPath::new(&["v1", "agents", name])).await?;
            output.show(&agent, |agent| format!("{:#}", agent["definition"]))?;
        }
    }
    Ok(())
}

fn saved(answer: &Value) -> String {
    let (name, version) = (cell(&answer["name"]), &answer["version"]);
    let done = if answer["is_new"] == true {
        format!("agent {name} is saved as version {version}")
    } else {
        format!("agent {name} is unchanged: version {version}")
    };
    done + &told(&answer["warnings"], "warning")
}

fn list(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["agents"])
        .iter()
        .map(|agent| vec![cell(&agent["name"]), cell(&agent["version"]), moment(&agent["created_at"])])
        .collect();
    if rows.is_empty() {
        return "no agents yet: callfleet agent save config/demo/agent.toml".to_owned();
    }
    table(&["AGENT", "VERSION", "SAVED"], &rows)
}
