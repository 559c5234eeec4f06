//! Lists of leads: received, checked as a whole, imported batch by batch, and what was refused given back.
//!
//! An import that was cut off goes on where it stopped when the same file is sent again.

mod refused;
mod run;
mod sink;
mod upload;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::Ask;
use crate::domain::campaign::CampaignState;
use crate::domain::ids::ImportId;
use crate::intake::phone::Region;
use crate::intake::{ImportOptions, OnDuplicate};
use run::{Order, Outcome};

/// The query of `POST /v1/campaigns/{name}/imports`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// The file's name as the operator knows it.
    file_name: Option<String>,
    /// Replace the data of leads that are there.
    #[serde(default)]
    update: bool,
    /// Check everything, import nothing.
    #[serde(default)]
    dry_run: bool,
    /// The country whose national numbers the list may hold.
    region: Option<String>,
}

/// `POST /v1/campaigns/{name}/imports` with the file as body.
pub async fn import(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    Ask(query): Ask<ImportQuery>,
    body: Body,
) -> Result<(StatusCode, Json<Outcome>), ApiError> {
    let campaign = find(&api, &name).await?;
    if campaign.state == CampaignState::Cancelled {
        return Err(ApiError::conflict("wrong_state", format!("campaign {name} is cancelled"), "import into another campaign"));
    }
    let on_duplicate = if query.update { OnDuplicate::Update } else { OnDuplicate::Skip };
    let options = ImportOptions { region: region(query.region.as_deref())?, on_duplicate, resume: None };
    let file = upload::receive(body, &upload::folder(&api.files)).await?;
    let file_name = query.file_name.unwrap_or_else(|| "upload".to_owned());
    let order = Order { api, campaign: campaign.id, file_name, options, dry_run: query.dry_run };
    // when nobody waits any more the request is dropped, and the import with it: the stretch at hand is rolled back
    let outcome = order.carry_out(file, &CancellationToken::new()).await?;
    let status = if query.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(outcome)))
}

fn region(text: Option<&str>) -> Result<Option<Region>, ApiError> {
    let read = text.map(str::parse::<Region>).transpose();
    read.map_err(|error| ApiError::unusable("bad_region", error.to_string(), "leave it out when every number begins with +"))
}

/// `GET /v1/campaigns/{name}/imports`: newest first.
pub async fn list(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<Value>, ApiError> {
    let campaign = find(&api, &name).await?;
    Ok(Json(json!({ "imports": api.store.imports(campaign.id).await? })))
}

/// `GET /v1/campaigns/{name}/imports/{id}/rejects`: the refused rows as CSV, each with its reason.
pub async fn rejects(State(api): State<ApiState>, Path((name, id)): Path<(String, String)>) -> Result<Response, ApiError> {
    find(&api, &name).await?;
    let import: ImportId = id.parse().map_err(|_| no_rejects(&id))?;
    let file = tokio::fs::File::open(refused::path(&api.files, import)).await.map_err(|_| no_rejects(&id))?;
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"rejected.csv\"")];
    Ok((headers, Body::from_stream(upload::pieces(file))).into_response())
}

fn no_rejects(id: &str) -> ApiError {
    let fix = "nothing was refused, or another process of the fleet has the file: ask the one that imported it";
    ApiError::missing(format!("there are no refused rows of import {id} here"), fix)
}
