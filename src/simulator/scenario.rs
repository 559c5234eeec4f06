//! What is played: one TOML file that sets credentials, pace, people and faults.

use serde::Deserialize;

use super::{deepgram, openai};

/// Everything a run of the simulator is told. Missing keys have the defaults of their section.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// OpenAI's part.
    pub openai: openai::OpenAiScenario,
    /// Deepgram's part.
    pub deepgram: deepgram::DeepgramScenario,
}

/// A scenario that cannot be played; the message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, an unknown key, or a wrong type.
    #[error("scenario: {0}")]
    Toml(#[from] toml::de::Error),
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When the text is not a scenario; the message names the key and its place.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        Ok(toml::from_str(text)?)
    }
}
