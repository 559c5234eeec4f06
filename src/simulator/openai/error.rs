//! A refusal in OpenAI's words: one JSON object with all four keys, as their specification requires.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// `error.type`.
    pub kind: &'static str,
    /// `error.code`.
    pub code: Option<String>,
    /// `error.param`.
    pub param: Option<String>,
    /// `error.message`.
    pub message: String,
    /// `retry-after-ms` and `retry-after`, where the answer says when.
    pub retry_after_ms: Option<u64>,
}

impl ApiError {
    /// A 400 of type `invalid_request_error`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code: None,
            param: None,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// A 404 of type `invalid_request_error`.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::invalid(message) }
    }

    /// A 429 that passes.
    pub fn rate_limited(what: &'static str, message: impl Into<String>, retry_after_ms: u64) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            kind: what,
            retry_after_ms: Some(retry_after_ms),
            ..Self::invalid(message).code("rate_limit_exceeded")
        }
    }

    /// A 5xx.
    pub fn server(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, kind: "server_error", ..Self::invalid(message) }
    }

    /// Names the code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Names the parameter.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(ms) = self.retry_after_ms {
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static("retry-after-ms"), HeaderValue::from(ms));
            headers.insert(HeaderName::from_static("retry-after"), HeaderValue::from(ms.div_ceil(1000)));
        }
        response
    }
}
