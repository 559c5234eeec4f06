//! A new draft with another campaign's settings and agent; leads stay where they are.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::ApiState;
use super::campaigns::{StatusJson, create_draft, find};
use super::error::ApiError;
use super::extract::{Actor, Sent};
use super::settings::{Need, Origin, checked};
use crate::domain::campaign::file::CampaignFile;
use crate::store::campaign::Campaign;

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
    let settings = settings_of(&model)?;
    let made = create_draft(&api, &body.name, &settings, model.agent_version_id, actor).await?;
    Ok((StatusCode::CREATED, Json(StatusJson::of(&api, &made).await?)))
}

/// Its settings, held to what is asked of a draft today: the campaign may have been made by older rules.
fn settings_of(model: &Campaign) -> Result<Value, ApiError> {
    let read = CampaignFile::from_json(&model.settings.0.to_string());
    let read = read.map_err(|wrong| Origin::Request.refused(&Need::Draft.unmet(wrong)));
    let stored = read.and_then(|file| checked(&file, Need::Draft, Origin::Request));
    stored.map_err(|refused| refused.mended_by(format!("correct it there first: callfleet campaign set {} KEY=VALUE", model.name)))
}
