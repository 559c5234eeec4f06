//! A responses request as it comes over the wire.

use serde::Deserialize;
use serde_json::Value;

use crate::simulator::openai::error::ApiError;
use crate::simulator::openai::schema::strict;
use crate::simulator::openai::words::prompt::{Choice, Form, Prompt, Role, Tool, Turn};

/// The fields the simulated model acts on.
#[derive(Debug, Deserialize)]
pub struct Asked {
    model: String,
    input: Value,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default)]
    tool_choice: Value,
    #[serde(default)]
    text: Value,
    #[serde(default)]
    max_output_tokens: Option<u64>,
    #[serde(default)]
    previous_response_id: Option<String>,
    #[serde(default)]
    pub(super) metadata: Value,
    #[serde(default)]
    pub(super) stream: bool,
}

impl Asked {
    /// Reads and checks a request.
    ///
    /// # Errors
    /// A 400 that names the parameter.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let asked: Self = serde_json::from_slice(body).map_err(|error| ApiError::invalid(format!("Invalid request: {error}.")))?;
        if let Some(id) = &asked.previous_response_id {
            let message = format!("Previous response with id '{id}' not found: the simulator stores none.");
            return Err(ApiError::invalid(message).param("previous_response_id").code("previous_response_not_found"));
        }
        let format = &asked.text["format"];
        if format["type"] == "json_schema" && format["strict"] == true {
            let name = format["name"].as_str().unwrap_or_default();
            strict::check(&format["schema"]).map_err(|why| {
                ApiError::invalid(format!("Invalid schema for response_format '{name}': {why}"))
                    .param("text.format.schema")
                    .code("invalid_json_schema")
            })?;
        }
        Ok(asked)
    }

    /// What it asks of the model.
    ///
    /// # Errors
    /// A 400 for an input that is neither text nor items.
    pub fn prompt(&self) -> Result<Prompt, ApiError> {
        let instructions = self.instructions.iter().map(|text| Turn { role: Role::System, text: text.clone() });
        let input = match &self.input {
            Value::String(text) => vec![Turn { role: Role::User, text: text.clone() }],
            Value::Array(items) => items.iter().map(turn).collect(),
            _ => {
                return Err(ApiError::invalid("Invalid type for 'input': expected a string or an array of items.")
                    .param("input")
                    .code("invalid_type"));
            }
        };
        Ok(Prompt {
            model: self.model.clone(),
            turns: instructions.chain(input).collect(),
            tools: self.tools.iter().filter_map(tool).collect(),
            choice: choice(&self.tool_choice),
            form: form(&self.text["format"]),
            max_tokens: self.max_output_tokens,
        })
    }
}

fn turn(item: &Value) -> Turn {
    let role = match (item["type"].as_str(), item["role"].as_str()) {
        (Some("function_call_output"), _) => Role::Tool,
        (Some("function_call"), _) | (_, Some("assistant")) => Role::Assistant,
        (_, Some("system" | "developer")) => Role::System,
        _ => Role::User,
    };
    let parts = |content: &Value| content.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect::<String>();
    let text = ["output", "arguments", "content"].into_iter().find_map(|name| item[name].as_str().map(str::to_owned));
    Turn { role, text: text.unwrap_or_else(|| parts(&item["content"])) }
}

fn tool(tool: &Value) -> Option<Tool> {
    (tool["type"] == "function")
        .then(|| Tool { name: tool["name"].as_str().unwrap_or_default().to_owned(), parameters: tool["parameters"].clone() })
}

fn choice(asked: &Value) -> Choice {
    match (asked.as_str(), asked["name"].as_str()) {
        (Some("none"), _) => Choice::Nothing,
        (Some("required"), _) => Choice::Required,
        (_, Some(name)) => Choice::Named(name.to_owned()),
        _ => Choice::Auto,
    }
}

fn form(format: &Value) -> Form {
    match format["type"].as_str() {
        Some("json_schema") => {
            Form::Schema { name: format["name"].as_str().unwrap_or_default().to_owned(), schema: format["schema"].clone() }
        }
        Some("json_object") => Form::JsonObject,
        _ => Form::Text,
    }
}
