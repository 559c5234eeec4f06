//! Where a fresh media stream is handed to whoever may hold it.

use async_trait::async_trait;
use tracing::Span;
use tracing::field::{Empty, display};

use crate::call::phone::PhoneLink;
use crate::domain::ids::{AttemptId, CampaignId};

/// What the provider said when it opened the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStream {
    /// The one-time token that our `TwiML` gave the provider.
    pub token: String,
    /// The provider's id of the call.
    pub call_sid: String,
    /// The provider's id of the stream.
    pub stream_sid: String,
}

/// A stream nobody may hold: a token that is old, used or unknown, or a call that is not the attempt's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stream refused: {0}")]
pub struct Refused(pub &'static str);

/// Takes streams: claims them (once), holds the call to its end, and writes down what came of it.
#[async_trait]
pub trait CallDesk: Send + Sync {
    /// Returns when the call is over.
    ///
    /// # Errors
    /// [`Refused`] before any audio was taken or sent.
    async fn hold(&self, stream: NewStream, phone: PhoneLink) -> Result<(), Refused>;
}

/// The context of every log line of a call. Of level error, so that no filter takes it away from the lines that pass; tasks of
/// the call are spawned in it.
#[must_use]
pub fn call_span(call_sid: &str) -> Span {
    tracing::error_span!("call", call.sid = call_sid, attempt.id = Empty, campaign.id = Empty)
}

/// From here on the lines also tell whose call it is: known once the stream is claimed.
pub fn identify(attempt: AttemptId, campaign: CampaignId) {
    Span::current().record("attempt.id", display(attempt)).record("campaign.id", display(campaign));
}
