//! The telephone as a call sees it: audio, digits and playback marks, whatever the transport's dialect.

use bytes::Bytes;
use tokio::sync::mpsc;

/// What comes from the callee's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromPhone {
    /// 8 kHz μ-law of the callee, 20 ms or more.
    Audio(Bytes),
    /// A key was pressed.
    Digit(char),
    /// All audio sent before this mark was played, or dropped by a clear.
    Mark(String),
    /// The provider ended the stream.
    Stopped,
}

/// What goes to the callee's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToPhone {
    /// 8 kHz μ-law to play after everything sent before.
    Audio(Bytes),
    /// Report when everything before this was played.
    Mark(String),
    /// Drop all audio that was not played yet; its marks come back at once.
    Clear,
}

/// An open media stream. Dropping `to` closes the socket (after which the provider goes on with the TwiML, so a call is
/// ended at the provider first).
#[derive(Debug)]
pub struct PhoneLink {
    /// From the callee; ends with [`FromPhone::Stopped`] or by closing when the socket is lost.
    pub from: mpsc::Receiver<FromPhone>,
    /// To the callee; bounded, never awaited by the loop.
    pub to: mpsc::Sender<ToPhone>,
}
