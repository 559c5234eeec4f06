//! The outside services behind ports: what a caller may ask of a telephone, of ears, of a mind and of a mouth.
//!
//! One folder per vendor speaks the vendor's wire; nothing above this folder knows a field name of theirs.

pub mod deepgram;
pub mod mulaw;
pub mod openai;
pub mod twilio;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::permit::DialPermit;
use crate::domain::phone::PhoneNumber;

// ---------------------------------------------------------------- telephone

/// One call to be placed. URLs are complete and public; the token travels inside the TwiML.
#[derive(Debug, Clone)]
pub struct DialRequest {
    /// Whom to call.
    pub to: PhoneNumber,
    /// The number shown to them.
    pub from: PhoneNumber,
    /// `ws(s)://…/media`, without a query.
    pub media_url: String,
    /// `<Parameter>`s of the stream: the one-time token and the attempt.
    pub stream_parameters: Vec<(String, String)>,
    /// Spoken when the stream could not be served, before hanging up.
    pub apology: String,
    /// Where the provider reports progress, with this attempt and send number in its path.
    pub status_callback: String,
    /// Where it reports who answered; `None` turns detection off.
    pub amd_callback: Option<String>,
    /// Wait for the beep (a message will be left) instead of the first verdict.
    pub detect_message_end: bool,
    /// How long the phone may ring (at least 20 s by rule).
    pub ring_timeout: Duration,
    /// Longest call, kept by the provider even when every process of ours is dead.
    pub time_limit: Duration,
}

/// What became of the one POST. Everything uncertain is [`DialAnswer::Unknown`]; nothing here is ever sent again in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialAnswer {
    /// 2xx with a sid.
    Placed {
        /// The provider's id of the call.
        call_sid: String,
    },
    /// The provider's own error JSON in a 4xx: not processed.
    NotProcessed {
        /// HTTP status.
        status: u16,
        /// The provider's code, when it gave one.
        code: Option<u32>,
        /// The provider's words.
        message: String,
        /// `Retry-After`, when given.
        retry_after: Option<Duration>,
    },
    /// Not a byte of the request was written.
    NotSent {
        /// What failed.
        error: String,
    },
    /// Perhaps processed, perhaps not.
    Unknown {
        /// What was seen.
        error: String,
    },
}

/// A call as the provider's REST shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCall {
    /// The provider's id.
    pub call_sid: String,
    /// `queued ringing in-progress canceled completed failed busy no-answer`.
    pub status: String,
    /// Seconds, once it ended.
    pub duration_s: Option<u32>,
    /// When the provider took it, milliseconds since the epoch; null for a fresh one.
    pub created_at_ms: Option<i64>,
    /// `outbound-api` for calls of ours.
    pub direction: String,
    /// Who answered, once detected.
    pub answered_by: Option<String>,
}

/// A refused or failed request to a provider, with the one thing a caller needs: does trying again help?
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {what}")]
pub struct ProviderError {
    /// Which service.
    pub provider: &'static str,
    /// What happened, without secrets, numbers or transcripts.
    pub what: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Whether the same request may succeed later.
    pub again: Again,
}

/// Does trying again help?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Yes, after a backoff of the caller's choice.
    Yes,
    /// Yes, but not before this.
    After(Duration),
    /// No: the request, the key or the account has to change.
    No,
}

/// A connection that is open and waits for its one POST, so that the time between the last check and the bytes is short.
#[async_trait]
pub trait DialLine: Send {
    /// Sends the one POST. `still_allowed` is asked as the last statement before the bytes are written; when it says no,
    /// nothing is sent and the answer is [`DialAnswer::NotSent`]. Consumes the permit and the line.
    async fn dial(self: Box<Self>, permit: DialPermit, request: DialRequest, still_allowed: Box<dyn FnOnce() -> bool + Send>)
    -> DialAnswer;
}

