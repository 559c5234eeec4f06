//! A refusal in Deepgram's words, and the codes its sockets close with.

use axum::Json;
use axum::extract::ws::{CloseFrame, Message};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error answer; [`super::front`] adds the request's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// `err_code`.
    pub code: &'static str,
    /// `err_msg`.
    pub message: String,
}

impl ApiError {
    /// A 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "Bad Request", message: message.into() }
    }

    /// The answer, with the id of the request.
    pub fn respond(self, request_id: &str) -> Response {
        let body = json!({"err_code": self.code, "err_msg": self.message, "request_id": request_id});
        let mut response = (self.status, Json(body)).into_response();
        if let Ok(message) = HeaderValue::from_str(&self.message) {
            response.headers_mut().insert("dg-error", message);
        }
        response
    }
}

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    code: u16,
    reason: &'static str,
}

impl Closing {
    /// All is said.
    pub const DONE: Self = Self { code: 1000, reason: "" };
    /// The bytes are not audio, or the message is not a command.
    pub const DATA: Self = Self { code: 1008, reason: "DATA-0000" };
    /// Too many characters recently.
    pub const TOO_FAST: Self = Self { code: 1008, reason: "DATA-0001" };
    /// A binary frame where only text is taken.
    pub const NOT_TEXT: Self = Self { code: 1003, reason: "MESSAGE-0000" };
    /// One text is too long.
    pub const TOO_BIG: Self = Self { code: 1009, reason: "BIG-0001" };
    /// Nothing was received in time.
    pub const IDLE: Self = Self { code: 1011, reason: "NET-0001" };
    /// The socket is too old.
    pub const TOO_OLD: Self = Self { code: 1011, reason: "NET-0003" };

    /// The close frame.
    pub fn frame(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: self.reason.into() }))
    }
}
