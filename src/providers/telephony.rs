//! The telephone port: one POST that places a call, and the idempotent requests around it.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::domain::permit::DialPermit;
use crate::domain::phone::PhoneNumber;
use crate::providers::ProviderError;

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
    /// The same, and nothing failed: it got no [`Leave`].
    HeldBack {
        /// Why not.
        why: String,
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

/// Waits until a request may go; or tells why it may not.
pub type Leave = BoxFuture<'static, Result<(), String>>;

/// A connection that is open and waits for its one POST, so that the time between the last check and the bytes is short.
#[async_trait]
pub trait DialLine: Send {
    /// Sends the one POST once `leave` is given: the first bytes are written as the next statement. When it is refused nothing
    /// is sent, and the answer is [`DialAnswer::HeldBack`] with the reason. Consumes the permit and the line.
    async fn dial(self: Box<Self>, permit: DialPermit, request: DialRequest, leave: Leave) -> DialAnswer;
}

/// How long the phone of the person a callee asked for may ring.
pub const RING_PERSON: Duration = Duration::from_secs(20);

/// A live call to be handed to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Who is rung.
    pub to: PhoneNumber,
    /// The number shown to them.
    pub from: PhoneNumber,
    /// Where the provider tells that they answered, and asks what to do when they did not.
    pub result_url: String,
    /// The longest call from its answer on, the talk with the person included.
    pub time_limit: Duration,
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
    /// Lets a person be rung for the callee of a live call; its media stream ends. Never repeated: the phone would ring again.
    ///
    /// # Errors
    /// When the provider does not say that it does so.
    async fn transfer(&self, call_sid: &str, transfer: &Transfer) -> Result<(), ProviderError>;
    /// Takes back a call that is queued or ringing; ends it when it has been answered meanwhile.
    ///
    /// # Errors
    /// When the provider gives no usable answer.
    async fn cancel(&self, call_sid: &str) -> Result<(), ProviderError>;
    /// Takes back a call that is queued or ringing and leaves one that was answered meanwhile; the call as it stands then,
    /// `None` when the provider does not know it.
    ///
    /// # Errors
    /// When the provider gives no usable answer.
    async fn take_back(&self, call_sid: &str) -> Result<Option<ProviderCall>, ProviderError>;
    /// Whether the account answers at all (`callfleet doctor`).
    ///
    /// # Errors
    /// What keeps the account from being used.
    async fn check(&self) -> Result<(), ProviderError>;
}
