//! Deepgram: hears the callee (Nova and Flux) and speaks for the agent (Aura).
//!
//! Sockets are driven by one task each, owned by the tracker that the client was given; a task ends when its call's token
//! fires, when the caller lets go of the channel, or when the service fails. Wire facts: deepgram-sdk and deepgram-docs
//! `fern/asyncapi.yml`.

pub mod error;
pub mod flux;
pub mod grouping;
pub mod key;
pub mod listen;
pub mod nova;
pub mod render;
pub mod replies;
pub mod speak;
pub mod turns;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::providers::wire::http;
use crate::providers::wire::retry::Backoff;
use crate::providers::wire::socket::{self, Liveness, Socket};
use crate::providers::{Again, Ears, EarsLink, EarsOptions, Mouth, MouthLink, ProviderError, Voice};

/// How errors name this service.
pub const PROVIDER: &str = "deepgram";

/// Where and as whom to reach Deepgram, and how to listen.
#[derive(Debug, Clone)]
pub struct DeepgramSettings {
    /// `https://api.deepgram.com`, or any compatible server; `http://` (then `ws://`) works on loopback.
    pub base_url: String,
    /// The project's key.
    pub key: SecretString,
    /// DNS, TCP, TLS and websocket handshake.
    pub connect_timeout: Duration,
    /// One try of rendering a text.
    pub render_timeout: Duration,
    /// How idempotent requests are repeated.
    pub backoff: Backoff,
    /// When a silent socket is pinged and given up.
    pub liveness: Liveness,
    /// When to say that we are still there while there is no audio; the service hangs up after 10 s.
    pub keep_alive: Duration,
    /// How turns are found.
    pub turns: TurnSettings,
}

/// When a turn of the callee is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnSettings {
    /// Nova: silence that ends an utterance.
    pub endpointing: Duration,
    /// Nova: gap between words that ends an utterance when noise hides the silence; at least a second.
    pub utterance_end: Duration,
    /// Flux: confidence that ends a turn, 0.5–1.
    pub eot_threshold: Option<f32>,
    /// Flux: confidence for an early guess, 0.3–0.9; without it there are no early guesses.
    pub eager_eot_threshold: Option<f32>,
    /// Flux: silence that ends a turn whatever the confidence.
    pub eot_timeout: Option<Duration>,
    /// A turn that lasts so long (hold music, a television) is ended by asking.
    pub longest: Duration,
    /// And by force when asking does not help so fast.
    pub patience: Duration,
}

impl Default for TurnSettings {
    fn default() -> Self {
        Self {
            endpointing: Duration::from_millis(300),
            utterance_end: Duration::from_secs(1),
            eot_threshold: None,
            eager_eot_threshold: None,
            eot_timeout: None,
            longest: Duration::from_secs(30),
            patience: Duration::from_secs(1),
        }
    }
}

impl DeepgramSettings {
    /// The usual timeouts.
    #[must_use]
    pub fn new(base_url: impl Into<String>, key: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            key,
            connect_timeout: Duration::from_secs(5),
            render_timeout: Duration::from_secs(15),
            backoff: Backoff::default(),
            liveness: Liveness::default(),
            keep_alive: Duration::from_secs(4),
            turns: TurnSettings::default(),
        }
    }

    fn authorization(&self) -> String {
        format!("Token {}", self.key.expose_secret())
    }

    /// The base URL with its scheme turned into the websocket's.
    fn socket_base(&self) -> Result<String, ProviderError> {
        match self.base_url.trim_end_matches('/').split_once("://") {
            Some(("https" | "wss", rest)) => Ok(format!("wss://{rest}")),
            Some(("http" | "ws", rest)) => Ok(format!("ws://{rest}")),
            _ => Err(ProviderError {
                provider: PROVIDER,
                what: "deepgram.base_url is not a valid http(s) URL".into(),
                status: None,
                again: Again::No,
            }),
        }
    }

    async fn open(&self, path_and_query: &str) -> Result<Socket, ProviderError> {
        let url = format!("{}{path_and_query}", self.socket_base()?);
        let refused =
            |answer: &error::Handshake| error::refusal(answer.status(), answer.headers(), answer.body().as_deref().unwrap_or_default());
        socket::open(PROVIDER, &url, &self.authorization(), self.connect_timeout, refused).await
    }
}

/// Ears and mouth of Deepgram.
#[derive(Debug, Clone)]
pub struct Deepgram {
    settings: DeepgramSettings,
    http: reqwest::Client,
    tasks: TaskTracker,
}

impl Deepgram {
    /// A client whose socket tasks belong to `tasks`; nothing is sent yet.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn new(settings: DeepgramSettings, tasks: TaskTracker) -> Result<Self, ProviderError> {
        let http = http::client(PROVIDER, settings.connect_timeout, Some(settings.render_timeout))?;
        Ok(Self { settings, http, tasks })
    }
}

#[async_trait]
impl Ears for Deepgram {
    async fn listen(&self, options: &EarsOptions, stop: CancellationToken) -> Result<EarsLink, ProviderError> {
        let (path, dialect) = if options.model.starts_with("flux") {
            (flux::path(options, &self.settings.turns), listen::Dialect::flux(&self.settings))
        } else {
            (nova::path(options, &self.settings.turns), listen::Dialect::nova(&self.settings))
        };
        let socket = self.settings.open(&path).await?;
        let (link, listener) = listen::Listener::new(socket, dialect, self.settings.liveness, stop);
        self.tasks.spawn(listener.run().in_current_span());
        Ok(link)
    }

    async fn check(&self) -> Result<(), ProviderError> {
        key::check(&self.settings, &self.http).await
    }
}

#[async_trait]
impl Mouth for Deepgram {
    async fn open(&self, voice: &Voice, stop: CancellationToken) -> Result<MouthLink, ProviderError> {
        let socket = self.settings.open(&speak::path(&voice.name)).await?;
        let (link, speaker) = speak::Speaker::new(socket, self.settings.liveness, stop);
        self.tasks.spawn(speaker.run().in_current_span());
        Ok(link)
    }

    async fn render(&self, voice: &Voice, text: &str) -> Result<Bytes, ProviderError> {
        render::render(&self.settings, &self.http, &voice.name, text).await
    }
}

/// Builds `path?name=value&…`.
fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}
