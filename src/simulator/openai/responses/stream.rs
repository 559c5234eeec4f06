//! A response as named server-sent events, numbered in sequence.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Reply, shape};
use crate::simulator::openai::chat::paced;
use crate::simulator::openai::pace::Pace;
use crate::simulator::openai::words::answer::{Finish, Part, join};

/// The stream.
pub fn respond(reply: &Reply, pace: Pace, begun: Instant) -> Response {
    let mut writer = Writer { reply, pace, events: Vec::new(), tokens: 0 };
    writer.event("response.created", json!({"response": shape::begun(reply)}));
    writer.event("response.in_progress", json!({"response": shape::begun(reply)}));
    for (index, part) in reply.answer.parts.iter().enumerate() {
        writer.item(index, part);
    }
    let last = if reply.answer.finish == Finish::Length { "response.incomplete" } else { "response.completed" };
    writer.event(last, json!({"response": shape::whole(reply)}));
    paced(writer.events, begun)
}

struct Writer<'r> {
    reply: &'r Reply,
    pace: Pace,
    events: Vec<(Duration, String)>,
    tokens: u64,
}

impl Writer<'_> {
    fn item(&mut self, index: usize, part: &Part) {
        let whole = shape::item(self.reply, index, part);
        let mut opening = whole.clone();
        opening["status"] = "in_progress".into();
        match part {
            Part::Call { arguments, .. } => {
                opening["arguments"] = "".into();
                self.event("response.output_item.added", json!({"output_index": index, "item": opening}));
                self.deltas("response.function_call_arguments", index, &whole["id"], part);
                let done = json!({"output_index": index, "item_id": whole["id"], "name": whole["name"], "arguments": join(arguments)});
                self.event("response.function_call_arguments.done", done);
            }
            Part::Text(_) | Part::Refusal(_) => {
                opening["content"] = json!([]);
                self.event("response.output_item.added", json!({"output_index": index, "item": opening}));
                self.message(index, part, &whole["id"]);
            }
        }
        self.event("response.output_item.done", json!({"output_index": index, "item": whole}));
    }

    fn message(&mut self, index: usize, part: &Part, id: &Value) {
        let (name, field) =
            if matches!(part, Part::Refusal(_)) { ("response.refusal", "refusal") } else { ("response.output_text", "text") };
        let place = |what: Value| {
            let mut event = json!({"output_index": index, "content_index": 0, "item_id": id});
            event.as_object_mut().into_iter().for_each(|fields| fields.extend(what.as_object().cloned().unwrap_or_default()));
            event
        };
        let mut empty = shape::content(part);
        empty[field] = "".into();
        self.event("response.content_part.added", place(json!({"part": empty})));
        self.deltas(name, index, id, part);
        self.event(&format!("{name}.done"), place(json!({field: join(part.tokens()), "logprobs": []})));
        self.event("response.content_part.done", place(json!({"part": shape::content(part)})));
    }

    fn deltas(&mut self, name: &str, index: usize, id: &Value, part: &Part) {
        for token in part.tokens() {
            let delta = json!({"output_index": index, "content_index": 0, "item_id": id, "delta": token.text, "logprobs": []});
            self.event(&format!("{name}.delta"), delta);
            self.tokens += 1;
        }
    }

    fn event(&mut self, name: &str, mut data: Value) {
        data["type"] = name.into();
        data["sequence_number"] = self.events.len().into();
        self.events.push((self.pace.due(self.tokens), format!("event: {name}\ndata: {data}\n\n")));
    }
}
