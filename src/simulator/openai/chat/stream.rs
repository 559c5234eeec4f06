//! A chat answer as server-sent events: the role first, one token a chunk, the reason, the usage where asked, `[DONE]`.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{Completion, body};
use crate::simulator::dice::{letters, mix};
use crate::simulator::openai::pace::Pace;
use crate::simulator::openai::words::answer::Part;

/// An event and when it is due, from the request's arrival.
type Timed = (Duration, String);

/// The stream.
pub fn respond(completion: &Completion, pace: Pace, begun: Instant) -> Response {
    let events = events(completion, pace);
    paced(events, begun)
}

/// Sends events when they are due.
pub fn paced(events: Vec<Timed>, begun: Instant) -> Response {
    let body = stream::iter(events).then(move |(due, event)| async move {
        sleep_until(begun + due).await;
        Ok::<_, std::io::Error>(Bytes::from(event))
    });
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-cache")], Body::from_stream(body)).into_response()
}

fn events(completion: &Completion, pace: Pace) -> Vec<Timed> {
    let mut writer = Writer { completion, pace, events: Vec::new(), tokens: 0 };
    writer.opening();
    for (index, part) in completion.answer.parts.iter().enumerate() {
        writer.part(index, part);
    }
    writer.chunk(json!({}), Value::Null, completion.answer.finish.word().into());
    if completion.request.stream_options.is_some_and(|options| options.include_usage) {
        writer.event(Vec::new(), body::usage(completion));
    }
    writer.events.push((pace.due(writer.tokens), "data: [DONE]\n\n".to_owned()));
    writer.events
}

struct Writer<'c> {
    completion: &'c Completion,
    pace: Pace,
    events: Vec<Timed>,
    tokens: u64,
}

impl Writer<'_> {
    fn opening(&mut self) {
        let delta = match self.completion.answer.parts.first() {
            Some(Part::Call { .. }) => json!({"role": "assistant", "content": null, "refusal": null}),
            _ => json!({"role": "assistant", "content": "", "refusal": null}),
        };
        self.chunk(delta, Value::Null, Value::Null);
    }

    fn part(&mut self, index: usize, part: &Part) {
        if let Part::Call { name, .. } = part {
            let call = json!({"index": index, "id": body::call_id(self.completion, index), "type": "function", "function": {"name": name, "arguments": ""}});
            self.chunk(json!({"tool_calls": [call]}), Value::Null, Value::Null);
        }
        for token in part.tokens() {
            let delta = match part {
                Part::Text(_) => json!({"content": token.text}),
                Part::Refusal(_) => json!({"refusal": token.text}),
                Part::Call { .. } => json!({"tool_calls": [{"index": index, "function": {"arguments": token.text}}]}),
            };
            let logprobs = body::logprobs(self.completion, part, std::slice::from_ref(token));
            self.chunk(delta, logprobs, Value::Null);
            self.tokens += 1;
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the values go into the chunk")]
    fn chunk(&mut self, delta: Value, logprobs: Value, finish: Value) {
        self.event(vec![json!({"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish})], Value::Null);
    }

    #[expect(clippy::needless_pass_by_value, reason = "the values go into the chunk")]
    fn event(&mut self, choices: Vec<Value>, usage: Value) {
        let completion = self.completion;
        let mut chunk = json!({
            "id": completion.id, "object": "chat.completion.chunk", "created": completion.created, "model": completion.model,
            "service_tier": body::tier(completion), "system_fingerprint": body::fingerprint(&completion.model), "choices": choices,
        });
        let options = completion.request.stream_options.unwrap_or_default();
        if options.include_usage {
            chunk["usage"] = usage;
        }
        if options.include_obfuscation != Some(false) {
            let number = mix(self.tokens, &[completion.id.as_bytes()]);
            chunk["obfuscation"] = letters(number, 1 + usize::from(number.to_be_bytes()[0] % 16)).into();
        }
        self.events.push((self.pace.due(self.tokens), format!("data: {chunk}\n\n")));
    }
}
