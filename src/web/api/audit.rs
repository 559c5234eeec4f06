//! Who changed what in a campaign.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::Ask;

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 1_000;

/// The query of `GET /v1/campaigns/{name}/audit`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    limit: Option<u32>,
}

/// `GET /v1/campaigns/{name}/audit`: changes by people and by rules that stopped it, newest first.
pub async fn list(State(api): State<ApiState>, Path(name): Path<String>, Ask(query): Ask<AuditQuery>) -> Result<Json<Value>, ApiError> {
    let subject = format!("campaign/{}", find(&api, &name).await?.id);
    let changes = api.store.audits(Some(&subject), query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)).await?;
    Ok(Json(json!({ "audit": changes })))
}
