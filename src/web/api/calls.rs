//! Calls: the latest ones, and everything that is known of one.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiState;
use super::campaigns::{find, speaker};
use super::error::ApiError;
use super::extract::Ask;
use super::masked::masked;
use crate::call::journal::{EventKind, TurnTimings};
use crate::domain::attempt::AttemptState;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::money::NanoUsd;
use crate::mind::ledger::LedgerEntry;
use crate::store::call_event::StoredEvent;
use crate::store::deferred::{Task, TaskFilter};
use crate::store::dial::{AttemptView, CallFilter};

const PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 1_000;
/// A call has a note and a score; the rest would be a mistake worth seeing.
const TASKS: u32 = 10;

/// The query of `GET /v1/calls`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallQuery {
    campaign: Option<String>,
    state: Option<AttemptState>,
    limit: Option<u32>,
}

/// `GET /v1/calls`: newest first.
pub async fn list(State(api): State<ApiState>, Ask(query): Ask<CallQuery>) -> Result<Json<Value>, ApiError> {
    let campaign = match &query.campaign {
        Some(name) => Some(find(&api, name).await?.id),
        None => None,
    };
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let calls = api.store.attempts(CallFilter { campaign, state: query.state }, limit).await?;
    let names = campaign_names(&api).await?;
    let listed = calls.iter().map(|call| with_names(call, &names)).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "calls": listed })))
}

/// `GET /v1/calls/{id}`: the attempt, what was said, how fast, what came of it, what it cost.
pub async fn show(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let missing = || ApiError::missing(format!("there is no call {id}"), "callfleet call list shows them");
    let attempt: AttemptId = id.parse().map_err(|_| missing())?;
    let call = api.store.attempt(attempt).await?.ok_or_else(missing)?;
    let (events, ledger) = (api.store.call_events(attempt).await?, api.store.ledger_of(attempt).await?);
    let tasks = api.store.tasks(TaskFilter { attempt: Some(attempt), ..TaskFilter::default() }, None, TASKS).await?;
    let agents = api.store.agent_versions().await?;
    let cost: NanoUsd = ledger.iter().map(|entry| entry.cost).sum();
    Ok(Json(json!({
        "call": with_names(&call, &campaign_names(&api).await?)?,
        "agent": call.agent_version_id.and_then(|id| speaker(&agents, id)),
        "slots": call.slots.as_deref().map(json_or_text),
        "transcript": transcript(&events),
        "timings": timings(&events),
        "events": events,
        "notes": tasks.iter().map(note).collect::<Vec<_>>(),
        "cost_usd": cost.as_usd(),
        "ledger": without_texts(ledger),
    })))
}

async fn campaign_names(api: &ApiState) -> Result<HashMap<CampaignId, String>, ApiError> {
    Ok(api.store.campaigns().await?.into_iter().map(|campaign| (campaign.id, campaign.name)).collect())
}

fn with_names(call: &AttemptView, names: &HashMap<CampaignId, String>) -> Result<Value, ApiError> {
    let mut value = masked(call)?;
    value["campaign"] = json!(names.get(&call.campaign_id));
    value["cost_usd"] = json!(call.cost_nano_usd.as_usd());
    Ok(value)
}

/// In the order in which it was begun: what somebody said is written down when it is over.
fn transcript(events: &[StoredEvent]) -> Vec<Value> {
    let mut said: Vec<_> = events.iter().filter(|stored| matches!(stored.event.kind, EventKind::Callee | EventKind::Agent)).collect();
    said.sort_by_key(|stored| stored.event.offset_ms);
    said.into_iter()
        .map(|stored| json!({ "offset_ms": stored.event.offset_ms, "who": stored.event.kind, "words": stored.event.body }))
        .collect()
}

/// Each turn's timings and what the callee waited for; unknown stays unknown.
fn timings(events: &[StoredEvent]) -> Vec<Value> {
    let told = events.iter().filter(|stored| stored.event.kind == EventKind::Timings);
    let turns = told.filter_map(|stored| serde_json::from_str::<TurnTimings>(&stored.event.body).ok());
    turns.map(|turn| json!({ "turn": turn.turn, "reply_ms": turn.reply_ms(), "marks": turn })).collect()
}

fn note(task: &Task) -> Value {
    json!({ "kind": task.kind, "state": task.state, "result": task.result.as_deref().map(json_or_text), "due_at": task.due_at })
}

/// Prompts are long and stand in the transcript already.
fn without_texts(ledger: Vec<LedgerEntry>) -> Vec<LedgerEntry> {
    ledger.into_iter().map(|entry| LedgerEntry { text: None, ..entry }).collect()
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
