//! A request that the API refused: its sentence and its fix, for a person or verbatim for a script.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

/// Longer answers are no refusals of ours.
const LONGEST: usize = 1024 * 1024;

/// Refusals of what was typed on the command line itself, or stands in a file of settings that it names.
const USAGE: [&str; 8] = ["bad_words", "bad_zone", "bad_at", "bad_hours", "bad_date", "bad_settings", "bad_number", "bad_name"];

/// The API's own error.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What happened.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// The answer as it came.
    pub raw: String,
    /// What was typed cannot be understood: wrong usage, like an unknown option.
    pub is_usage: bool,
}

impl Refused {
    /// Reads a refusal; one without the API's shape is told by its status.
    pub async fn read(response: Response<Body>) -> Self {
        let status = response.status();
        let raw = axum::body::to_bytes(response.into_body(), LONGEST).await.unwrap_or_default();
        Self::of(status, String::from_utf8_lossy(&raw).into_owned())
    }

    /// What went wrong on the way to the API, where something helps; in the API's shape.
    pub fn on_the_way(message: String, fix: &str) -> Self {
        Self::before("failed", message, fix)
    }

    /// What was typed contradicts itself, so nothing was asked; in the API's shape.
    pub fn usage(message: String, fix: &str) -> Self {
        Self { is_usage: true, ..Self::before("bad_usage", message, fix) }
    }

    fn before(code: &str, message: String, fix: &str) -> Self {
        let raw = json!({ "error": { "code": code, "message": message, "fix": fix } }).to_string();
        Self { message, fix: fix.to_owned(), raw, is_usage: false }
    }

    pub(super) fn of(status: StatusCode, raw: String) -> Self {
        let body: Value = serde_json::from_str(&raw).unwrap_or_default();
        let text = |key: &str| body["error"][key].as_str().map(str::to_owned);
        let message = text("message").unwrap_or_else(|| format!("the API answered {status}"));
        let is_usage = text("code").is_some_and(|code| USAGE.contains(&code.as_str()));
        Self { message, fix: text("fix").unwrap_or_default(), raw, is_usage }
    }
}
