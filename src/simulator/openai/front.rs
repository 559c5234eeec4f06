//! What every request meets first: the key, the faults, and the headers of every answer.

use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::faults::{Fault, FaultKind};
use super::{OpenAi, Shared};

/// Faults read JSON bodies up to this size.
const READ_AT_MOST: usize = 64 << 20;

/// Checks the key, lets a fault strike, and stamps the answer.
pub async fn guard(State(openai): State<Shared>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let mut response = match authorised(&openai, request.headers()) {
        Ok(()) => serve(&openai, request, next).await,
        Err(refused) => refused.into_response(),
    };
    stamp(&openai, response.headers_mut(), begun);
    response
}

fn authorised(openai: &OpenAi, headers: &HeaderMap) -> Result<(), ApiError> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = header.and_then(|header| header.strip_prefix("Bearer ")).filter(|key| !key.is_empty());
    let refused = |message: String| ApiError { status: StatusCode::UNAUTHORIZED, ..ApiError::invalid(message).code("invalid_api_key") };
    match key {
        None => Err(refused("You didn't provide an API key. Provide it in an Authorization header using Bearer auth.".to_owned())),
        Some(key) if openai.scenario.keys.is_empty() || openai.scenario.keys.iter().any(|known| known == key) => Ok(()),
        Some(key) => Err(refused(format!("Incorrect API key provided: {}.", shown(key)))),
    }
}

/// The last four characters, as the real message shows them.
fn shown(key: &str) -> String {
    let tail: Vec<char> = key.chars().rev().take(4).collect();
    format!("{}{}", "*".repeat(key.chars().count().saturating_sub(4)), tail.into_iter().rev().collect::<String>())
}

async fn serve(openai: &OpenAi, request: Request, next: Next) -> Response {
    let (request, fault) = match struck(openai, request).await {
        Ok(asked) => asked,
        Err(refused) => return refused.into_response(),
    };
    let Some(fault) = fault else { return next.run(request).await };
    tracing::debug!(fault = ?fault.kind, path = request.uri().path(), "a fault strikes");
    if let Some(refusal) = fault.refusal() {
        return refusal;
    }
    tokio::time::sleep(fault.delay()).await;
    if fault.kind == FaultKind::Hang && fault.after_events == 0 {
        openai.stop.cancelled().await;
    }
    fault.spoil(next.run(request).await, openai.stop.clone())
}

async fn struck(openai: &OpenAi, request: Request) -> Result<(Request, Option<&Fault>), ApiError> {
    let is_json = request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json || !openai.faults.read_bodies() {
        let fault = openai.faults.throw(request.uri().path(), "");
        return Ok((request, fault));
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, READ_AT_MOST).await.map_err(|_| ApiError::invalid("The request body could not be read."))?;
    let fault = openai.faults.throw(parts.uri.path(), &String::from_utf8_lossy(&body));
    Ok((Request::from_parts(parts, Body::from(body)), fault))
}

fn stamp(openai: &OpenAi, headers: &mut HeaderMap, begun: Instant) {
    if let Ok(id) = HeaderValue::try_from(openai.ids.name("req_", 32).to_lowercase()) {
        headers.insert("x-request-id", id);
    }
    headers.insert("openai-version", HeaderValue::from_static("2020-10-01"));
    headers.insert("openai-organization", HeaderValue::from_static("simulated"));
    let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    headers.insert("openai-processing-ms", HeaderValue::from(elapsed));
}