/// What Callfleet asks of a telephone company.
#[async_trait]
pub trait Telephony: Send + Sync {
    /// Opens a connection for one dial (TCP and TLS, nothing sent).
    ///
    /// # Errors
    /// When no connection can be had; nothing was sent.
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError>;
    /// One call; `None` when the provider does not know it.
    ///
    /// # Errors
    /// When the provider gives no usable answer.
    async fn fetch(&self, call_sid: &str) -> Result<Option<ProviderCall>, ProviderError>;
    /// All calls from us to a number, all pages, newest first.
    ///
    /// # Errors
    /// When the provider gives no usable answer for any page: an incomplete list is no list.
    async fn list(&self, to: &PhoneNumber, from: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError>;
    /// Ends a live call. Ending a call that is already over is not an error.
    ///
    /// # Errors
    /// When the provider gives no usable answer.
    async fn end(&self, call_sid: &str) -> Result<(), ProviderError>;
    /// Takes back a call that is queued or ringing; ends it when it has been answered meanwhile.
    ///
    /// # Errors
    /// When the provider gives no usable answer.
    async fn cancel(&self, call_sid: &str) -> Result<(), ProviderError>;
    /// Whether the account answers at all (`callfleet doctor`).
    ///
    /// # Errors
    /// What keeps the account from being used.
    async fn check(&self) -> Result<(), ProviderError>;
}

// ---------------------------------------------------------------- ears

/// What the ears report. Texts are the callee's words; they never go to a log.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Somebody began to speak.
    SpeechStarted,
    /// The words so far of the running turn (replaces earlier interims).
    Interim {
        /// Words of the turn so far.
        text: String,
    },
    /// The turn is probably over; it may still be taken back.
    EagerEnd {
        /// Words of the turn.
        text: String,
    },
    /// The callee went on after an [`Heard::EagerEnd`].
    Resumed,
    /// The turn is over.
    EndOfTurn {
        /// Words of the turn; never empty.
        text: String,
        /// 0–1, where the service says so.
        confidence: Option<f32>,
    },
    /// The service ended or failed; nothing more will come.
    Closed {
        /// Why, and whether a new connection may help.
        error: Option<ProviderError>,
    },
}

/// An open listening socket. Dropping `audio` closes it politely; `heard` ends with [`Heard::Closed`].
#[derive(Debug)]
pub struct EarsLink {
    /// 8 kHz μ-law of the callee, any chunk size; bounded.
    pub audio: mpsc::Sender<Bytes>,
    /// What was heard; bounded.
    pub heard: mpsc::Receiver<Heard>,
}

/// How to listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarsOptions {
    /// The service's model, for example `flux-general-en` or `nova-3`.
    pub model: String,
    /// BCP-47.
    pub language: String,
    /// Words that are likely to be said.
    pub keyterms: Vec<String>,
}

/// Streaming speech-to-text.
#[async_trait]
pub trait Ears: Send + Sync {
    /// Opens a socket that lives until `stop`, the sender's drop, or a failure.
    ///
    /// # Errors
    /// When the service refuses or cannot be reached.
    async fn listen(&self, options: &EarsOptions, stop: CancellationToken) -> Result<EarsLink, ProviderError>;
}

// ---------------------------------------------------------------- mouth

/// What to say. `reply` numbers the reply so that late audio of an old one can be told from the new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// Text of a reply, in order.
    Text {
        /// The reply it belongs to.
        reply: u32,
        /// Whole sentences or clauses.
        text: String,
    },
    /// No more text for this reply: render what is buffered.
    Flush {
        /// The reply.
        reply: u32,
    },
    /// Forget everything not yet rendered.
    Clear,
}

/// What the mouth delivers.
#[derive(Debug, Clone, PartialEq)]
pub enum Spoken {
    /// 8 kHz μ-law without header.
    Audio {
        /// The reply it belongs to.
        reply: u32,
        /// μ-law bytes (8 per millisecond).
        audio: Bytes,
    },
    /// All audio of the reply has been delivered.
    Flushed {
        /// The reply.
        reply: u32,
    },
    /// The service ended or failed; nothing more will come.
    Closed {
        /// Why, and whether a new connection may help.
        error: Option<ProviderError>,
    },
}

/// An open speaking socket. Dropping `say` closes it; `spoken` ends with [`Spoken::Closed`].
#[derive(Debug)]
pub struct MouthLink {
    /// What to say; bounded.
    pub say: mpsc::Sender<Say>,
    /// What was rendered; bounded.
    pub spoken: mpsc::Receiver<Spoken>,
}

/// Streaming text-to-speech.
#[async_trait]
pub trait Mouth: Send + Sync {
    /// Opens a socket that lives until `stop`, the sender's drop, or a failure.
    ///
    /// # Errors
    /// When the service refuses or cannot be reached.
    async fn open(&self, voice: &str, stop: CancellationToken) -> Result<MouthLink, ProviderError>;
    /// Renders a whole text at once (greetings and other clips that are prepared ahead): 8 kHz μ-law without header.
    ///
    /// # Errors
    /// When the service refuses or cannot be reached.
    async fn render(&self, voice: &str, text: &str) -> Result<Bytes, ProviderError>;
}

