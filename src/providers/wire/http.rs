//! The HTTP client for everything but placing calls: no proxy, no redirect, no hidden retry, small pools.

use std::time::Duration;

use reqwest::{Client, StatusCode};

use crate::providers::wire::tls;
use crate::providers::wire::words::safe_words;
use crate::providers::{Again, ProviderError};

/// Builds a client. `timeout` bounds a whole request unless the request sets its own; `None` leaves it to the caller.
///
/// # Errors
/// When the TLS backend cannot be set up; does not happen with the compiled-in roots.
pub fn client(provider: &'static str, connect_timeout: Duration, timeout: Option<Duration>) -> Result<Client, ProviderError> {
    let mut builder = Client::builder()
        .tls_backend_preconfigured((*tls::client_config()).clone())
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(16)
        .tcp_nodelay(true)
        .user_agent(concat!("callfleet/", env!("CARGO_PKG_VERSION")));
    if let Some(timeout) = timeout {
        builder = builder.timeout(timeout);
    }
    builder.build().map_err(|error| failure(provider, &error))
}

/// A request that got no usable answer. Only a request that could not even be built is not worth repeating.
#[must_use]
pub fn failure(provider: &'static str, error: &reqwest::Error) -> ProviderError {
    let again = if error.is_builder() { Again::No } else { Again::Yes };
    ProviderError { provider, what: safe_words(&describe(error)), status: error.status().map(|s| s.as_u16()), again }
}

/// What failed, without the URL (its path may carry ids) but with the innermost cause.
fn describe(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_builder() {
        "request cannot be built"
    } else {
        "connection broke"
    };
    match root_cause(error) {
        Some(cause) => format!("{kind}: {cause}"),
        None => kind.to_owned(),
    }
}

fn root_cause(error: &reqwest::Error) -> Option<String> {
    let mut cause = std::error::Error::source(error)?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause.to_string())
}

/// Whether a status alone says that the same request may succeed later.
#[must_use]
pub fn may_pass_later(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error()
}
