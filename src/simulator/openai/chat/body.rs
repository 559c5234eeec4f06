//! The JSON of a chat answer: whole, and the pieces the stream shares with it.

use serde_json::{Value, json};

use super::Completion;
use crate::simulator::dice::{letters, mix};
use crate::simulator::openai::words::answer::{Part, join};
use crate::simulator::openai::words::tokens::Token;

/// The whole answer.
pub fn whole(completion: &Completion) -> Value {
    let choice = json!({"index": 0, "message": message(completion), "logprobs": logprobs_of(completion), "finish_reason": completion.answer.finish.word()});
    json!({
        "id": completion.id, "object": "chat.completion", "created": completion.created, "model": completion.model,
        "choices": [choice], "usage": usage(completion),
        "service_tier": tier(completion), "system_fingerprint": fingerprint(&completion.model),
    })
}

fn message(completion: &Completion) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
    let mut calls = Vec::new();
    for (index, part) in completion.answer.parts.iter().enumerate() {
        match part {
            Part::Text(tokens) => message["content"] = join(tokens).into(),
            Part::Refusal(tokens) => message["refusal"] = join(tokens).into(),
            Part::Call { name, arguments } => calls.push(
                json!({"id": call_id(completion, index), "type": "function", "function": {"name": name, "arguments": join(arguments)}}),
            ),
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    message
}

/// `call_…`, one for each part of an answer.
pub fn call_id(completion: &Completion, index: usize) -> String {
    format!("call_{}", letters(mix(0, &[completion.id.as_bytes(), &index.to_be_bytes()]), 24))
}

/// The tier the request was served in.
pub fn tier(completion: &Completion) -> &str {
    match completion.request.service_tier.as_deref() {
        None | Some("auto") => "default",
        Some(asked) => asked,
    }
}

/// `fp_…`, one for each model.
pub fn fingerprint(model: &str) -> String {
    format!("fp_{:010x}", mix(0, &[model.as_bytes()]) >> 24)
}

/// What was used.
pub fn usage(completion: &Completion) -> Value {
    let (prompt, cached) = completion.prompt_tokens;
    let said = completion.answer.tokens();
    json!({
        "prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    })
}

fn logprobs_of(completion: &Completion) -> Value {
    completion.answer.parts.first().map_or(Value::Null, |part| logprobs(completion, part, part.tokens()))
}

/// `logprobs` of some tokens of a part; null where the request did not ask, or the part is a call.
pub fn logprobs(completion: &Completion, part: &Part, tokens: &[Token]) -> Value {
    let most = completion.request.top_logprobs.unwrap_or(0);
    let listed = || tokens.iter().map(|token| logprob(token, most)).collect::<Vec<_>>();
    match part {
        _ if completion.request.logprobs != Some(true) => Value::Null,
        Part::Text(_) => json!({"content": listed(), "refusal": null}),
        Part::Refusal(_) => json!({"content": null, "refusal": listed()}),
        Part::Call { .. } => Value::Null,
    }
}

/// The token itself comes first among its alternatives; the others share what probability it leaves.
fn logprob(token: &Token, most: u32) -> Value {
    let rest = ((1.0 - token.logprob.exp()) / f64::from(most.max(2))).max(1e-9).ln();
    let others = (1..most).map(|rank| one(&letters(mix(u64::from(rank), &[token.text.as_bytes()]), 3), rest - f64::from(rank) / 10.0));
    let top: Vec<Value> = (most > 0).then(|| one(&token.text, token.logprob)).into_iter().chain(others).collect();
    let mut logprob = one(&token.text, token.logprob);
    logprob["top_logprobs"] = top.into();
    logprob
}

fn one(text: &str, logprob: f64) -> Value {
    json!({"token": text, "logprob": logprob, "bytes": text.as_bytes()})
}
