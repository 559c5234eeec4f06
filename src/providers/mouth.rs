//! The speaking port: text in, telephone audio out.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::providers::{ProviderError, Voice};

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
    async fn open(&self, voice: &Voice, stop: CancellationToken) -> Result<MouthLink, ProviderError>;
    /// Renders a whole text at once (greetings and other clips that are prepared ahead): 8 kHz μ-law without header.
    ///
    /// # Errors
    /// When the service refuses or cannot be reached.
    async fn render(&self, voice: &Voice, text: &str) -> Result<Bytes, ProviderError>;
}
