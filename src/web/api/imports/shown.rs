//! Imports as they stand, for whoever has not the answer any more that they got.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::super::ApiState;
use super::super::campaigns::find;
use super::super::error::ApiError;
use super::doubtful::DoubtsJson;
use super::interrupted::resume;
use super::undo::missing;
use crate::domain::ids::ImportId;
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;
use crate::store::import::Import;

/// An import and what was doubtful in it, in the words of its answer.
#[derive(Debug, Serialize)]
pub struct ImportJson {
    #[serde(flatten)]
    import: Import,
    /// Where it stands; `interrupted` when nobody reads it on.
    state: &'static str,
    /// The command that goes on with one that was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<String>,
    #[serde(flatten)]
    doubts: DoubtsJson,
}

/// The imports of a campaign.
#[derive(Debug, Serialize)]
pub struct ImportsJson {
    imports: Vec<ImportJson>,
}

impl ImportJson {
    fn of(mut import: Import, campaign: &Campaign, now: Timestamp) -> Self {
        let doubts = std::mem::take(&mut import.doubts.0).into();
        let is_interrupted = import.is_interrupted(now);
        let state = if is_interrupted { "interrupted" } else { import.state.as_str() };
        let resume = if is_interrupted { resume(&import, campaign) } else { None };
        Self { import, state, resume, doubts }
    }
}

/// `GET /v1/campaigns/{name}/imports`: newest first.
pub async fn list(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<ImportsJson>, ApiError> {
    let campaign = find(&api, &name).await?;
    let (imports, now) = (api.store.imports(campaign.id).await?, api.clock.now());
    let imports = imports.into_iter().map(|import| ImportJson::of(import, &campaign, now)).collect();
    Ok(Json(ImportsJson { imports }))
}

/// `GET /v1/campaigns/{name}/imports/{id}`.
pub async fn show(State(api): State<ApiState>, Path((name, id)): Path<(String, String)>) -> Result<Json<ImportJson>, ApiError> {
    let campaign = find(&api, &name).await?;
    let import_id: ImportId = id.parse().map_err(|_| missing(&id))?;
    let import = api.store.import(import_id).await?.filter(|import| import.campaign_id == campaign.id);
    Ok(Json(ImportJson::of(import.ok_or_else(|| missing(&id))?, &campaign, api.clock.now())))
}
