//! Deepgram's refusals and close codes, and whether trying again helps.

use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::providers::wire::http::may_pass_later;
use crate::providers::wire::retry::named_wait;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, ProviderError};

use super::PROVIDER;

/// A refused websocket handshake.
pub type Handshake = Response<Option<Vec<u8>>>;

/// Two shapes exist side by side: `err_code` and `err_msg` (one service spells `error_code`), or `category` and `message`.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(alias = "error_code", alias = "category")]
    err_code: Option<String>,
    #[serde(alias = "message")]
    err_msg: Option<String>,
}

/// An answer that is not a success.
#[must_use]
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ProviderError {
    let told: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let header = || headers.get("dg-error").and_then(|text| text.to_str().ok()).map(str::to_owned);
    let words = [told.err_code, told.err_msg.or_else(header)].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let what = if words.is_empty() { status.to_string() } else { format!("{status}, {}", safe_words(&words)) };
    let again = match named_wait(headers, SystemTime::now()) {
        _ if !may_pass_later(status) => Again::No,
        Some(wait) => Again::After(wait),
        None => Again::Yes,
    };
    ProviderError { provider: PROVIDER, what, status: Some(status.as_u16()), again }
}

/// A socket that the service closed without being asked. 1011 (`NET-…`) passes; 1003, 1008 and 1009 say that we sent what
/// cannot be read, except for "too many characters recently", from which a new socket is free.
#[must_use]
pub fn closed(frame: Option<&CloseFrame>) -> ProviderError {
    let (code, reason) = frame.map_or((1005, ""), |frame| (u16::from(frame.code), frame.reason.as_str()));
    let ours = matches!(code, 1002 | 1003 | 1007 | 1008 | 1009) && !reason.contains("DATA-0001");
    ProviderError {
        provider: PROVIDER,
        what: safe_words(&format!("the service closed the socket with {code} {reason}")),
        status: None,
        again: if ours { Again::No } else { Again::Yes },
    }
}

/// An error message inside an open socket.
#[must_use]
pub fn reported(code: &str, description: &str, again: Again) -> ProviderError {
    ProviderError { provider: PROVIDER, what: safe_words(&format!("{code}: {description}")), status: None, again }
}

/// The socket ended without a close frame.
#[must_use]
pub fn cut() -> ProviderError {
    ProviderError { provider: PROVIDER, what: "the connection broke".into(), status: None, again: Again::Yes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> ProviderError {
        refusal(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn reads_all_shapes_of_a_refusal() {
        for (body, words) in [
            (r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"x"}"#, "INVALID_AUTH: Invalid credentials."),
            (r#"{"error_code":"busy","message":"later"}"#, "busy: later"),
            (r#"{"category":"INVALID_JSON","message":"no","details":"d"}"#, "INVALID_JSON: no"),
        ] {
            assert!(told(401, body).what.ends_with(words), "{}", told(401, body));
        }
        assert_eq!(told(503, "<html>").what, "503 Service Unavailable");
    }

    #[test]
    fn knows_what_passes() {
        assert_eq!([400, 401, 402, 403, 404, 413].map(|s| told(s, "").again), [Again::No; 6]);
        assert_eq!([408, 429, 500, 503, 504].map(|s| told(s, "").again), [Again::Yes; 5]);
    }

    #[test]
    fn reads_close_codes() {
        let close = |code: u16, reason: &'static str| closed(Some(&CloseFrame { code: code.into(), reason: reason.into() })).again;
        assert_eq!([close(1011, "NET-0001"), close(1000, ""), close(1008, "DATA-0001")], [Again::Yes; 3]);
        assert_eq!([close(1008, "DATA-0000"), close(1009, "BIG-0000"), close(1003, "MESSAGE-0000")], [Again::No; 3]);
        assert_eq!(closed(None).again, Again::Yes);
    }
}
