//! OpenAI as the simulator plays it.

use axum::Router;
use serde::Deserialize;

use super::Stage;

/// The `[openai]` section of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenAiScenario {}

/// The vendor's routes.
pub fn router(_stage: &Stage) -> Router {
    Router::new()
}
