//! Where a fresh media stream is handed to whoever may hold it.

use async_trait::async_trait;

use crate::call::phone::PhoneLink;

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
