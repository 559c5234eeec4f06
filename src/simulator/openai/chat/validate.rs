//! What a chat request must keep to. A name the API does not know is refused, so that a client's typing error is found here.

use serde_json::Value;

use super::request::{ChatRequest, JsonSchema, ToolSpec};
use crate::simulator::openai::error::ApiError;
use crate::simulator::openai::schema::strict;

const KNOWN: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];

type Checked = Result<(), ApiError>;

/// Checks the names of the parameters.
pub fn names(raw: &Value) -> Checked {
    let Some(fields) = raw.as_object() else { return Err(ApiError::invalid("The request body must be a JSON object.")) };
    if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(bad(unknown, format!("Unknown parameter: '{unknown}'.")).code("unknown_parameter"));
    }
    match ["model", "messages"].into_iter().find(|name| !fields.contains_key(*name)) {
        Some(missing) => Err(bad(missing, format!("Missing required parameter: '{missing}'.")).code("missing_required_parameter")),
        None => Ok(()),
    }
}

/// Checks the values of the parameters.
pub fn values(request: &ChatRequest) -> Checked {
    limits(request)?;
    messages(request)?;
    request.tools.iter().enumerate().try_for_each(|(index, tool)| self::tool(index, tool))?;
    tool_choice(request)?;
    response_format(request)
}

fn limits(request: &ChatRequest) -> Checked {
    let logprobs = request.logprobs.unwrap_or(false);
    let rules = [
        (request.n.unwrap_or(1) == 1, "n", "The simulator gives one answer: 'n' must be 1."),
        (request.temperature.is_none_or(|t| (0.0..=2.0).contains(&t)), "temperature", "Invalid 'temperature': must be between 0 and 2."),
        (request.top_logprobs.is_none() || logprobs, "top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is enabled."),
        (request.top_logprobs.unwrap_or(0) <= 20, "top_logprobs", "Invalid 'top_logprobs': must be at most 20."),
        (
            request.stream_options.is_none() || request.stream,
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        ),
        (
            request.max_tokens.is_none() || request.max_completion_tokens.is_none(),
            "max_tokens",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        ),
        (
            request.max_tokens.or(request.max_completion_tokens) != Some(0),
            "max_completion_tokens",
            "Invalid 'max_completion_tokens': must be at least 1.",
        ),
    ];
    rules.into_iter().find(|(kept, ..)| !kept).map_or(Ok(()), |(_, param, message)| Err(bad(param, message)))
}

fn messages(request: &ChatRequest) -> Checked {
    if request.messages.is_empty() {
        return Err(bad("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1.").code("empty_array"));
    }
    let mut open_calls: Vec<&str> = Vec::new();
    for (index, message) in request.messages.iter().enumerate() {
        let at = format!("messages.[{index}].role");
        match message.role.as_str() {
            "tool" => {
                let found = open_calls.iter().position(|id| Some(*id) == message.tool_call_id.as_deref());
                let why = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                open_calls.swap_remove(found.ok_or_else(|| bad(at, why))?);
            }
            role if !ROLES.contains(&role) => {
                return Err(bad(at, format!("Invalid value: '{role}'. Supported values are: {ROLES:?}.")).code("invalid_value"));
            }
            role => {
                answered(&open_calls, at)?;
                let calls = message.tool_calls.iter().filter_map(|call| call["id"].as_str());
                open_calls = if role == "assistant" { calls.collect() } else { Vec::new() };
            }
        }
    }
    answered(&open_calls, format!("messages.[{}].role", request.messages.len()))
}

/// Every call of a tool has its result before anything else is said.
fn answered(open_calls: &[&str], at: String) -> Checked {
    if open_calls.is_empty() {
        return Ok(());
    }
    let rule = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.";
    Err(bad(at, format!("{rule} The following tool_call_ids did not have response messages: {}", open_calls.join(", "))))
}

fn tool(index: usize, tool: &ToolSpec) -> Checked {
    let at = |what: &str| format!("tools[{index}].{what}");
    if tool.kind != "function" {
        return Err(bad(at("type"), format!("Invalid value: '{}'. The simulator knows 'function'.", tool.kind)).code("invalid_value"));
    }
    let function = &tool.function;
    if !is_name(&function.name) {
        return Err(bad(
            at("function.name"),
            format!("Invalid '{}': string does not match pattern '^[a-zA-Z0-9_-]+$'.", at("function.name")),
        )
        .code("invalid_value"));
    }
    if function.strict == Some(true) {
        strict::check(&function.parameters).map_err(|why| {
            bad(at("function.parameters"), format!("Invalid schema for function '{}': {why}", function.name))
                .code("invalid_function_parameters")
        })?;
    }
    Ok(())
}

