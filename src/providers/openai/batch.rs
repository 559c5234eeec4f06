//! The batch desk: requests handed in as a file, answers fetched hours later at half the price.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::providers::wire::http;
use crate::providers::wire::retry::persist;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, BatchDesk, BatchLine, BatchStatus, ChatAnswer, ChatRequest, ProviderError};

use super::body::{AnswerBody, RequestBody};
use super::{OpenAi, PROVIDER, broken, error, unfit};

const ENDPOINT: &str = "/v1/chat/completions";
/// Lines in a file.
pub const MOST_REQUESTS: usize = 50_000;
/// Bytes in a file.
pub const LARGEST_FILE: usize = 200_000_000;
const PAGE: &str = "100";
/// Pages of our own batches that are looked through.
const MOST_PAGES: usize = 200;

#[async_trait]
impl BatchDesk for OpenAi {
    async fn upload(&self, requests: &[(String, ChatRequest)]) -> Result<String, ProviderError> {
        let lines = Bytes::from(file(requests)?);
        let uploaded: Id = persist(self.settings.backoff, || async { self.ask_once(self.upload_form(&lines)?).await }).await?;
        Ok(uploaded.id)
    }

    async fn create(&self, file_id: &str, metadata: (&str, &str)) -> Result<BatchStatus, ProviderError> {
        let body = json!({
            "input_file_id": file_id,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": { metadata.0: metadata.1 },
        });
        let batch: BatchBody = self.ask_once(self.request(Method::POST, "/batches").json(&body)).await?;
        Ok(batch.into())
    }

    async fn find(&self, metadata: (&str, &str)) -> Result<Option<BatchStatus>, ProviderError> {
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let page: Page = self.ask(|| self.page(after.as_deref())).await?;
            let last = page.data.last().map(|batch| batch.id.clone());
            if let Some(batch) = page.data.into_iter().find(|batch| batch.has(metadata)) {
                return Ok(Some(batch.into()));
            }
            match last.filter(|_| page.has_more) {
                Some(last) => after = Some(last),
                None => return Ok(None),
            }
        }
        Err(broken("the list of batches does not end"))
    }

    async fn status(&self, batch_id: &str) -> Result<BatchStatus, ProviderError> {
        let path = format!("/batches/{}", id(batch_id)?);
        let batch: BatchBody = self.ask(|| self.request(Method::GET, &path)).await?;
        Ok(batch.into())
    }

    async fn cancel(&self, batch_id: &str) -> Result<BatchStatus, ProviderError> {
        let path = format!("/batches/{}/cancel", id(batch_id)?);
        let batch: BatchBody = self.ask(|| self.request(Method::POST, &path)).await?;
        Ok(batch.into())
    }

    async fn read(&self, file_id: &str) -> Result<Vec<BatchLine>, ProviderError> {
        let path = format!("/files/{}/content", id(file_id)?);
        let content = persist(self.settings.backoff, || self.bytes_once(self.file_request(Method::GET, &path))).await?;
        Ok(content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).filter_map(line).collect())
    }
}

impl OpenAi {
    fn page(&self, after: Option<&str>) -> RequestBuilder {
        let request = self.request(Method::GET, "/batches").query(&[("limit", PAGE)]);
        match after {
            Some(after) => request.query(&[("after", after)]),
            None => request,
        }
    }

    fn file_request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).timeout(self.settings.file_timeout)
    }

    fn upload_form(&self, lines: &Bytes) -> Result<RequestBuilder, ProviderError> {
        let part = Part::stream_with_length(lines.clone(), lines.len() as u64).file_name("requests.jsonl");
        let part = part.mime_str("application/jsonl").map_err(|e| http::failure(PROVIDER, &e))?;
        Ok(self.file_request(Method::POST, "/files").multipart(Form::new().text("purpose", "batch").part("file", part)))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    custom_id: &'a str,
    method: &'static str,
    url: &'static str,
    body: RequestBody<'a>,
}

