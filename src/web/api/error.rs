//! One shape for everything that goes wrong: `{"error":{"code","message","fix"}}`. The code is for programs, the message says
//! what happened, the fix says what to do. Where several keys of what was sent are wrong, `wrong` lists them as `{"key","message"}`.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection, StringRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::store::StoreError;

/// A refused or failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    fix: String,
    wrong: Vec<WrongKey>,
}

/// A key of what was sent, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongKey {
    /// The key, dotted.
    pub key: String,
    /// What was written, and what to write instead.
    pub message: String,
}

impl ApiError {
    /// What is asked for does not exist.
    pub fn missing(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message, fix)
    }

    /// What is asked for does not fit the state things are in.
    pub fn conflict(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message, fix)
    }

    /// What was sent is understood but cannot be used.
    pub fn unusable(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message, fix)
    }

    /// Anything else.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fix: fix.into(), wrong: Vec::new() }
    }

    /// The same, with the keys that are wrong.
    #[must_use]
    pub fn about(self, wrong: Vec<WrongKey>) -> Self {
        Self { wrong, ..self }
    }

    /// The same, with what else cannot be used of what was sent.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        let (message, fix) = (format!("{}\n{}", self.message, other.message), format!("{}; {}", self.fix, other.fix));
        let wrong = self.wrong.into_iter().chain(other.wrong).collect();
        Self { message, fix, wrong, status: self.status, code: self.code }
    }

    /// The same, where something else helps.
    #[must_use]
    pub fn mended_by(self, fix: impl Into<String>) -> Self {
        Self { fix: fix.into(), ..self }
    }
}

/// Both parts of what was sent, or everything that cannot be used of the two.
///
/// # Errors
/// One of them is refused, or both.
pub fn both<A, B>(one: Result<A, ApiError>, other: Result<B, ApiError>) -> Result<(A, B), ApiError> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) if other.status == StatusCode::UNPROCESSABLE_ENTITY => Err(one.beside(other)),
        (Err(error), _) | (Ok(_), Err(error)) => Err(error),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message, "fix": self.fix });
        if !self.wrong.is_empty() {
            error["wrong"] = json!(self.wrong);
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

/// Logged here and nowhere else: whoever asked learns that it was the database, the log learns why.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.retry_helps() {
            tracing::warn!(%error, "a request found the database away");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_away", error.to_string(), "try again in a moment");
        }
        tracing::error!(%error, "a request failed at the database");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "database", error.to_string(), "run `callfleet doctor`")
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let fix =
            "send a JSON object with `Content-Type: application/json`; docs/leads.md, docs/campaigns.md and docs/callbacks.md show them";
        Self::new(rejection.status(), "bad_body", rejection.body_text(), fix)
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "bad_query", rejection.body_text(), "correct the part of the URL after `?`")
    }
}

impl From<StringRejection> for ApiError {
    fn from(rejection: StringRejection) -> Self {
        Self::new(rejection.status(), "bad_body", rejection.body_text(), "send text in UTF-8, at most 1 MiB")
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), "bad_body", rejection.body_text(), "send the body again")
    }
}
