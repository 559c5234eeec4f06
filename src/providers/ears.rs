//! The listening port: the callee's audio in, words and turns out.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::providers::ProviderError;

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
        /// From the last word to the end of the audio in which the turn ended, where the service tells the times of words. What
        /// the network took comes on top.
        silence: Option<Duration>,
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
    /// Whether the service answers and takes our key. Costs nothing.
    ///
    /// # Errors
    /// What keeps it from being used.
    async fn check(&self) -> Result<(), ProviderError>;
}
