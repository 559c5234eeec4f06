//! OpenAI's refusals, and whether trying again helps.
//!
//! The status alone does not say: an exhausted account answers 429 like a busy one, and the server may overrule with
//! `x-should-retry`.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::providers::wire::http::may_pass_later;
use crate::providers::wire::retry::named_wait;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, ProviderError};

use super::PROVIDER;

/// A 429 for a reason we do not know: wait, do not hammer.
const UNKNOWN_LIMIT: Duration = Duration::from_secs(30);
/// Limits that only a person lifts.
const ACCOUNT: [&str; 3] = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"];
/// Limits that pass by themselves.
const RATE: [&str; 3] = ["rate_limit_exceeded", "requests", "tokens"];

/// `{"error":{"message","type","param","code"}}`.
#[derive(Debug, Default, Deserialize)]
pub struct ErrorBody {
    #[serde(default)]
    error: ErrorFields,
}

/// The fields of an error; compatible servers leave some out, or give a number as code.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorFields {
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    param: Option<String>,
    code: Option<serde_json::Value>,
}

impl ErrorFields {
    fn code(&self) -> Option<&str> {
        self.code.as_ref().and_then(serde_json::Value::as_str)
    }

    fn is(&self, known: &[&str]) -> bool {
        [self.code(), self.kind.as_deref()].into_iter().flatten().any(|word| known.contains(&word))
    }

    /// Type, code, parameter and message; the message of a refused key is left out, it quotes the key.
    fn words(&self, status: Option<StatusCode>) -> String {
        let message = self.message.as_deref().filter(|_| status != Some(StatusCode::UNAUTHORIZED));
        let parts = [status.map(|s| s.as_u16().to_string()), self.kind.clone(), self.code().map(str::to_owned), self.param.clone()];
        let named = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        safe_words(&[Some(named.as_str()), message].into_iter().flatten().collect::<Vec<_>>().join(": "))
    }
}

/// An answer that is not a success.
#[must_use]
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ProviderError {
    let fields = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default().error;
    let again = again(status, headers, &fields);
    ProviderError { provider: PROVIDER, what: fields.words(Some(status)), status: Some(status.as_u16()), again }
}

/// An error event in the middle of a stream.
#[must_use]
pub fn mid_stream(fields: &ErrorFields) -> ProviderError {
    let hopeless = fields.is(&ACCOUNT) || fields.is(&["invalid_request_error"]);
    let again = if hopeless { Again::No } else { Again::Yes };
    ProviderError { provider: PROVIDER, what: format!("stream broke off: {}", fields.words(None)), status: None, again }
}

/// The error of one line of a batch: a refusal without headers of its own.
#[must_use]
pub fn in_batch(status: StatusCode, body: &serde_json::Value) -> ProviderError {
    refusal(status, &HeaderMap::new(), body.to_string().as_bytes())
}

fn again(status: StatusCode, headers: &HeaderMap, fields: &ErrorFields) -> Again {
    let wait = named_wait(headers, SystemTime::now());
    let limited = status == StatusCode::TOO_MANY_REQUESTS;
    if limited && fields.is(&ACCOUNT) {
        return Again::No;
    }
    let passes = match headers.get("x-should-retry").map(reqwest::header::HeaderValue::as_bytes) {
        Some(b"true") => true,
        Some(b"false") => false,
        _ => may_pass_later(status),
    };
    match wait {
        _ if !passes => Again::No,
        Some(wait) => Again::After(wait),
        None if limited && fields.code().is_some() && !fields.is(&RATE) => Again::After(UNKNOWN_LIMIT),
        None => Again::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, headers: &[(&'static str, &'static str)], kind: &str, code: &str) -> Again {
        let headers = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        let body = serde_json::json!({"error": {"message": "m", "type": kind, "param": null, "code": code}}).to_string();
        refusal(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes()).again
    }

    #[test]
    fn an_empty_account_is_not_a_busy_one() {
        assert_eq!(told(429, &[], "insufficient_quota", "insufficient_quota"), Again::No);
        assert_eq!(told(429, &[("retry-after", "1"), ("x-should-retry", "true")], "x", "insufficient_quota"), Again::No);
        assert_eq!(told(429, &[], "tokens", "rate_limit_exceeded"), Again::Yes);
        assert_eq!(told(429, &[("retry-after-ms", "20")], "tokens", "rate_limit_exceeded"), Again::After(Duration::from_millis(20)));
        assert_eq!(told(429, &[], "x", "sudden_growth"), Again::After(UNKNOWN_LIMIT));
    }

    #[test]
    fn the_status_decides_unless_the_server_overrules() {
        assert_eq!([400, 401, 403, 404, 422].map(|s| told(s, &[], "", "")), [Again::No; 5]);
        assert_eq!([408, 409, 500, 503].map(|s| told(s, &[], "", "")), [Again::Yes; 4]);
        assert_eq!(told(500, &[("x-should-retry", "false")], "", ""), Again::No);
        assert_eq!(told(400, &[("x-should-retry", "true")], "", ""), Again::Yes);
    }

    #[test]
    fn names_the_fault_but_no_key() {
        let body = br#"{"error":{"message":"Incorrect API key provided: sk-12.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
        assert_eq!(refusal(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body).what, "401 invalid_request_error invalid_api_key");
        let body = br#"{"error":{"message":"No such model.","type":"invalid_request_error","code":"model_not_found"}}"#;
        assert_eq!(
            refusal(StatusCode::NOT_FOUND, &HeaderMap::new(), body).what,
            "404 invalid_request_error model_not_found: No such model."
        );
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"<html>").what, "502");
    }
}
