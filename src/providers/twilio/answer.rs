//! What Twilio's answer to the one POST means: placed, provably not processed, or unknown.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::providers::wire::http::may_pass_later;
use crate::providers::wire::retry::named_wait;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, DialAnswer, ProviderError};

use super::PROVIDER;

/// `{"code":21211,"message":"…","more_info":"…","status":400}`; the code is missing in some answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TwilioError {
    /// Twilio's own code.
    pub code: Option<u32>,
    /// Twilio's words.
    pub message: String,
    /// The HTTP status again.
    pub status: Option<u16>,
}

impl TwilioError {
    /// Reads the body of a refusal; `None` when Twilio did not write it.
    #[must_use]
    pub fn read(status: StatusCode, body: &[u8]) -> Option<Self> {
        let error: Self = serde_json::from_slice(body).ok()?;
        let theirs = error.code.is_some() || error.status == Some(status.as_u16());
        theirs.then_some(error)
    }
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

/// Sorts the complete answer to the POST that places a call.
///
/// Only three answers are certain: a 2xx that names the call, a 4xx that carries Twilio's error, and a 429, which is given
/// before a request is looked at. Anything else may have rung a phone.
#[must_use]
pub fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> DialAnswer {
    if status.is_success() {
        return match serde_json::from_slice::<Created>(body) {
            Ok(created) if is_sid(&created.sid) => DialAnswer::Placed { call_sid: created.sid },
            _ => DialAnswer::Unknown { error: format!("{status} without a readable call sid") },
        };
    }
    let retry_after = named_wait(headers, SystemTime::now());
    match TwilioError::read(status, body) {
        Some(error) if status.is_client_error() => refused(status, Some(&error), retry_after),
        None if status == StatusCode::TOO_MANY_REQUESTS => refused(status, None, retry_after),
        None if status.is_client_error() => DialAnswer::Unknown { error: format!("{status} that is not Twilio's own answer") },
        _ => DialAnswer::Unknown { error: format!("{status}") },
    }
}

fn refused(status: StatusCode, error: Option<&TwilioError>, retry_after: Option<Duration>) -> DialAnswer {
    DialAnswer::NotProcessed {
        status: status.as_u16(),
        code: error.and_then(|e| e.code),
        message: error.map_or_else(|| "too many requests".to_owned(), |e| safe_words(&e.message)),
        retry_after,
    }
}

/// Sids are two letters and 32 hex digits; compatible servers may differ in length, but never carry anything that would
/// change a URL path.
#[must_use]
pub fn is_sid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The error of an idempotent request that was answered with anything but success.
#[must_use]
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ProviderError {
    let error = TwilioError::read(status, body);
    let again = match named_wait(headers, SystemTime::now()) {
        _ if !may_pass_later(status) => Again::No,
        Some(wait) => Again::After(wait),
        None => Again::Yes,
    };
    ProviderError { provider: PROVIDER, what: told(status, error.as_ref()), status: Some(status.as_u16()), again }
}

fn told(status: StatusCode, error: Option<&TwilioError>) -> String {
    match error {
        Some(TwilioError { code: Some(code), message, .. }) => format!("{status}, error {code}: {}", safe_words(message)),
        Some(TwilioError { message, .. }) => format!("{status}: {}", safe_words(message)),
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> DialAnswer {
        classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn a_sid_is_the_only_proof_of_a_call() {
        assert_eq!(answer(201, r#"{"sid":"CA0f","status":"queued"}"#), DialAnswer::Placed { call_sid: "CA0f".into() });
        for body in ["", "<html>ok</html>", "{}", r#"{"sid":null}"#, r#"{"sid":""}"#, r#"{"sid":"../x"}"#, r#"{"sid":"CA0f""#] {
            assert!(matches!(answer(201, body), DialAnswer::Unknown { .. }), "{body}");
        }
    }

    #[test]
    fn a_refusal_counts_only_in_twilios_own_words() {
        let body = r#"{"code":21211,"message":"The 'To' number +15551234567 is not valid.","more_info":"","status":400}"#;
        let DialAnswer::NotProcessed { status: 400, code: Some(21211), message, retry_after: None } = answer(400, body) else { panic!() };
        assert!(!message.contains("1234567"), "{message}");
        let no_code = r#"{"message":"Authenticate","status":401}"#;
        assert!(matches!(answer(401, no_code), DialAnswer::NotProcessed { status: 401, code: None, .. }));
        for body in ["", "<html>403</html>", r#"{"message":"blocked by proxy"}"#, r#"{"error":"x"}"#] {
            assert!(matches!(answer(403, body), DialAnswer::Unknown { .. }), "{body}");
        }
    }

    #[test]
    fn redirects_and_server_errors_are_unknown_even_in_twilios_words() {
        for status in [300, 302, 307, 500, 502, 503, 504] {
            let body = r#"{"code":20500,"message":"Internal Server Error","status":500}"#;
            assert!(matches!(answer(status, body), DialAnswer::Unknown { .. }), "{status}");
        }
    }

    #[test]
    fn too_many_requests_is_a_refusal_with_its_wait() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "3".parse().unwrap());
        let body = br#"{"code":20429,"message":"Too Many Requests","status":429}"#;
        let told = classify(StatusCode::TOO_MANY_REQUESTS, &headers, body);
        assert!(matches!(told, DialAnswer::NotProcessed { code: Some(20429), retry_after: Some(wait), .. } if wait.as_secs() == 3));
        assert!(matches!(answer(429, ""), DialAnswer::NotProcessed { status: 429, code: None, .. }));
    }

    #[test]
    fn rest_errors_say_whether_to_try_again() {
        let again = |status: u16| refusal(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), b"").again;
        assert_eq!([400, 401, 403, 404].map(again), [Again::No; 4]);
        assert_eq!([408, 429, 500, 503].map(again), [Again::Yes; 4]);
    }
}
