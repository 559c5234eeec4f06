//! `Idempotency-Key`: a request that is sent again because its answer was lost is done once and answered alike.

use std::convert::Infallible;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ApiState;
use super::error::ApiError;
use crate::domain::time::Timestamp;
use crate::store::idempotency::{KeptAnswer, KeyState, KeyedRequest};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the answer is one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Whose the keys are: until there are users, one sender's. So a key is good for one request, whatever it asks for.
const SENDER: &str = "api";

/// The key of a request, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Option<String>);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())))
    }
}

/// What is to be done with a request.
pub enum Turn {
    /// Do it; it carried this key.
    Do(Keyed),
    /// It was done: this was the answer.
    Done(Response),
}

/// A request that is to be done.
#[derive(Debug, Clone, Default)]
pub struct Keyed {
    /// Its key, unless it has none.
    pub request: Option<KeyedRequest>,
    /// When the same request was begun before without being answered.
    pub begun_at: Option<Timestamp>,
}

impl Key {
    /// Takes the key. `asked` says what is asked for, `sha256` is the hash of everything that was sent.
    ///
    /// # Errors
    /// The key is unusable or belongs to another request, or the database cannot be written.
    pub async fn take(self, api: &ApiState, asked: String, sha256: String) -> Result<Turn, ApiError> {
        let Some(key) = self.0 else { return Ok(Turn::Do(Keyed::default())) };
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let fix = "send 1 to 255 letters, digits and signs without blanks, for example a UUID";
            return Err(ApiError::unusable("bad_key", "the Idempotency-Key cannot be used", fix));
        }
        let sha256 = hex::encode(Sha256::digest([asked, sha256].join(" ")));
        let request = KeyedRequest { scope: SENDER.to_owned(), key, sha256 };
        Ok(match api.store.take_key(&request, api.clock.now()).await? {
            KeyState::New => Turn::Do(Keyed { request: Some(request), begun_at: None }),
            KeyState::Unanswered(begun_at) => Turn::Do(Keyed { request: Some(request), begun_at: Some(begun_at) }),
            KeyState::Answered(answer) => Turn::Done(replayed(&answer)),
            KeyState::OtherRequest => {
                let message = "this Idempotency-Key was used for another request";
                return Err(ApiError::conflict("key_reused", message, "use a new key for each new request"));
            }
        })
    }
}

impl Keyed {
    /// Keeps the answer, and gives it.
    ///
    /// # Errors
    /// The database cannot be written; sent again, the request is answered then.
    pub async fn answer(&self, api: &ApiState, status: StatusCode, body: Value) -> Result<Response, ApiError> {
        if let Some(request) = &self.request {
            api.store.keep_answer(request, &kept(status, &body)).await?;
        }
        Ok((status, Json(body)).into_response())
    }
}

/// An answer as it is kept.
pub fn kept(status: StatusCode, body: &Value) -> KeptAnswer {
    KeptAnswer { status: status.as_u16(), body: body.to_string() }
}

/// An answer that was given before.
pub fn replayed(answer: &KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let body: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    (status, [(REPLAYED, "true")], Json(body)).into_response()
}
