//! How a request is read: as axum does it, but refusals have the API's own shape.

use axum::extract::{FromRequest, FromRequestParts, Query};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use std::convert::Infallible;

use super::error::ApiError;

/// The part of the URL after `?`.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Query), rejection(ApiError))]
pub struct Ask<T>(pub T);

/// A JSON body.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Sent<T>(pub T);

/// Who changes something, for the audit: until there are users, the command line or any other program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor(pub &'static str);

/// How the command line names itself.
pub const CLI_AGENT: &str = concat!("callfleet-cli/", env!("CARGO_PKG_VERSION"));

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self(if agent.starts_with("callfleet-cli/") { "cli" } else { "api" }))
    }
}
