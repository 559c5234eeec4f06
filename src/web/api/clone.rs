//! A new draft with another campaign's settings and agent; leads stay where they are.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::ApiState;
use super::campaigns::{StatusJson, create_draft, find};
use super::error::ApiError;
use super::extract::{Actor, Sent};

/// The body of `POST /v1/campaigns/{name}/clone`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloneBody {
    name: String,
}

/// `POST /v1/campaigns/{name}/clone`.
pub async fn clone(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    actor: Actor,
    Sent(body): Sent<CloneBody>,
) -> Result<(StatusCode, Json<StatusJson>), ApiError> {
    let model = find(&api, &name).await?;
    let made = create_draft(&api, &body.name, &model.settings.0, model.agent_version_id, actor).await?;
    Ok((StatusCode::CREATED, Json(StatusJson::of(&api, &made).await?)))
}
