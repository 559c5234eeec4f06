//! Taking an import back, until its first dial.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::super::ApiState;
use super::super::error::ApiError;
use super::super::extract::Actor;
use super::refused;
use crate::domain::ids::ImportId;
use crate::store::import::ImportState;
use crate::store::import_undo::{UndoStart, Undone};

/// What taking an import back did.
#[derive(Debug, Serialize)]
pub struct UndoJson {
    import_id: ImportId,
    /// It had been taken back before: what is counted is what was left to do.
    was_undone: bool,
    #[serde(flatten)]
    undone: Undone,
}

/// `POST /v1/imports/{id}/undo`: its leads go, what it replaced comes back. Cut off, it is gone on with by asking again.
pub async fn undo(State(api): State<ApiState>, Path(id): Path<String>, actor: Actor) -> Result<Json<UndoJson>, ApiError> {
    let import_id: ImportId = id.parse().map_err(|_| missing(&id))?;
    let now = api.clock.now();
    let import = match api.store.begin_undo(import_id, actor.0, now).await? {
        UndoStart::Begun(import) => import,
        UndoStart::Missing => return Err(missing(&id)),
        UndoStart::Dialed(leads) => {
            let dialed = if leads == 1 { "has been dialed or is" } else { "have been dialed or are" };
            let message = format!("{leads} of its leads {dialed} about to be, so import {id} cannot be undone any more");
            return Err(ApiError::conflict("dialed", message, "take single leads off the list: callfleet leads cancel ID"));
        }
    };
    let was_undone = import.state == ImportState::Undone;
    let undone = api.store.finish_undo(&import, now).await?;
    // a file that stays shows only what was refused
    let _ = tokio::fs::remove_file(refused::path(&api.files, import_id)).await;
    Ok(Json(UndoJson { import_id, was_undone, undone }))
}

pub(super) fn missing(id: &str) -> ApiError {
    ApiError::missing(
        format!("there is no import {id}"),
        "callfleet leads import has printed its id; callfleet leads imports --campaign NAME shows them all",
    )
}
