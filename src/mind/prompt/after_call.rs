//! The two questions asked about a finished call: a note for colleagues, and a score. Not urgent, so asked in batches.

use std::fmt::Write;

use serde_json::json;

use super::fence::{clean, fence};
use super::script::case_view;
use super::{Layer, PromptError, PromptTexts, render};
use crate::agents::definition::AgentDefinition;
use crate::mind::history::Line;
use crate::providers::{AnswerSchema, ChatRequest, Message, Role};

/// Asks for the note: `{"summary": string}`.
///
/// # Errors
/// When the template does not render.
pub fn summary_request(texts: &PromptTexts, def: &AgentDefinition, transcript: &[Line]) -> Result<ChatRequest, PromptError> {
    let schema = json!({
        "type": "object",
        "properties": { "summary": { "type": "string" } },
        "required": ["summary"],
        "additionalProperties": false,
    });
    request(texts, Layer::Summary, def, transcript, schema)
}

/// Asks for the score: `{"score": 0–100, "reason": string}`.
///
/// # Errors
/// When the template does not render.
pub fn score_request(texts: &PromptTexts, def: &AgentDefinition, transcript: &[Line]) -> Result<ChatRequest, PromptError> {
    let schema = json!({
        "type": "object",
        "properties": {
            "score": { "type": "integer", "minimum": 0, "maximum": 100 },
            "reason": { "type": "string" },
        },
        "required": ["score", "reason"],
        "additionalProperties": false,
    });
    request(texts, Layer::Score, def, transcript, schema)
}

fn request(
    texts: &PromptTexts,
    layer: Layer,
    def: &AgentDefinition,
    transcript: &[Line],
    schema: serde_json::Value,
) -> Result<ChatRequest, PromptError> {
    let system = render(layer.as_str(), &texts.layer(layer).body, case_view(def))?;
    Ok(ChatRequest {
        model: def.models.deferred.clone(),
        messages: vec![
            Message { role: Role::System, content: system },
            Message { role: Role::User, content: fence("transcript", &transcript_text(transcript)) },
        ],
        // Room for a model that thinks before it answers; the answer itself is a few sentences.
        max_output_tokens: 1_000,
        reasoning_effort: None,
        temperature: None,
        schema: Some(AnswerSchema { name: layer.as_str().to_owned(), schema }),
        cache_key: None,
    })
}

fn transcript_text(transcript: &[Line]) -> String {
    transcript.iter().fold(String::new(), |mut text, line| {
        let who = if line.who == Role::Assistant { "agent" } else { "callee" };
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{gap}{who}: {}", clean(&line.text));
        text
    })
}
