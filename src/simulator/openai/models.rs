//! `GET /v1/models`: the models the scenario lists, or a few plausible ones where it lists none.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::error::ApiError;
use super::{OpenAi, Shared};

const PLAUSIBLE: &[&str] = &["gpt-4o", "gpt-4o-mini", "gpt-6-luna", "gpt-6-sol", "text-embedding-3-small", "tts-1"];
/// Some fixed day: when a simulated model was made matters to nobody.
const CREATED: i64 = 1_735_689_600;

/// All models.
pub async fn list(State(openai): State<Shared>) -> Json<Value> {
    let listed = openai.scenario.models.iter().map(String::as_str);
    let known: Vec<&str> = if openai.scenario.models.is_empty() { PLAUSIBLE.to_vec() } else { listed.collect() };
    Json(json!({"object": "list", "data": known.into_iter().map(model).collect::<Vec<_>>()}))
}

/// One model.
pub async fn fetch(State(openai): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    openai.knows(&id)?;
    Ok(Json(model(&id)))
}

fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": CREATED, "owned_by": "simulated"})
}

impl OpenAi {
    /// # Errors
    /// A 404 when the scenario lists models and not this one.
    pub fn knows(&self, model: &str) -> Result<(), ApiError> {
        let listed = &self.scenario.models;
        if listed.is_empty() || listed.iter().any(|known| known == model) || self.scenario.snapshots.values().any(|known| known == model) {
            return Ok(());
        }
        Err(ApiError::missing(format!("The model `{model}` does not exist or you do not have access to it.")).code("model_not_found"))
    }
}
