//! `/v1/files`: kept in memory, listed newest first, deleted on request.

mod store;
mod upload;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

pub use store::{Files, NewFile};
pub use upload::upload;

use super::error::ApiError;
use super::{OpenAi, Shared, locked};

/// How a list is paged.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Listing {
    purpose: Option<String>,
    limit: Option<usize>,
    order: Option<String>,
    after: Option<String>,
}

/// A page of files.
pub async fn list(State(openai): State<Shared>, Query(asked): Query<Listing>) -> Result<Json<Value>, ApiError> {
    let limit = asked.limit.unwrap_or(10_000);
    if !(1..=10_000).contains(&limit) {
        return Err(ApiError::invalid("Invalid 'limit': must be between 1 and 10000.").param("limit"));
    }
    openai.settle_batches();
    let files = locked(&openai.files);
    let mut all: Vec<Value> = files.of_purpose(asked.purpose.as_deref()).map(store::File::shown).collect();
    if asked.order.as_deref() != Some("asc") {
        all.reverse();
    }
    page(&all, asked.after.as_deref(), limit).map(Json)
}

/// One page of a list of objects with ids.
///
/// # Errors
/// A 400 when `after` is not in the list.
pub fn page(all: &[Value], after: Option<&str>, limit: usize) -> Result<Value, ApiError> {
    let start = match after {
        None => 0,
        Some(id) => {
            1 + all
                .iter()
                .position(|item| item["id"] == id)
                .ok_or_else(|| ApiError::invalid(format!("No such object: '{id}'.")).param("after"))?
        }
    };
    let data: Vec<Value> = all.iter().skip(start).take(limit).cloned().collect();
    let id_of = |item: Option<&Value>| item.map_or(Value::Null, |item| item["id"].clone());
    Ok(json!({
        "object": "list", "first_id": id_of(data.first()), "last_id": id_of(data.last()),
        "has_more": all.len() > start + data.len(), "data": data,
    }))
}

/// One file's description.
pub async fn fetch(State(openai): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    locked(&openai.files).get(&id).map(|file| Json(file.shown())).ok_or_else(|| missing(&id))
}

/// One file's bytes.
pub async fn content(State(openai): State<Shared>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let bytes = locked(&openai.files).get(&id).map(|file| file.bytes.clone()).ok_or_else(|| missing(&id))?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Forgets a file.
pub async fn delete(State(openai): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    if !locked(&openai.files).remove(&id) {
        return Err(missing(&id));
    }
    Ok(Json(json!({"id": id, "object": "file", "deleted": true})))
}

fn missing(id: &str) -> ApiError {
    ApiError::missing(format!("No such File object: {id}")).param("id")
}

impl OpenAi {
    /// Keeps a new file; gives its description.
    pub fn keep_file(&self, new: NewFile) -> Value {
        let id = self.ids.name("file-", 22);
        locked(&self.files).keep(id, new, super::unix_now())
    }
}
