//! Queues: what waits in them, and the switch that stops them.

use axum::Json;
use axum::extract::{Path, State};
use callfleet_jobs::Envelope;
use callfleet_jobs::kinds::{CancelCall, CollectBatch, FinishCall, GatherBatch};
use serde::Serialize;
use serde_json::{Value, json};

use super::ApiState;
use super::error::ApiError;
use super::extract::Actor;
use crate::domain::attempt::AttemptState;
use crate::store::job::JobState;
use crate::store::queue_control::DIAL_QUEUE;

/// Every queue: dials, then the kinds of jobs.
pub const QUEUES: [&str; 5] = [DIAL_QUEUE, FinishCall::KIND, CancelCall::KIND, GatherBatch::KIND, CollectBatch::KIND];

/// A queue as it stands.
#[derive(Debug, Serialize)]
pub struct QueueJson {
    queue: &'static str,
    paused: bool,
    waiting: i64,
    running: i64,
    dead: i64,
}

/// `GET /v1/queues`.
pub async fn list(State(api): State<ApiState>) -> Result<Json<Value>, ApiError> {
    let (controls, jobs) = (api.store.queue_controls().await?, api.store.count_jobs().await?);
    let mut queues = Vec::with_capacity(QUEUES.len());
    for queue in QUEUES {
        let paused = controls.iter().any(|control| control.queue == queue && control.paused);
        let of = |state| jobs.iter().filter(|(kind, is, _)| kind == queue && *is == state).map(|(.., count)| count).sum::<i64>();
        let (waiting, running) = if queue == DIAL_QUEUE { dials(&api).await? } else { (of(JobState::Queued), of(JobState::Running)) };
        queues.push(QueueJson { queue, paused, waiting, running, dead: of(JobState::Dead) });
    }
    Ok(Json(json!({ "queues": queues })))
}

/// Attempts that are armed, and calls that are on their way or live.
async fn dials(api: &ApiState) -> Result<(i64, i64), ApiError> {
    let counts = api.store.open_counts().await?;
    let sum = |of: fn(AttemptState) -> bool| counts.iter().filter(|count| of(count.state)).map(|count| count.attempts).sum();
    let waits = |state| matches!(state, AttemptState::Ready | AttemptState::Refused);
    Ok((sum(waits), sum(|state| !matches!(state, AttemptState::Ready | AttemptState::Refused))))
}

/// `POST /v1/queues/{queue}/pause`: nothing new is started; what runs goes on.
pub async fn pause(state: State<ApiState>, queue: Path<String>, actor: Actor) -> Result<Json<Value>, ApiError> {
    set_paused(state, queue, actor, true).await
}

/// `POST /v1/queues/{queue}/resume`.
pub async fn resume(state: State<ApiState>, queue: Path<String>, actor: Actor) -> Result<Json<Value>, ApiError> {
    set_paused(state, queue, actor, false).await
}

async fn set_paused(State(api): State<ApiState>, Path(queue): Path<String>, actor: Actor, paused: bool) -> Result<Json<Value>, ApiError> {
    let queue = known(&queue)?;
    let changed = api.store.set_queue_paused(queue, paused, actor.0, api.clock.now()).await?;
    Ok(Json(json!({ "queue": queue, "paused": paused, "changed": changed })))
}

/// `POST /v1/queues/{queue}/retry`: every dead job of the kind runs again.
pub async fn retry(State(api): State<ApiState>, Path(queue): Path<String>, actor: Actor) -> Result<Json<Value>, ApiError> {
    let queue = known(&queue)?;
    if queue == DIAL_QUEUE {
        let fix = "retry the lead instead: callfleet leads retry ID";
        return Err(ApiError::conflict("no_jobs", "dials are attempts, not jobs; each is sent once", fix));
    }
    let retried = api.store.retry_dead_jobs(Some(queue), actor.0, api.clock.now()).await?;
    Ok(Json(json!({ "queue": queue, "retried": retried })))
}

/// The queue of this name.
///
/// # Errors
/// There is none.
pub fn known(name: &str) -> Result<&'static str, ApiError> {
    let fix = || format!("the queues are {}", QUEUES.join(", "));
    QUEUES.into_iter().find(|queue| *queue == name).ok_or_else(|| ApiError::missing(format!("there is no queue `{name}`"), fix()))
}
