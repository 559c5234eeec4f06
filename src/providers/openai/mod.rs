//! OpenAI and everything that speaks its dialect: a mind for live turns, a desk for batches, and a mouth.
//!
//! Wire facts: openai-openapi and openai-python. Live turns stream over SSE (`chat`, `sse`); work that can wait goes through
//! files and batches (`batch`) at half the price; `mouth` renders speech and brings it down to telephone quality.

pub mod batch;
pub mod body;
pub mod chat;
pub mod error;
pub mod mouth;
pub mod sse;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio_util::task::TaskTracker;

use crate::providers::wire::http;
use crate::providers::wire::retry::{Backoff, persist};
use crate::providers::{Again, ProviderError};

/// How errors name this service.
pub const PROVIDER: &str = "openai";

/// Where and as whom to reach OpenAI.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// `https://api.openai.com/v1`, or any compatible server, its version prefix included.
    pub base_url: String,
    /// `sk-…`.
    pub key: SecretString,
    /// DNS, TCP and TLS.
    pub connect_timeout: Duration,
    /// A whole answer, streamed or not.
    pub answer_timeout: Duration,
    /// The same for an answer that may wait for room; the service's own advice is a quarter of an hour.
    pub flex_timeout: Duration,
    /// A whole upload or download of a batch file.
    pub file_timeout: Duration,
    /// Between two pieces of a streamed answer, the first one included.
    pub piece_timeout: Duration,
    /// How requests are repeated.
    pub backoff: Backoff,
}

impl OpenAiSettings {
    /// The usual timeouts.
    #[must_use]
    pub fn new(base_url: impl Into<String>, key: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            key,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(120),
            flex_timeout: Duration::from_secs(900),
            file_timeout: Duration::from_secs(600),
            piece_timeout: Duration::from_secs(20),
            backoff: Backoff::default(),
        }
    }
}

/// Mind, batch desk and mouth of OpenAI.
#[derive(Debug, Clone)]
pub struct OpenAi {
    settings: OpenAiSettings,
    http: Client,
    tasks: TaskTracker,
}

impl OpenAi {
    /// A client whose stream tasks belong to `tasks`; nothing is sent yet.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn new(settings: OpenAiSettings, tasks: TaskTracker) -> Result<Self, ProviderError> {
        let http = http::client(PROVIDER, settings.connect_timeout, None)?;
        Ok(Self { settings, http, tasks })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.settings.base_url.trim_end_matches('/'));
        self.http.request(method, url).bearer_auth(self.settings.key.expose_secret()).timeout(self.settings.answer_timeout)
    }

    /// A whole JSON answer, asked for again while that helps.
    async fn ask<T: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<T, ProviderError> {
        persist(self.settings.backoff, || self.ask_once(request())).await
    }

    /// The same without a second try.
    async fn ask_once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ProviderError> {
        let body = self.bytes_once(request).await?;
        serde_json::from_slice(&body).map_err(|_| broken("unreadable answer"))
    }

    async fn bytes_once(&self, request: RequestBuilder) -> Result<bytes::Bytes, ProviderError> {
        let response = accepted(request).await?;
        response.bytes().await.map_err(|e| http::failure(PROVIDER, &e))
    }
}

/// Sends a request and turns every answer but success into an error.
async fn accepted(request: RequestBuilder) -> Result<Response, ProviderError> {
    let response = request.send().await.map_err(|e| http::failure(PROVIDER, &e))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let headers = response.headers().clone();
    let body = response.bytes().await.unwrap_or_default();
    Err(error::refusal(status, &headers, &body))
}

/// Something came that is no answer; asking again may bring one.
fn broken(what: &str) -> ProviderError {
    ProviderError { provider: PROVIDER, what: what.to_owned(), status: None, again: Again::Yes }
}

/// Our own request would be refused anyway.
fn unfit(what: String) -> ProviderError {
    ProviderError { provider: PROVIDER, what, status: None, again: Again::No }
}
