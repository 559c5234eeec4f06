//! Agents: saved as the next version, listed.

use axum::Json;
use axum::extract::rejection::StringRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::ApiState;
use super::error::ApiError;
use crate::agents::AgentErrors;
use crate::agents::definition::AgentDefinition;
use crate::agents::load::load;
use crate::domain::ids::AgentVersionId;
use crate::domain::time::Timestamp;
use crate::mind::ledger::Service;
use crate::mind::price::PriceTable;
use crate::mind::prompt::{Layer, Spoken, taken_for_numbers};
use crate::providers::openai::mouth::VOICES;
use crate::providers::{Voice, VoiceVendor};
use crate::store::agent::{AgentVersion, PromptText};

/// `GET /v1/agents`: every version, newest first.
pub async fn list(State(api): State<ApiState>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "agents": api.store.agent_versions().await? })))
}

/// `GET /v1/agents/{name}`: the newest version as it was written, with the prompts it speaks with.
pub async fn show(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<AgentVersion>, ApiError> {
    let fix = "callfleet agent list shows them";
    let found = api.store.agent_by_name(&name, None).await?;
    found.map(Json).ok_or_else(|| ApiError::missing(format!("there is no agent `{name}`"), fix))
}

/// What saving did.
#[derive(Debug, Serialize)]
pub struct Saved {
    id: AgentVersionId,
    name: String,
    version: i32,
    is_new: bool,
    warnings: Vec<String>,
}

/// `POST /v1/agents` with a definition as TOML or JSON: the next version, or the latest one when nothing changed.
pub async fn save(State(api): State<ApiState>, text: Result<String, StringRejection>) -> Result<(StatusCode, Json<Saved>), ApiError> {
    let definition = load(&text?).map_err(|errors| refused(&errors))?;
    let now = api.clock.now();
    let saved = api.store.save_agent(&definition, &default_prompts(), now).await?;
    let status = if saved.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut warnings = unpriced(&definition, now);
    warnings.extend(unlisted(&definition.voice));
    warnings.extend(taken_for_numbers(&definition.lines).iter().map(as_number));
    Ok((status, Json(Saved { id: saved.id, name: definition.name, version: saved.version, is_new: saved.is_new, warnings })))
}

/// The prompts shipped with the program.
fn default_prompts() -> Vec<PromptText<'static>> {
    let of = |layer: &Layer| PromptText { layer: layer.as_str(), body: layer.default_body(), output_schema: None };
    Layer::ALL.iter().map(of).collect()
}

/// Models whose use would stand in the ledger without a cost.
fn unpriced(definition: &AgentDefinition, now: Timestamp) -> Vec<String> {
    let models = &definition.models;
    let mut used: Vec<_> = [&models.simple, &models.reasoning, &models.deferred].map(|model| (Service::Llm, model.as_str())).into();
    used.push((Service::Tts, definition.voice.speech_model()));
    used.sort_unstable();
    used.dedup();
    let unknown = used.into_iter().filter(|(service, model)| !PriceTable::in_use().knows(*service, model, now));
    unknown.map(|(_, model)| format!("no price is known for {model}: its use will count as $0")).collect()
}

/// A line that would say or decide something else than its author means.
fn as_number(Spoken { name, line }: &Spoken) -> String {
    format!(
        "lines.{line} takes {name} for a number, and what a list tells is text: twice 144 would be 144144, and every text is more than \
         100; write {name}|int or {name}|float"
    )
}

/// A voice that may be the account's own, or a slip.
fn unlisted(voice: &Voice) -> Option<String> {
    let is_unlisted = voice.vendor == VoiceVendor::OpenAi && !VOICES.contains(&voice.name.as_str());
    is_unlisted.then(|| format!("{} is none of the voices OpenAI lists ({}); callfleet doctor tries it", voice.name, VOICES.join(", ")))
}

fn refused(errors: &AgentErrors) -> ApiError {
    ApiError::unusable("bad_agent", errors.to_string(), "correct the definition and save it again; config/demo/agent.toml is an example")
}
