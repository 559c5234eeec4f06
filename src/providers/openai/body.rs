//! The JSON of chat requests and answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::{AnswerSchema, ChatAnswer, ChatRequest, Message, Usage};

/// The tier that waits for room.
const FLEX: &str = "flex";

/// `POST /chat/completions`. What is `None` is not sent: models refuse parameters they do not know.
#[derive(Debug, Serialize)]
pub struct RequestBody<'a> {
    model: &'a str,
    messages: &'a [Message],
    max_completion_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Serialize)]
struct Format<'a> {
    r#type: &'static str,
    json_schema: Schema<'a>,
}

#[derive(Debug, Serialize)]
struct Schema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a Value,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'a> RequestBody<'a> {
    /// Asks for a whole answer.
    #[must_use]
    pub fn whole(request: &'a ChatRequest) -> Self {
        Self {
            model: &request.model,
            messages: &request.messages,
            max_completion_tokens: request.max_output_tokens,
            reasoning_effort: request.reasoning_effort.as_deref(),
            temperature: request.temperature,
            prompt_cache_key: request.cache_key.as_deref(),
            response_format: request.schema.as_ref().map(Format::strict),
            service_tier: request.flex.then_some(FLEX),
            stream: None,
            stream_options: None,
        }
    }

    /// Asks for a streamed answer that ends with its usage.
    #[must_use]
    pub fn streamed(request: &'a ChatRequest) -> Self {
        Self { stream: Some(true), stream_options: Some(StreamOptions { include_usage: true }), ..Self::whole(request) }
    }
}

impl<'a> Format<'a> {
    fn strict(answer: &'a AnswerSchema) -> Self {
        Self { r#type: "json_schema", json_schema: Schema { name: &answer.name, strict: true, schema: &answer.schema } }
    }
}

/// A whole answer.
#[derive(Debug, Deserialize)]
pub struct AnswerBody {
    #[serde(default)]
    model: String,
    choices: Vec<Choice>,
    usage: Option<UsageBody>,
    /// The tier the answer was really served in.
    service_tier: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: AnswerMessage,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AnswerMessage {
    content: Option<String>,
    refusal: Option<String>,
}

impl AnswerBody {
    /// The first choice; `None` when there is none.
    #[must_use]
    pub fn answer(self) -> Option<ChatAnswer> {
        let choice = self.choices.into_iter().next()?;
        Some(ChatAnswer {
            content: choice.message.content.unwrap_or_default(),
            refusal: choice.message.refusal,
            finish: choice.finish_reason.unwrap_or_else(|| "stop".to_owned()),
            model: self.model,
            usage: self.usage.map(Usage::from).unwrap_or_default(),
            flex: self.service_tier.as_deref() == Some(FLEX),
        })
    }
}

/// One event of a streamed answer.
#[derive(Debug, Deserialize)]
pub struct Chunk {
    /// Empty in the event that carries the usage.
    #[serde(default)]
    pub choices: Vec<ChunkChoice>,
    /// On the last event, when it was asked for.
    pub usage: Option<UsageBody>,
    /// Instead of everything else, when the answer broke off.
    pub error: Option<super::error::ErrorFields>,
}

/// A piece of the only choice.
#[derive(Debug, Deserialize)]
pub struct ChunkChoice {
    /// What is new.
    #[serde(default)]
    pub delta: Delta,
    /// On the last piece.
    pub finish_reason: Option<String>,
}

/// What a piece adds.
#[derive(Debug, Default, Deserialize)]
pub struct Delta {
    /// Text.
    pub content: Option<String>,
    /// Words of a refusal.
    pub refusal: Option<String>,
}

/// Token counts; details are missing on compatible servers.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct UsageBody {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

impl From<UsageBody> for Usage {
    fn from(body: UsageBody) -> Self {
        let cached = body.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
        Self { tokens_in: body.prompt_tokens, tokens_cached: cached.min(body.prompt_tokens), tokens_out: body.completion_tokens }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::Role;

    pub fn request() -> ChatRequest {
        ChatRequest {
            model: "gpt-4o-mini".into(),
            messages: vec![Message { role: Role::System, content: "Be brief.".into() }],
            max_output_tokens: 60,
            reasoning_effort: None,
            temperature: None,
            schema: None,
            cache_key: None,
            flex: false,
        }
    }

    #[test]
    fn sends_only_what_was_given() {
        let body = serde_json::to_value(RequestBody::whole(&request())).unwrap();
        let messages = json!([{"role": "system", "content": "Be brief."}]);
        assert_eq!(body, json!({"model": "gpt-4o-mini", "messages": messages, "max_completion_tokens": 60}));
    }

    #[test]
    fn sends_all_that_was_given() {
        let full = ChatRequest {
            reasoning_effort: Some("none".into()),
            temperature: Some(0.5),
            schema: Some(AnswerSchema { name: "verdict".into(), schema: json!({"type": "object"}) }),
            cache_key: Some("agent-1".into()),
            flex: true,
            ..request()
        };
        let body = serde_json::to_value(RequestBody::streamed(&full)).unwrap();
        assert_eq!(
            body["response_format"],
            json!({"type": "json_schema", "json_schema": {"name": "verdict", "strict": true, "schema": {"type": "object"}}})
        );
        assert_eq!(
            (&body["temperature"], &body["reasoning_effort"], &body["prompt_cache_key"]),
            (&json!(0.5), &json!("none"), &json!("agent-1"))
        );
        assert_eq!(body["service_tier"], json!("flex"));
        assert_eq!((&body["stream"], &body["stream_options"]), (&json!(true), &json!({"include_usage": true})));
    }

    #[test]
    fn reads_refusals_and_partial_usage() {
        let text = r#"{"model":"m","choices":[{"index":0,"finish_reason":"stop","logprobs":null,"message":{"role":"assistant","content":null,"refusal":"No."}}],
            "usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":null}}}"#;
        let answer = serde_json::from_str::<AnswerBody>(text).unwrap().answer().unwrap();
        assert_eq!((answer.content.as_str(), answer.refusal.as_deref()), ("", Some("No.")));
        assert_eq!(answer.usage, Usage { tokens_in: 5, tokens_cached: 0, tokens_out: 2 });
        assert!(!answer.flex, "an answer is priced by the tier it names");
        let flexible = text.replacen('{', "{\"service_tier\":\"flex\",", 1);
        assert!(serde_json::from_str::<AnswerBody>(&flexible).unwrap().answer().unwrap().flex);
        assert!(serde_json::from_str::<AnswerBody>(r#"{"choices":[]}"#).unwrap().answer().is_none());
    }
}
