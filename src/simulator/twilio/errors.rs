//! Refusals as Twilio words them: a JSON object with its own code next to the HTTP status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    pub status: u16,
    pub code: u32,
    pub message: String,
}

impl ApiError {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, 20_003, "Authenticate")
    }

    pub(super) fn not_found(path: &str) -> Self {
        Self::new(404, 20_404, format!("The requested resource {path} was not found"))
    }

    pub(super) fn too_many_requests() -> Self {
        Self::new(429, 20_429, "Too Many Requests")
    }

    pub(super) fn too_many_calls() -> Self {
        Self::new(429, 10_004, "Call concurrency limit exceeded")
    }

    /// The refusal of a create by its code.
    pub(super) fn of_code(code: u32, to: &str, from: &str) -> Self {
        let message = match code {
            20_003 => return Self::unauthorized(),
            20_429 => return Self::too_many_requests(),
            10_004 => return Self::too_many_calls(),
            21_210 => format!("The source phone number provided, {from}, is not yet verified for your account."),
            21_211 => format!("The 'To' number {to} is not a valid phone number."),
            21_212 => format!("The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."),
            21_214 => format!("The 'To' number {to} cannot be reached."),
            21_215 => format!("Account not authorized to call {to}. Perhaps you need to enable some international permissions."),
            21_216 => format!("Account not allowed to call {to}"),
            21_217 => format!("Phone number {to} does not appear to be valid"),
            21_219 => format!("The number {to} is unverified. Trial accounts may only make calls to verified numbers."),
            _ => "The request was refused.".to_owned(),
        };
        Self::bad(code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        (status, Json(body)).into_response()
    }
}
