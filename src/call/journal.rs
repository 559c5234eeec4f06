//! The one port through which a call remembers: bounded, never awaited on the audio path.

use serde::{Deserialize, Serialize};

use crate::domain::outcome::Outcome;
use crate::domain::transfer::TransferResult;
use crate::mind::ledger::LedgerEntry;
use crate::word_enum;

word_enum! {
    /// What an event tells.
    pub enum EventKind {
        /// The media stream started.
        StreamStarted = "stream_started",
        /// The first audio of ours left.
        FirstAudio = "first_audio",
        /// A finished turn of the callee.
        Callee = "callee",
        /// What the callee really heard of ours.
        Agent = "agent",
        /// The callee spoke over us and we stopped.
        BargeIn = "barge_in",
        /// A key was pressed.
        Digit = "digit",
        /// What code or model understood: opt-out, callback, slots.
        Understood = "understood",
        /// Timings of one turn, JSON of [`TurnTimings`].
        Timings = "timings",
        /// Who answered, as far as known.
        Answerer = "answerer",
        /// Something of ours or a provider's failed and how it was covered.
        Trouble = "trouble",
        /// The call ended, and why.
        Ended = "ended",
        /// A person was rung for the callee, and whether they answered.
        Transfer = "transfer",
    }
}

/// One thing that happened in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEvent {
    /// Order within the call, from 0.
    pub seq: u32,
    /// Milliseconds since the stream started.
    pub offset_ms: u64,
    /// What it tells.
    pub kind: EventKind,
    /// Words or JSON, by kind.
    pub body: String,
}

/// One turn on one monotonic clock, milliseconds since the stream started; unknown is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnTimings {
    /// The callee's turn, from 0.
    pub turn: u32,
    /// The callee's last sound, where the ears tell.
    pub speech_end: Option<u64>,
    /// The ears decided that the turn is over.
    pub end_of_turn: Option<u64>,
    /// First token of the reply.
    pub first_token: Option<u64>,
    /// First sentence complete.
    pub first_sentence: Option<u64>,
    /// First audio byte from the mouth.
    pub first_audio: Option<u64>,
    /// First frame written to the phone.
    pub first_frame: Option<u64>,
    /// The first mark came back: it was heard.
    pub heard: Option<u64>,
}

impl TurnTimings {
    /// What the callee waits for: end of turn to first frame, milliseconds.
    #[must_use]
    pub fn reply_ms(&self) -> Option<u64> {
        Some(self.first_frame?.saturating_sub(self.end_of_turn?))
    }
}

/// A word to the holder of a call from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallSignal {
    /// The provider's verdict on who answered (`human`, `machine_end_beep`, `fax` …).
    AnsweredBy(String),
    /// End politely (operator, shutdown).
    Stop,
    /// What came of ringing the person the callee asked for.
    Transfer(TransferResult),
}

/// What is left when the holder closes its side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallReport {
    /// The holder's view of the outcome; `None` when the call told nothing (the provider's end decides).
    pub outcome: Option<Outcome>,
    /// Slots collected, a JSON object.
    pub slots: serde_json::Value,
}

/// What a call must remember. Implementations queue and write in the background; a full queue is counted, never awaited.
pub trait Journal: Send + Sync {
    /// Keeps an event.
    fn event(&self, event: CallEvent);
    /// Keeps a ledger entry (call, campaign and ids are filled in by the implementation).
    fn ledger(&self, entry: LedgerEntry);
    /// Keeps what the call has told so far, for the case that its holder dies; takes the place of the one before.
    fn draft(&self, draft: CallReport);
    /// The callee asked not to be called again: suppressed everywhere before the call goes on.
    fn opt_out(&self);
}
