//! The response object and its items.

use serde_json::{Value, json};

use super::Reply;
use crate::simulator::dice::{letters, mix};
use crate::simulator::openai::words::answer::{Finish, Part, join};

/// The response, done.
pub fn whole(reply: &Reply) -> Value {
    let cut = reply.answer.finish == Finish::Length;
    let mut response = begun(reply);
    response["status"] = if cut { "incomplete" } else { "completed" }.into();
    response["incomplete_details"] = if cut { json!({"reason": "max_output_tokens"}) } else { Value::Null };
    response["output"] = reply.answer.parts.iter().enumerate().map(|(index, part)| item(reply, index, part)).collect();
    response["usage"] = usage(reply);
    response
}

/// The response while it is being written.
pub fn begun(reply: &Reply) -> Value {
    json!({
        "id": reply.id, "object": "response", "created_at": reply.created, "model": reply.model, "status": "in_progress",
        "error": null, "incomplete_details": null, "instructions": null, "metadata": reply.asked.metadata, "output": [],
        "parallel_tool_calls": true, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": null,
    })
}

/// One item of the output.
pub fn item(reply: &Reply, index: usize, part: &Part) -> Value {
    match part {
        Part::Call { name, arguments } => json!({
            "type": "function_call", "id": item_id(reply, "fc_", index), "call_id": item_id(reply, "call_", index),
            "name": name, "arguments": join(arguments), "status": "completed",
        }),
        Part::Text(_) | Part::Refusal(_) => json!({
            "type": "message", "id": item_id(reply, "msg_", index), "role": "assistant", "status": "completed", "content": [content(part)],
        }),
    }
}

/// The content part of a message.
pub fn content(part: &Part) -> Value {
    match part {
        Part::Refusal(tokens) => json!({"type": "refusal", "refusal": join(tokens)}),
        Part::Text(tokens) | Part::Call { arguments: tokens, .. } => {
            json!({"type": "output_text", "text": join(tokens), "annotations": [], "logprobs": []})
        }
    }
}

/// An item's id.
pub fn item_id(reply: &Reply, prefix: &str, index: usize) -> String {
    format!("{prefix}{}", letters(mix(0, &[reply.id.as_bytes(), prefix.as_bytes(), &index.to_be_bytes()]), 32))
}

fn usage(reply: &Reply) -> Value {
    let ((prompt, cached), said) = (reply.prompt_tokens, reply.answer.tokens());
    json!({
        "input_tokens": prompt, "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": said, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": prompt + said,
    })
}