// ---------------------------------------------------------------- mind

/// One chat message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: Role,
    /// Text.
    pub content: String,
}

crate::word_enum! {
    /// Who says a message.
    pub enum Role {
        /// Instructions.
        System = "system",
        /// The callee, and data about them.
        User = "user",
        /// The agent.
        Assistant = "assistant",
    }
}

/// A strict JSON schema the answer has to satisfy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerSchema {
    /// A name of `[A-Za-z0-9_-]{1,64}`.
    pub name: String,
    /// Every property required, `additionalProperties: false`.
    pub schema: serde_json::Value,
}

/// What to ask a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// Model id.
    pub model: String,
    /// In order.
    pub messages: Vec<Message>,
    /// Hard limit of the answer.
    pub max_output_tokens: u32,
    /// `none` on live turns, where the model takes it.
    pub reasoning_effort: Option<String>,
    /// Sampling temperature, where the model takes it.
    pub temperature: Option<f32>,
    /// Strict structured answer.
    pub schema: Option<AnswerSchema>,
    /// Equal prefixes with this key share the provider's cache.
    pub cache_key: Option<String>,
}

/// Tokens as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens, cached ones included.
    pub tokens_in: u64,
    /// Of those, read from the provider's cache.
    pub tokens_cached: u64,
    /// Answer tokens, reasoning included.
    pub tokens_out: u64,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatAnswer {
    /// Text, or the JSON of a structured answer; empty when refused.
    pub content: String,
    /// The model's words when it refused.
    pub refusal: Option<String>,
    /// `stop`, `length`, `content_filter` …
    pub finish: String,
    /// The model that really answered.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
}

/// Pieces of a streamed answer, in order; ends with `Done` or `Failed`, or breaks off when the stop token fires.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatPiece {
    /// More text.
    Text(String),
    /// Complete; `usage` is `None` when the provider sent none.
    Done {
        /// `stop`, `length` …
        finish: String,
        /// Tokens.
        usage: Option<Usage>,
    },
    /// Broke off.
    Failed(ProviderError),
}

/// A language model.
#[async_trait]
pub trait Mind: Send + Sync {
    /// Streams an answer through a bounded channel; firing `stop` closes the connection.
    ///
    /// # Errors
    /// When the request is refused before the first byte.
    async fn stream(&self, request: &ChatRequest, stop: CancellationToken) -> Result<mpsc::Receiver<ChatPiece>, ProviderError>;
    /// Asks for a whole answer.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn complete(&self, request: &ChatRequest) -> Result<ChatAnswer, ProviderError>;
    /// Model ids the account can use (`callfleet doctor`).
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn models(&self) -> Result<Vec<String>, ProviderError>;
}

// ---------------------------------------------------------------- batch desk

/// Where a provider batch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchStatus {
    /// The provider's id.
    pub id: String,
    /// `validating in_progress finalizing completed failed expired cancelling cancelled`.
    pub status: String,
    /// Results, once there are any.
    pub output_file_id: Option<String>,
    /// Failed lines, once there are any.
    pub error_file_id: Option<String>,
    /// Why it failed as a whole, in the provider's words.
    pub errors: Vec<String>,
}

/// One line of a batch's result files.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchLine {
    /// Our id of the request.
    pub custom_id: String,
    /// The answer, or what went wrong and whether trying again helps.
    pub result: Result<ChatAnswer, ProviderError>,
}

/// Non-urgent work at half price.
#[async_trait]
pub trait BatchDesk: Send + Sync {
    /// Uploads the requests as one file (one model per file, at most 50,000); gives the file id.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn upload(&self, requests: &[(String, ChatRequest)]) -> Result<String, ProviderError>;
    /// Starts a batch over an uploaded file. Not idempotent: look up by `metadata` first.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn create(&self, file_id: &str, metadata: (&str, &str)) -> Result<BatchStatus, ProviderError>;
    /// Finds a batch of ours by its metadata.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn find(&self, metadata: (&str, &str)) -> Result<Option<BatchStatus>, ProviderError>;
    /// Asks where a batch stands.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn status(&self, batch_id: &str) -> Result<BatchStatus, ProviderError>;
    /// Reads a result file, output or error, any order.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn read(&self, file_id: &str) -> Result<Vec<BatchLine>, ProviderError>;
}
