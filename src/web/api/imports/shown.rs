//! Imports as they stand, for whoever has not the answer any more that they got.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::super::ApiState;
use super::super::campaigns::find;
use super::super::error::ApiError;
use super::doubtful::DoubtsJson;
use super::undo::missing;
use crate::domain::ids::ImportId;
use crate::store::import::Import;

/// An import and what was doubtful in it, in the words of its answer.
#[derive(Debug, Serialize)]
pub struct ImportJson {
    #[serde(flatten)]
    import: Import,
    #[serde(flatten)]
    doubts: DoubtsJson,
}

/// The imports of a campaign.
#[derive(Debug, Serialize)]
pub struct ImportsJson {
    imports: Vec<ImportJson>,
}

impl From<Import> for ImportJson {
    fn from(mut import: Import) -> Self {
        let doubts = std::mem::take(&mut import.doubts.0).into();
        Self { import, doubts }
    }
}

/// `GET /v1/campaigns/{name}/imports`: newest first.
pub async fn list(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<ImportsJson>, ApiError> {
    let campaign = find(&api, &name).await?;
    let imports = api.store.imports(campaign.id).await?.into_iter().map(ImportJson::from).collect();
    Ok(Json(ImportsJson { imports }))
}

/// `GET /v1/campaigns/{name}/imports/{id}`.
pub async fn show(State(api): State<ApiState>, Path((name, id)): Path<(String, String)>) -> Result<Json<ImportJson>, ApiError> {
    let campaign = find(&api, &name).await?;
    let import_id: ImportId = id.parse().map_err(|_| missing(&id))?;
    let import = api.store.import(import_id).await?.filter(|import| import.campaign_id == campaign.id);
    Ok(Json(import.ok_or_else(|| missing(&id))?.into()))
}
