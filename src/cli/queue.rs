//! `callfleet queue …`

use serde_json::Value;

use super::client::Client;
use super::commands::Queue;
use super::output::{Output, cell, items, line, moment, table};
use super::path::ApiPath;
use crate::domain::ids::JobId;

/// Does one verb.
///
/// # Errors
/// The API refuses.
pub async fn run(verb: &Queue, client: &Client, output: Output) -> anyhow::Result<()> {
    match verb {
        Queue::List => list(client, output).await?,
        Queue::Pause { queue } => switch(client, output, queue, "pause").await?,
        Queue::Resume { queue } => switch(client, output, queue, "resume").await?,
        Queue::Retry { which } => retry(client, output, which).await?,
    }
    Ok(())
}

/// For scripts the queues; failed jobs are `GET /v1/jobs?state=dead`.
async fn list(client: &Client, output: Output) -> anyhow::Result<()> {
    output.show(&client.get(ApiPath::new(&["v1", "queues"])).await?, queues)?;
    if output.json {
        return Ok(());
    }
    let dead = client.get(ApiPath::new(&["v1", "jobs"]).with("state", Some("dead"))).await?;
    if !items(&dead.json["jobs"]).is_empty() {
        line(&format!("\n{}", failed_jobs(&dead.json)))?;
    }
    Ok(())
}

fn queues(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["queues"])
        .iter()
        .map(|queue| {
            let state = if queue["paused"] == true { "paused" } else { "running" };
            let counts = [&queue["waiting"], &queue["running"], &queue["dead"]].map(cell);
            [cell(&queue["queue"]), state.to_owned()].into_iter().chain(counts).collect()
        })
        .collect();
    table(&["QUEUE", "STATE", "WAITING", "RUNNING", "FAILED"], &rows)
}

fn failed_jobs(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = items(&answer["jobs"])
        .iter()
        .map(|job| vec![cell(&job["id"]), cell(&job["kind"]), cell(&job["attempts"]), moment(&job["updated_at"]), cell(&job["last_error"])])
        .collect();
    let more = if answer["next"].is_null() { "" } else { "\n…and more" };
    let hint = "run one again: callfleet queue retry ID; all of a kind: callfleet queue retry KIND";
    format!("{}{more}\n{hint}", table(&["FAILED JOB", "KIND", "TRIES", "SINCE", "ERROR"], &rows))
}

async fn switch(client: &Client, output: Output, queue: &str, verb: &str) -> anyhow::Result<()> {
    let answer = client.post(ApiPath::new(&["v1", "queues", queue, verb])).await?;
    output.show(&answer, |switched| {
        let state = if switched["paused"] == true { "paused: nothing new starts, what runs goes on" } else { "running" };
        let already = if switched["changed"] == false { " already" } else { "" };
        format!("queue {queue} is{already} {state}")
    })?;
    Ok(())
}

async fn retry(client: &Client, output: Output, which: &str) -> anyhow::Result<()> {
    if which.parse::<JobId>().is_ok() {
        let answer = client.post(ApiPath::new(&["v1", "jobs", which, "retry"])).await?;
        output.show(&answer, |_| format!("job {which} runs again"))?;
    } else {
        let answer = client.post(ApiPath::new(&["v1", "queues", which, "retry"])).await?;
        output.show(&answer, |retried| match retried["retried"].as_u64().unwrap_or(0) {
            0 => format!("no job of {which} has failed"),
            1 => format!("1 failed job of {which} runs again"),
            jobs => format!("{jobs} failed jobs of {which} run again"),
        })?;
    }
    Ok(())
}
