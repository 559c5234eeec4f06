//! Lists of leads: received, checked as a whole, imported batch by batch, and what was refused given back.
//!
//! An import that was cut off goes on where it stopped when the same file is sent again.

mod diff;
mod doubtful;
mod half_undone;
mod interrupted;
mod lacks;
mod list;
mod refused;
mod rows;
mod run;
mod shown;
mod sink;
mod undo;
mod upload;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::{Actor, Ask};
use super::idle;
use super::keyed::{Key, Turn};
use crate::domain::ids::ImportId;
use crate::intake::phone::Region;
use crate::intake::{ImportOptions, OnDuplicate, WriteOrder};
use crate::store::campaign::Campaign;
use list::List;
pub use rows::{LARGEST_BODY as LARGEST_ROWS, add};
use run::Order;
pub use shown::{list, show};
pub use undo::undo;

/// What says that a campaign's list is not as its imports were to leave it, and what does.
///
/// # Errors
/// The database cannot be read.
pub async fn incomplete(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let mut told = half_undone::warnings(api, campaign).await?;
    told.extend(interrupted::warning(api, campaign).await?);
    Ok(told)
}

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
    /// The sheet of a workbook; without it the first.
    sheet: Option<String>,
}

/// `POST /v1/campaigns/{name}/imports` with the file as body.
pub async fn import(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    Ask(query): Ask<ImportQuery>,
    actor: Actor,
    key: Key,
    body: Body,
) -> Result<Response, ApiError> {
    let file = receive_list(&api, body).await?;
    let campaign = open_campaign(&api, &name).await?;
    let on_duplicate = if query.update { OnDuplicate::Update } else { OnDuplicate::Skip };
    let order = if query.dry_run { WriteOrder::List } else { WriteOrder::Numbers };
    let options = ImportOptions { region: region(query.region.as_deref())?, on_duplicate, order, now: api.clock.now(), resume: None };
    let list = List::check(file, query.sheet.clone(), upload::folder(&api.files)).await?;
    let scope = format!("POST /v1/campaigns/{}/imports", campaign.id);
    let keyed = match key.take(&api, scope, query.fingerprint(&list.sheet.sha256)).await? {
        Turn::Do(keyed) => keyed,
        Turn::Done(answer) => return Ok(answer),
    };
    let file_name = query.file_name.unwrap_or_else(|| "upload".to_owned());
    let order = Order { api: api.clone(), campaign, file_name, actor, options, dry_run: query.dry_run };
    // when nobody waits any more the request is dropped, and the import with it: the piece at hand is rolled back
    let outcome = order.carry_out(list, keyed.begun_at, &CancellationToken::new()).await?;
    let status = if query.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    keyed.answer(&api, status, serde_json::to_value(&outcome).unwrap_or(Value::Null)).await
}

impl ImportQuery {
    /// What was asked for and sent, hashed.
    fn fingerprint(&self, file_sha256: &str) -> String {
        hex::encode(Sha256::digest(format!("{file_sha256} {} {} {:?} {:?}", self.update, self.dry_run, self.region, self.sheet)))
    }
}

/// A list on disk. It is received before anything else is looked at: who is refused while he still sends may find the connection
/// broken instead of the refusal.
///
/// # Errors
/// The body is too long or broke off, or the disk is full.
pub(super) async fn receive_list(api: &ApiState, body: Body) -> Result<std::fs::File, ApiError> {
    upload::receive(body, &upload::folder(&api.files), api.largest_list).await
}

/// A campaign that takes leads.
///
/// # Errors
/// There is none of this name, or it is cancelled.
pub(super) async fn open_campaign(api: &ApiState, name: &str) -> Result<Campaign, ApiError> {
    let campaign = find(api, name).await?;
    idle::must_not_be_cancelled(&campaign)?;
    Ok(campaign)
}

/// The country of national numbers.
///
/// # Errors
/// There is no such country.
pub(super) fn region(text: Option<&str>) -> Result<Option<Region>, ApiError> {
    let read = text.map(str::parse::<Region>).transpose();
    read.map_err(|error| ApiError::unusable("bad_region", error.to_string(), "leave it out when every number begins with +"))
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
