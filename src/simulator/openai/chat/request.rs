//! A chat request as it comes over the wire.

use serde::Deserialize;
use serde_json::Value;

use super::validate;
use crate::simulator::openai::error::ApiError;
use crate::simulator::openai::words::prompt::{Choice, Form, Prompt, Role, Tool, Turn};

/// The fields the simulated model acts on; [`validate`] knows the names of the others.
#[derive(Debug, Deserialize)]
pub struct ChatRequest {
    /// The model.
    pub model: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// Tools on offer.
    #[serde(default)]
    pub tools: Vec<ToolSpec>,
    /// `none`, `auto`, `required` or a named function.
    #[serde(default)]
    pub tool_choice: Value,
    /// Text, JSON object or schema.
    #[serde(default)]
    pub response_format: Option<ResponseFormat>,
    /// The longest answer.
    #[serde(default)]
    pub max_completion_tokens: Option<u64>,
    /// Its older name.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// How many answers; the simulator gives one.
    #[serde(default)]
    pub n: Option<u64>,
    /// 0–2.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Whether tokens carry their probabilities.
    #[serde(default)]
    pub logprobs: Option<bool>,
    /// With how many alternatives.
    #[serde(default)]
    pub top_logprobs: Option<u32>,
    /// Server-sent events.
    #[serde(default)]
    pub stream: bool,
    /// Only with `stream`.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// `auto`, `default`, `flex`, `priority`.
    #[serde(default)]
    pub service_tier: Option<String>,
}

/// A message.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// Whose it is.
    pub role: String,
    /// A string, or parts.
    #[serde(default)]
    pub content: Value,
    /// Calls of an assistant.
    #[serde(default)]
    pub tool_calls: Vec<Value>,
    /// The call a tool's message answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
}

/// A tool.
#[derive(Debug, Deserialize)]
pub struct ToolSpec {
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    #[serde(default)]
    pub function: FunctionSpec,
}

/// A function.
#[derive(Debug, Default, Deserialize)]
pub struct FunctionSpec {
    /// Its name.
    pub name: String,
    /// JSON schema of its arguments.
    #[serde(default)]
    pub parameters: Value,
    /// Whether the arguments must satisfy it.
    #[serde(default)]
    pub strict: Option<bool>,
}

/// The shape of the answer.
#[derive(Debug, Deserialize)]
pub struct ResponseFormat {
    /// `text`, `json_object`, `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// With `json_schema`.
    #[serde(default)]
    pub json_schema: Option<JsonSchema>,
}

/// A schema with its name.
#[derive(Debug, Deserialize)]
pub struct JsonSchema {
    /// Letters, digits, `_` and `-`.
    #[serde(default)]
    pub name: String,
    /// Whether the strict subset is asked for.
    #[serde(default)]
    pub strict: Option<bool>,
    /// The schema.
    #[serde(default)]
    pub schema: Value,
}

/// What a stream shall carry.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub struct StreamOptions {
    /// A last chunk with the usage.
    pub include_usage: bool,
    /// Random padding; on unless told otherwise.
    pub include_obfuscation: Option<bool>,
}

impl ChatRequest {
    /// Reads and checks a request.
    ///
    /// # Errors
    /// A 400 that names the parameter.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let raw: Value =
            serde_json::from_slice(body).map_err(|_| ApiError::invalid("We could not parse the JSON body of your request."))?;
        validate::names(&raw)?;
        let request: Self =
            serde_json::from_value(raw).map_err(|error| ApiError::invalid(format!("Invalid request: {error}.")).code("invalid_type"))?;
        validate::values(&request)?;
        Ok(request)
    }

    /// What it asks of the model.
    ///
    /// # Errors
    /// A 400 for a content that is neither text nor parts.
    pub fn prompt(&self) -> Result<Prompt, ApiError> {
        Ok(Prompt {
            model: self.model.clone(),
            turns: self.messages.iter().enumerate().map(|(index, message)| message.turn(index)).collect::<Result<_, _>>()?,
            tools: self
                .tools
                .iter()
                .map(|tool| Tool { name: tool.function.name.clone(), parameters: tool.function.parameters.clone() })
                .collect(),
            choice: choice(&self.tool_choice),
            form: self.response_format.as_ref().map_or(Form::Text, ResponseFormat::form),
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
        })
    }
}

fn choice(asked: &Value) -> Choice {
    match (asked.as_str(), asked["function"]["name"].as_str()) {
        (Some("none"), _) => Choice::Nothing,
        (Some("required"), _) => Choice::Required,
        (_, Some(name)) => Choice::Named(name.to_owned()),
        _ => Choice::Auto,
    }
}

impl ResponseFormat {
    fn form(&self) -> Form {
        match (self.kind.as_str(), &self.json_schema) {
            ("json_schema", Some(named)) => Form::Schema { name: named.name.clone(), schema: named.schema.clone() },
            ("json_object", _) => Form::JsonObject,
            _ => Form::Text,
        }
    }
}

impl Message {
    fn turn(&self, index: usize) -> Result<Turn, ApiError> {
        let role = match self.role.as_str() {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => Role::Tool,
        };
        let calls = self.tool_calls.iter().filter_map(|call| call["function"]["arguments"].as_str());
        let text = content(&self.content).ok_or_else(|| {
            let param = format!("messages.[{index}].content");
            ApiError::invalid(format!("Invalid type for '{param}': expected a string or an array of content parts."))
                .param(param)
                .code("invalid_type")
        })?;
        Ok(Turn { role, text: std::iter::once(text.as_str()).chain(calls).collect() })
    }
}

/// The text of a content; pictures and sounds have none.
pub fn content(content: &Value) -> Option<String> {
    match content {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.iter().filter_map(|part| part["text"].as_str()).collect()),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