fn tool_choice(request: &ChatRequest) -> Checked {
    if request.tool_choice.is_null() {
        return Ok(());
    }
    if request.tools.is_empty() {
        return Err(bad("tool_choice", "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."));
    }
    let known = |name: &str| request.tools.iter().any(|tool| tool.function.name == name);
    match (request.tool_choice.as_str(), request.tool_choice["function"]["name"].as_str()) {
        (Some("none" | "auto" | "required"), _) => Ok(()),
        (None, Some(name)) if known(name) => Ok(()),
        (None, Some(name)) => Err(bad("tool_choice", format!("Tool choice '{name}' not found in 'tools' parameter."))),
        _ => Err(bad("tool_choice", "Invalid value for 'tool_choice'.").code("invalid_value")),
    }
}

fn response_format(request: &ChatRequest) -> Checked {
    let Some(format) = &request.response_format else { return Ok(()) };
    let mentions_json = || request.messages.iter().any(|message| message.content.to_string().to_lowercase().contains("json"));
    match (format.kind.as_str(), &format.json_schema) {
        ("text", _) => Ok(()),
        ("json_object", _) if mentions_json() => Ok(()),
        ("json_object", _) => {
            Err(bad("messages", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."))
        }
        ("json_schema", Some(schema)) => json_schema(schema, "response_format"),
        ("json_schema", None) => Err(bad("response_format.json_schema", "Missing required parameter: 'response_format.json_schema'.")
            .code("missing_required_parameter")),
        (other, _) => Err(bad(
            "response_format.type",
            format!("Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'."),
        )
        .code("invalid_value")),
    }
}

/// Checks a named schema, wherever it stands in a request.
pub fn json_schema(named: &JsonSchema, param: &str) -> Checked {
    if !is_name(&named.name) {
        return Err(bad(format!("{param}.json_schema.name"), "Invalid schema name: string does not match pattern '^[a-zA-Z0-9_-]+$'.")
            .code("invalid_value"));
    }
    if !named.schema.is_object() {
        return Err(bad(param, format!("Invalid schema for response_format '{}': schema must be an object.", named.name)));
    }
    if named.strict != Some(true) {
        return Ok(());
    }
    strict::check(&named.schema).map_err(|why| bad(param, format!("Invalid schema for response_format '{}': {why}", named.name)))
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn bad(param: impl Into<String>, message: impl Into<String>) -> ApiError {
    ApiError::invalid(message).param(param)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::request::ChatRequest;

    fn refusal(body: &Value) -> (String, String) {
        let error = ChatRequest::parse(body.to_string().as_bytes()).unwrap_err();
        (error.param.unwrap_or_default(), error.code.unwrap_or_default())
    }

    fn refused(param: &str, code: &str) -> (String, String) {
        (param.to_owned(), code.to_owned())
    }

    #[test]
    fn each_mistake_is_named() {
        let user = json!([{"role": "user", "content": "hi"}]);
        assert_eq!(refusal(&json!({"model": "m", "messages": user, "max_token": 3})), refused("max_token", "unknown_parameter"));
        assert_eq!(refusal(&json!({"messages": user})), refused("model", "missing_required_parameter"));
        assert_eq!(refusal(&json!({"model": "m", "messages": []})), refused("messages", "empty_array"));
        assert_eq!(
            refusal(&json!({"model": "m", "messages": user, "stream_options": {"include_usage": true}})),
            refused("stream_options", "")
        );
        assert_eq!(refusal(&json!({"model": "m", "messages": user, "top_logprobs": 2})), refused("top_logprobs", ""));
        assert_eq!(
            refusal(&json!({"model": "m", "messages": [{"role": "caller", "content": ""}]})),
            refused("messages.[0].role", "invalid_value")
        );
    }

    #[test]
    fn every_tool_call_needs_its_result_and_every_result_its_call() {
        let call = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
        let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "ok"});
        let ask = |messages: Value| json!({"model": "m", "messages": messages});
        assert!(ChatRequest::parse(ask(json!([call, result])).to_string().as_bytes()).is_ok());
        assert_eq!(refusal(&ask(json!([call, {"role": "user", "content": "?"}]))), refused("messages.[1].role", ""));
        assert_eq!(refusal(&ask(json!([result]))), refused("messages.[0].role", ""));
        assert_eq!(refusal(&ask(json!([call]))), refused("messages.[1].role", ""));
    }

    #[test]
    fn a_strict_schema_must_be_strict() {
        let format = json!({"type": "json_schema", "json_schema": {"name": "v", "strict": true, "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}});
        let request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "response_format": format});
        assert_eq!(refusal(&request), refused("response_format", ""));
    }
}
