//! HTTP Basic with the account's token or an API key, and the headers every answer carries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Twilio;
use super::calls::new_sid;
use super::errors::ApiError;
use super::scenario::TwilioScenario;

/// Lets a request with good credentials for its account pass.
pub(super) async fn guard(State(twilio): State<Arc<Twilio>>, request: Request, next: Next) -> Response {
    let mut response = match check(twilio.account(), request.headers(), request.uri().path()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&new_sid("RQ")) {
        response.headers_mut().insert("twilio-request-id", id);
    }
    response
}

fn check(account: &TwilioScenario, headers: &HeaderMap, path: &str) -> Result<(), ApiError> {
    let (user, password) = credentials(headers).ok_or_else(ApiError::unauthorized)?;
    let by_token = user == account.account_sid && password == account.auth_token;
    let by_key = account.api_keys.iter().any(|key| key.sid == user && key.secret == password);
    if !by_token && !by_key {
        return Err(ApiError::unauthorized());
    }
    let asked = path.split('/').nth(3).unwrap_or_default().trim_end_matches(".json");
    if asked == account.account_sid { Ok(()) } else { Err(ApiError::not_found(path)) }
}

fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64_simd::STANDARD.decode_to_vec(encoded.trim().as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