/// One JSON line per request, refused here where the service would refuse it hours later.
fn file(requests: &[(String, ChatRequest)]) -> Result<Vec<u8>, ProviderError> {
    check(requests)?;
    let mut lines = Vec::new();
    for (custom_id, request) in requests {
        let line = Line { custom_id, method: "POST", url: ENDPOINT, body: RequestBody::whole(request) };
        serde_json::to_writer(&mut lines, &line).map_err(|e| unfit(format!("a request cannot be written: {e}")))?;
        lines.push(b'\n');
    }
    if lines.len() > LARGEST_FILE {
        return Err(unfit(format!("{} bytes of requests, a file takes {LARGEST_FILE}", lines.len())));
    }
    Ok(lines)
}

fn check(requests: &[(String, ChatRequest)]) -> Result<(), ProviderError> {
    let Some((_, first)) = requests.first() else { return Err(unfit("a batch without requests".into())) };
    if requests.len() > MOST_REQUESTS {
        return Err(unfit(format!("{} requests, a file takes {MOST_REQUESTS}", requests.len())));
    }
    if requests.iter().any(|(_, request)| request.model != first.model) {
        return Err(unfit("requests for different models, a file takes one".into()));
    }
    let mut ids = HashSet::new();
    if requests.iter().all(|(custom_id, _)| ids.insert(custom_id)) { Ok(()) } else { Err(unfit("two requests with one id".into())) }
}

/// Ids become part of a path.
fn id(text: &str) -> Result<&str, ProviderError> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits { Ok(text) } else { Err(unfit("that is not an id".into())) }
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<BatchBody>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct BatchBody {
    id: String,
    status: String,
    output_file_id: Option<String>,
    error_file_id: Option<String>,
    errors: Option<Errors>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    data: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    line: Option<u64>,
}

impl BatchBody {
    fn has(&self, (key, value): (&str, &str)) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| metadata.get(key).is_some_and(|v| v == value))
    }
}

impl From<BatchBody> for BatchStatus {
    fn from(body: BatchBody) -> Self {
        let errors = body.errors.map(|errors| errors.data).unwrap_or_default();
        Self {
            id: body.id,
            status: body.status,
            output_file_id: body.output_file_id,
            error_file_id: body.error_file_id,
            errors: errors.iter().map(Fault::words).collect(),
        }
    }
}

impl Fault {
    fn words(&self) -> String {
        let line = self.line.map(|line| format!("line {line}"));
        let parts = [line, self.code.clone(), self.message.clone()];
        safe_words(&parts.into_iter().flatten().collect::<Vec<_>>().join(": "))
    }
}

#[derive(Deserialize)]
struct ResultLine {
    custom_id: String,
    response: Option<ResponseBody>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct ResponseBody {
    status_code: u16,
    #[serde(default)]
    body: Value,
}

/// One line of a result file. A line that names no request cannot be given to anybody.
fn line(text: &[u8]) -> Option<BatchLine> {
    match serde_json::from_slice::<ResultLine>(text) {
        Ok(line) => Some(BatchLine { result: result(line.response, line.error.as_ref()), custom_id: line.custom_id }),
        Err(_) => {
            tracing::warn!(provider = PROVIDER, "unreadable line in a batch's result file");
            None
        }
    }
}

fn result(response: Option<ResponseBody>, fault: Option<&Fault>) -> Result<ChatAnswer, ProviderError> {
    let Some(response) = response else { return Err(not_done(fault)) };
    let status = StatusCode::from_u16(response.status_code).map_err(|_| broken("an answer with an impossible status"))?;
    if !status.is_success() {
        return Err(error::in_batch(status, &response.body));
    }
    let answer = serde_json::from_value::<AnswerBody>(response.body).ok().and_then(AnswerBody::answer);
    answer.ok_or_else(|| broken("an answer without a choice"))
}

/// The request was never carried out: expired, cancelled, timed out. Nothing is wrong with it.
fn not_done(fault: Option<&Fault>) -> ProviderError {
    let what = fault.map_or_else(|| "no answer and no reason".to_owned(), Fault::words);
    ProviderError { provider: PROVIDER, what, status: None, again: Again::Yes }
}

#[cfg(test)]
mod tests;
