//! Jobs, one by one: listed, and run again.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiState;
use super::error::ApiError;
use super::extract::{Actor, Ask};
use super::queues::known;
use crate::domain::ids::JobId;
use crate::store::Change;
use crate::store::job::JobState;

/// The query of `GET /v1/jobs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobQuery {
    kind: Option<String>,
    state: Option<JobState>,
    after: Option<JobId>,
    limit: Option<u32>,
}

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 1_000;

/// `GET /v1/jobs`: oldest first; `next` asks for the next page.
pub async fn list(State(api): State<ApiState>, Ask(query): Ask<JobQuery>) -> Result<Json<Value>, ApiError> {
    let kind = query.kind.as_deref().map(known).transpose()?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let jobs = api.store.jobs(kind, query.state, query.after, limit).await?;
    let next = jobs.last().filter(|_| jobs.len() == limit as usize).map(|job| job.id);
    Ok(Json(json!({ "jobs": jobs, "next": next })))
}

/// `POST /v1/jobs/{id}/retry`: a dead job gets all its tries again, a waiting one runs at once.
pub async fn retry(State(api): State<ApiState>, Path(id): Path<String>, actor: Actor) -> Result<Json<Value>, ApiError> {
    let missing = || ApiError::missing(format!("there is no job {id}"), "callfleet queue list shows failed jobs");
    let job: JobId = id.parse().map_err(|_| missing())?;
    match api.store.retry_job(job, actor.0, api.clock.now()).await? {
        Change::Changed => Ok(Json(json!({ "id": job, "state": JobState::Queued }))),
        Change::Was(state) => {
            let message = format!("job {job} is {state}; only a dead or a waiting job can be run again");
            Err(ApiError::conflict("wrong_state", message, "wait for it; what is done is not done twice"))
        }
        Change::Missing => Err(missing()),
    }
}
