//! The files a batch leaves: answers in shuffled order, and apart from them what failed, expired or was cancelled.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::input::{Input, Line};
use super::life::{Moment, Status};
use crate::simulator::dice::mix;
use crate::simulator::openai::error::ApiError;
use crate::simulator::openai::files::NewFile;
use crate::simulator::openai::{OpenAi, chat, embeddings, responses};

/// What became of a batch's lines.
#[derive(Debug)]
pub struct Output {
    /// Answers; absent when there are none.
    pub output_file_id: Option<String>,
    /// What failed; absent when nothing did.
    pub error_file_id: Option<String>,
    /// Lines with an answer.
    pub completed: usize,
    /// Lines that were answered with an error.
    pub failed: usize,
    /// Tokens of all answers.
    pub usage: Usage,
}

/// Tokens.
#[derive(Debug, Default, Clone, Copy)]
pub struct Usage {
    /// Of the prompts.
    pub input: u64,
    /// Of these, from the cache.
    pub cached: u64,
    /// Of the answers.
    pub output: u64,
}

impl Output {
    /// Answers the lines that were done by `moment` and writes the files.
    pub fn write(openai: &OpenAi, batch: &str, endpoint: &str, input: &Input, moment: &Moment, life_s: Option<i64>) -> Self {
        let (mut answers, mut errors) = (Vec::new(), Vec::new());
        let mut usage = Usage::default();
        let mut failed = 0;
        for (index, line) in shuffled(openai.seed, batch, &input.lines).into_iter().enumerate() {
            if index >= moment.done {
                errors.push(never_ran(openai, line, moment.status));
                continue;
            }
            match answer(openai, endpoint, line) {
                Ok(body) => {
                    usage.add(&body["usage"]);
                    answers.push(written(openai, line, 200, &body));
                }
                Err(error) => {
                    failed += 1;
                    errors.push(error);
                }
            }
        }
        let completed = answers.len();
        let keep = |lines: Vec<Value>, kind: &str| keep(openai, &format!("{batch}_{kind}.jsonl"), &lines, life_s);
        Self { output_file_id: keep(answers, "output"), error_file_id: keep(errors, "error"), completed, failed, usage }
    }
}

fn shuffled<'l>(seed: u64, batch: &str, lines: &'l [Line]) -> Vec<&'l Line> {
    let mut order: Vec<&Line> = lines.iter().collect();
    order.sort_by_key(|line| mix(seed, &[batch.as_bytes(), line.custom_id.as_bytes()]));
    order
}

fn answer(openai: &OpenAi, endpoint: &str, line: &Line) -> Result<Value, Value> {
    if let Some(fault) = openai.scenario.batch.line_faults.iter().find(|fault| fault.when.hits(&line.custom_id)) {
        let Some(status) = fault.status else {
            let code = fault.code.as_deref().unwrap_or("request_timeout");
            return Err(unanswered(openai, line, code, "This request could not be executed."));
        };
        let error = ApiError { code: fault.code.clone(), ..ApiError::invalid("The request failed.") };
        return Err(written(openai, line, status, &error.body()));
    }
    let answered = match endpoint {
        "/v1/embeddings" => embeddings::embed_line(openai, &line.body),
        "/v1/responses" => responses::create_line(openai, &line.body),
        _ => chat::complete_line(openai, &line.body),
    };
    answered.map_err(|error| written(openai, line, error.status.as_u16(), &error.body()))
}

fn written(openai: &OpenAi, line: &Line, status: u16, body: &Value) -> Value {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).as_u16();
    let response = json!({"status_code": status, "request_id": openai.ids.name("req_", 32).to_lowercase(), "body": body});
    json!({"id": openai.ids.name("batch_req_", 24).to_lowercase(), "custom_id": line.custom_id, "response": response, "error": null})
}

fn never_ran(openai: &OpenAi, line: &Line, status: Status) -> Value {
    match status {
        Status::Cancelled => unanswered(openai, line, "batch_cancelled", "This request was not executed because the batch was cancelled."),
        _ => unanswered(openai, line, "batch_expired", "This request could not be executed before the completion window expired."),
    }
}

fn unanswered(openai: &OpenAi, line: &Line, code: &str, message: &str) -> Value {
    let error = json!({"code": code, "message": message});
    json!({"id": openai.ids.name("batch_req_", 24).to_lowercase(), "custom_id": line.custom_id, "response": null, "error": error})
}

fn keep(openai: &OpenAi, name: &str, lines: &[Value], life_s: Option<i64>) -> Option<String> {
    if lines.is_empty() {
        return None;
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let file = openai.keep_file(NewFile { name: name.to_owned(), purpose: "batch_output".to_owned(), bytes: text.into(), life_s });
    file["id"].as_str().map(str::to_owned)
}

impl Usage {
    /// Adds an answer's usage, in the words of chat, embeddings or responses.
    fn add(&mut self, usage: &Value) {
        let tokens = |names: [&str; 2]| names.iter().find_map(|name| usage.pointer(name)).and_then(Value::as_u64).unwrap_or(0);
        self.input += tokens(["/prompt_tokens", "/input_tokens"]);
        self.cached += tokens(["/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens"]);
        self.output += tokens(["/completion_tokens", "/output_tokens"]);
    }
}
