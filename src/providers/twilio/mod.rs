//! Twilio Programmable Voice: places calls, looks after them, and reads what Twilio sends back.
//!
//! Placing a call (`line`) goes over a connection of its own, because the difference between "not sent" and "perhaps sent"
//! decides whether a person may be rung twice; everything else (`rest`) is idempotent and uses the common HTTP client.
//! Wire facts: twilio-oai `twilio_api_v2010.json` and twilio-python.

pub mod answer;
pub mod callback;
pub mod dial;
pub mod gate;
pub mod line;
pub mod media;
pub mod path_mac;
pub mod rest;
pub mod signature;
pub mod twiml;

use std::time::Duration;

use async_trait::async_trait;
use base64_simd::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::phone::PhoneNumber;
use crate::providers::wire::http;
use crate::providers::wire::retry::Backoff;
use crate::providers::{DialLine, ProviderCall, ProviderError, Telephony, Transfer};

/// How errors name this service.
pub const PROVIDER: &str = "twilio";

/// Where and as whom to reach Twilio.
#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// `https://api.twilio.com`, or any compatible server; `http://` works on loopback.
    pub base_url: String,
    /// `AC…`: the account in every path.
    pub account_sid: String,
    /// `SK…` when an API key is used instead of the account's token.
    pub api_key_sid: Option<String>,
    /// The auth token, or the API key's secret.
    pub secret: SecretString,
    /// DNS, TCP and TLS of a dial connection.
    pub connect_timeout: Duration,
    /// From the first byte of the POST that places a call to the last byte of its answer; at most 8 s, because reconciling
    /// counts on it.
    pub dial_timeout: Duration,
    /// One try of any other request.
    pub rest_timeout: Duration,
    /// How idempotent requests are repeated.
    pub backoff: Backoff,
}

impl TwilioSettings {
    /// The usual timeouts.
    #[must_use]
    pub fn new(base_url: impl Into<String>, account_sid: impl Into<String>, secret: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            account_sid: account_sid.into(),
            api_key_sid: None,
            secret,
            connect_timeout: Duration::from_secs(5),
            dial_timeout: line::LONGEST_DIAL,
            rest_timeout: Duration::from_secs(10),
            backoff: Backoff::default(),
        }
    }

    fn user(&self) -> &str {
        self.api_key_sid.as_deref().unwrap_or(&self.account_sid)
    }

    /// The `Authorization` header.
    fn authorization(&self) -> SecretString {
        let pair = format!("{}:{}", self.user(), self.secret.expose_secret());
        SecretString::from(format!("Basic {}", STANDARD.encode_to_string(pair)))
    }

    /// The account's resource, without the `.json` of the account itself.
    fn account_path(&self) -> String {
        format!("/2010-04-01/Accounts/{}", self.account_sid)
    }
}

/// The telephone company behind [`Telephony`].
#[derive(Debug, Clone)]
pub struct Twilio {
    settings: TwilioSettings,
    http: reqwest::Client,
}

impl Twilio {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn new(settings: TwilioSettings) -> Result<Self, ProviderError> {
        let http = http::client(PROVIDER, settings.connect_timeout, Some(settings.rest_timeout))?;
        Ok(Self { settings, http })
    }
}

#[async_trait]
impl Telephony for Twilio {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        Ok(Box::new(line::Line::connect(&self.settings).await?))
    }

    async fn fetch(&self, call_sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        self.rest().fetch(call_sid).await
    }

    async fn list(&self, to: &PhoneNumber, from: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        self.rest().list(to, from).await
    }

    async fn end(&self, call_sid: &str) -> Result<(), ProviderError> {
        self.rest().end(call_sid).await
    }

    async fn transfer(&self, call_sid: &str, transfer: &Transfer) -> Result<(), ProviderError> {
        self.rest().transfer(call_sid, transfer).await
    }

    async fn cancel(&self, call_sid: &str) -> Result<(), ProviderError> {
        self.rest().cancel(call_sid).await
    }

    async fn take_back(&self, call_sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        self.rest().take_back(call_sid).await
    }

    async fn check(&self) -> Result<(), ProviderError> {
        self.rest().check().await
    }
}

impl Twilio {
    fn rest(&self) -> rest::Rest<'_> {
        rest::Rest { settings: &self.settings, http: &self.http }
    }
}
