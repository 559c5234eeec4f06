//! Deepgram as the simulator plays it.

use axum::Router;
use serde::Deserialize;

use super::Stage;

/// The `[deepgram]` section of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeepgramScenario {}

/// The vendor's routes.
pub fn router(_stage: &Stage) -> Router {
    Router::new()
}
