//! What every request meets first: its id, the key, and the faults that refuse.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;
use super::faults::{Fault, too_many};
use super::{Deepgram, Shared};

/// What the guard found out about a request, for its handler.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// `dg-request-id`.
    pub request_id: String,
    /// The fault its socket will suffer.
    pub fault: Option<Fault>,
}

/// Checks the key, lets faults refuse, and stamps the answer.
pub async fn guard(State(deepgram): State<Shared>, mut request: Request, next: Next) -> Response {
    let request_id = deepgram.ids.uuid();
    let mut response = match admit(&deepgram, &request, &request_id) {
        Ok(admitted) => {
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(refused) => refused.respond(&request_id),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("dg-request-id", id);
    }
    response
}

fn admit(deepgram: &Deepgram, request: &Request, request_id: &str) -> Result<Admitted, ApiError> {
    let known = &deepgram.scenario.keys;
    if !key(request.headers()).is_some_and(|key| known.is_empty() || known.iter().any(|one| one == key)) {
        return Err(ApiError { status: StatusCode::UNAUTHORIZED, code: "INVALID_AUTH", message: "Invalid credentials.".to_owned() });
    }
    let fault = deepgram.faults.throw(request.uri().path());
    if let Some(refusal) = fault.and_then(Fault::refusal) {
        return Err(refusal);
    }
    Ok(Admitted { request_id: request_id.to_owned(), fault: fault.cloned() })
}

/// `GET /v1/auth/token`: what a key that passed the guard may do.
pub async fn key_details() -> Json<Value> {
    Json(json!({ "scopes": ["usage:write"] }))
}

/// `Authorization: Token …` or `Bearer …`, or a browser's `Sec-WebSocket-Protocol: token, …`.
fn key(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let pair = text(AUTHORIZATION).and_then(|header| header.split_once(' ')).or_else(|| text(SEC_WEBSOCKET_PROTOCOL)?.split_once(','));
    let (scheme, key) = pair?;
    let known = ["token", "bearer"].iter().any(|one| scheme.trim().eq_ignore_ascii_case(one));
    Some(key.trim()).filter(|key| known && !key.is_empty())
}

/// How many connections may be open at a time.
#[derive(Debug)]
pub struct Places(Option<Arc<Semaphore>>);

impl Places {
    /// So many, or any number.
    pub fn new(limit: Option<usize>) -> Self {
        Self(limit.map(|limit| Arc::new(Semaphore::new(limit))))
    }

    /// A place, as long as the permit is held.
    ///
    /// # Errors
    /// A 429 when all are taken.
    pub fn take(&self) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        match &self.0 {
            None => Ok(None),
            Some(places) => Arc::clone(places).try_acquire_owned().map(Some).map_err(|_| too_many()),
        }
    }
}
