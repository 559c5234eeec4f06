//! The API has no login yet and listens on loopback only; this keeps pages of other sites in the operator's own browser out.
//!
//! A page may send simple requests anywhere, and a name it controls may resolve to 127.0.0.1. So the `Host` must be
//! loopback, and an `Origin`, which browsers always send with a change, must be the API's own.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// Lets requests of this machine's own programs and pages through.
pub async fn own_machine(request: Request, next: Next) -> Response {
    if is_own(request.headers()) {
        return next.run(request).await;
    }
    let fix = "ask http://127.0.0.1 directly; pages of other sites may not use the API";
    ApiError::new(StatusCode::FORBIDDEN, "foreign_origin", "the request comes from another site or another host name", fix).into_response()
}

/// A request inside the process has neither header.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(HOST);
    let own_host = host.is_none_or(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&without_port(host)));
    let own_origin = text(ORIGIN).is_none_or(|origin| origin.strip_prefix("http://") == host);
    own_host && own_origin
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_requests_pass() {
        let cases = [
            (None, None, true),
            (Some("127.0.0.1:8080"), None, true),
            (Some("localhost"), None, true),
            (Some("[::1]:8080"), None, true),
            (Some("[::1]"), None, true),
            (Some("127.0.0.1:8080"), Some("http://127.0.0.1:8080"), true),
            (Some("evil.example"), None, false),
            (Some("127.0.0.1.evil.example"), None, false),
            (Some("127.0.0.1:8080"), Some("https://evil.example"), false),
            (Some("127.0.0.1:8080"), Some("http://localhost:8080"), false),
            (Some("127.0.0.1:8080"), Some("null"), false),
        ];
        for (host, origin, passes) in cases {
            let mut headers = HeaderMap::new();
            if let Some(host) = host {
                headers.insert(HOST, host.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_own(&headers), passes, "{host:?} {origin:?}");
        }
    }
}
