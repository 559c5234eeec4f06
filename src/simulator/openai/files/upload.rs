//! `POST /v1/files`: a multipart form with a purpose and a file.

use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use serde_json::Value;

use super::NewFile;
use crate::simulator::openai::Shared;
use crate::simulator::openai::error::ApiError;

const PURPOSES: &[&str] = &["assistants", "batch", "evals", "fine-tune", "user_data", "vision"];
const LARGEST_BATCH: usize = 200 << 20;
const SHORTEST_LIFE_S: i64 = 3600;
const LONGEST_LIFE_S: i64 = 2_592_000;

/// Takes a file.
pub async fn upload(State(openai): State<Shared>, mut form: Multipart) -> Result<Json<Value>, ApiError> {
    let (mut new, mut has_file) = (NewFile::default(), false);
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        has_file |= field.name() == Some("file");
        take(field, &mut new).await?;
    }
    check(&new, has_file)?;
    Ok(Json(openai.keep_file(new)))
}

async fn take(field: Field<'_>, new: &mut NewFile) -> Result<(), ApiError> {
    let name = field.name().unwrap_or_default().to_owned();
    if name == "file" {
        new.name = field.file_name().unwrap_or("upload").to_owned();
        new.bytes = field.bytes().await.map_err(|error| unreadable(&error))?;
        return Ok(());
    }
    let text = field.text().await.map_err(|error| unreadable(&error))?;
    match name.as_str() {
        "purpose" => new.purpose = text,
        "expires_after[anchor]" if text == "created_at" => {}
        "expires_after[seconds]" => new.life_s = Some(life(&text)?),
        other => return Err(ApiError::invalid(format!("Unknown parameter: '{other}'.")).param(other).code("unknown_parameter")),
    }
    Ok(())
}

fn life(text: &str) -> Result<i64, ApiError> {
    text.parse().ok().filter(|life| (SHORTEST_LIFE_S..=LONGEST_LIFE_S).contains(life)).ok_or_else(|| {
        let message = format!("Invalid 'expires_after[seconds]': must be between {SHORTEST_LIFE_S} and {LONGEST_LIFE_S}.");
        ApiError::invalid(message).param("expires_after[seconds]")
    })
}

fn check(new: &NewFile, has_file: bool) -> Result<(), ApiError> {
    let is_batch = new.purpose == "batch";
    if !has_file {
        return Err(ApiError::invalid("'file' is a required property").param("file"));
    }
    if !PURPOSES.contains(&new.purpose.as_str()) {
        return Err(ApiError::invalid(format!("'{}' is not one of {PURPOSES:?} - 'purpose'", new.purpose)).param("purpose"));
    }
    if is_batch && !new.name.ends_with(".jsonl") {
        return Err(ApiError::invalid("Invalid file format for Batch API. Must be .jsonl").param("file"));
    }
    if is_batch && new.bytes.len() > LARGEST_BATCH {
        return Err(ApiError::invalid("File is too large for the Batch API: at most 200 MB.").param("file"));
    }
    Ok(())
}

fn unreadable(error: &MultipartError) -> ApiError {
    ApiError::invalid(format!("The multipart form could not be read: {error}."))
}
