//! `/v1/batches`: a file of requests, answered later, at half the price of the real thing.
//!
//! A batch does nothing between requests: its state follows from the time since it was made ([`life`]), and its output is
//! written when somebody first looks after it is done.

mod input;
mod life;
mod output;
mod shown;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use self::input::{Input, Mistake};
use self::life::Life;
use self::output::Output;
use super::error::ApiError;
use super::files::page;
use super::{OpenAi, Shared, locked};

/// All batches of the run, oldest first.
pub type Batches = Vec<Batch>;

/// One batch.
#[derive(Debug)]
pub struct Batch {
    id: String,
    made: Instant,
    created_at: i64,
    asked: NewBatch,
    input: Result<Input, Vec<Mistake>>,
    life: Life,
    output: Option<Output>,
}

/// A batch to make.
#[derive(Debug, Deserialize)]
pub struct NewBatch {
    input_file_id: String,
    endpoint: String,
    completion_window: String,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    #[serde(default)]
    output_expires_after: Option<OutputLife>,
}

/// How long output files live.
#[derive(Debug, Deserialize)]
struct OutputLife {
    seconds: i64,
}

/// How the list is paged.
#[derive(Debug, Deserialize)]
pub struct Listing {
    after: Option<String>,
    limit: Option<usize>,
}

const ENDPOINTS: &[&str] = &["/v1/chat/completions", "/v1/embeddings", "/v1/responses"];

/// Makes a batch.
pub async fn create(State(openai): State<Shared>, Json(raw): Json<Value>) -> Result<Json<Value>, ApiError> {
    let asked: NewBatch = serde_json::from_value(raw).map_err(|error| ApiError::invalid(format!("Invalid request: {error}.")))?;
    check(&asked)?;
    let bytes = input_file(&openai, &asked.input_file_id)?;
    let input = Input::read(&bytes, &asked.endpoint);
    let lines = input.as_ref().map_or(0, |input| input.lines.len());
    let batch = Batch {
        id: openai.ids.name("batch_", 32).to_lowercase(),
        made: Instant::now(),
        created_at: super::unix_now(),
        life: Life::new(&openai.scenario.batch, lines, input.is_ok()),
        asked,
        input,
        output: None,
    };
    let shown = batch.shown(Instant::now());
    locked(&openai.batches).push(batch);
    Ok(Json(shown))
}

fn check(asked: &NewBatch) -> Result<(), ApiError> {
    if !ENDPOINTS.contains(&asked.endpoint.as_str()) {
        let message = format!("Invalid value: '{}'. Supported values are: {ENDPOINTS:?}.", asked.endpoint);
        return Err(ApiError::invalid(message).param("endpoint").code("invalid_value"));
    }
    if asked.completion_window != "24h" {
        return Err(ApiError::invalid("Invalid value: 'completion_window' must be '24h'.")
            .param("completion_window")
            .code("invalid_value"));
    }
    let metadata = asked.metadata.iter().flatten();
    let too_long = |(name, value): (&String, &Value)| name.len() > 64 || value.as_str().is_none_or(|text| text.len() > 512);
    if metadata.clone().count() > 16 || metadata.clone().any(too_long) {
        return Err(
            ApiError::invalid("Invalid 'metadata': at most 16 pairs, names of 64 and string values of 512 characters.").param("metadata")
        );
    }
    Ok(())
}

fn input_file(openai: &OpenAi, id: &str) -> Result<axum::body::Bytes, ApiError> {
    let files = locked(&openai.files);
    let file = files.get(id).ok_or_else(|| ApiError::invalid(format!("No such File object: {id}")).param("input_file_id"))?;
    if file.purpose != "batch" {
        return Err(ApiError::invalid(format!("File '{id}' has an invalid purpose. Expected 'batch'.")).param("input_file_id"));
    }
    Ok(file.bytes.clone())
}

/// One batch.
pub async fn fetch(State(openai): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    openai.settle_batches();
    let batches = locked(&openai.batches);
    let batch = batches.iter().find(|batch| batch.id == id).ok_or_else(|| missing(&id))?;
    Ok(Json(batch.shown(Instant::now())))
}

/// A page of batches, newest first.
pub async fn list(State(openai): State<Shared>, Query(asked): Query<Listing>) -> Result<Json<Value>, ApiError> {
    openai.settle_batches();
    let limit = asked.limit.unwrap_or(20).clamp(1, 100);
    let now = Instant::now();
    let all: Vec<Value> = locked(&openai.batches).iter().rev().map(|batch| batch.shown(now)).collect();
    page(&all, asked.after.as_deref(), limit).map(Json)
}

/// Asks a batch to end early.
pub async fn cancel(State(openai): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    openai.settle_batches();
    let mut batches = locked(&openai.batches);
    let batch = batches.iter_mut().find(|batch| batch.id == id).ok_or_else(|| missing(&id))?;
    let now = Instant::now();
    if !batch.life.cancel(now - batch.made) {
        let message = format!("Cannot cancel a batch with status '{}'.", batch.life.at(now - batch.made).status.word());
        return Err(ApiError { status: StatusCode::CONFLICT, ..ApiError::invalid(message) });
    }
    Ok(Json(batch.shown(now)))
}

fn missing(id: &str) -> ApiError {
    ApiError::missing(format!("No such Batch object: {id}")).param("id")
}

impl OpenAi {
    /// Writes the output of batches that have ended since somebody last looked.
    pub fn settle_batches(&self) {
        let now = Instant::now();
        for batch in locked(&self.batches).iter_mut().filter(|batch| batch.output.is_none()) {
            let moment = batch.life.at(now - batch.made);
            if let (true, Ok(input)) = (moment.status.is_over(), &batch.input) {
                let life_s = batch.asked.output_expires_after.as_ref().map(|life| life.seconds);
                batch.output = Some(Output::write(self, &batch.id, &batch.asked.endpoint, input, &moment, life_s));
            }
        }
    }
}
