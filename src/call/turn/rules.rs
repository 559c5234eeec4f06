//! What one conversation has to keep to: its lines, its limits, and the fixed patience of the machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::agents::definition::{Limits, Lines};
use crate::domain::callback::PromiseHours;
use crate::domain::campaign::OnVoicemail;
use crate::domain::time::Timestamp;
use crate::mind::prompt::Script;
use crate::word_enum;

/// A person who speaks over us is given the floor after this, words or not.
pub const GRACE_MS: u64 = 250;
/// Speech of which nothing was transcribed for this long was none: the interrupted speech goes on.
pub const FALSE_ALARM_MS: u64 = 2_000;
/// A turn ends after this, whatever the ears say: hold music never ends by itself.
pub const TURN_CAP_MS: u64 = 30_000;
/// Speculative starts of one turn.
pub const TRIES_PER_TURN: u32 = 3;
/// A speculative reply is not kept longer.
pub const DRAFT_MS: u64 = 5_000;
/// The mouth owes audio for this long before it counts as stalled.
pub const MOUTH_STALL_MS: u64 = 5_000;
/// A mark this long overdue by the playout clock will not come.
pub const MARK_STALL_MS: u64 = 3_000;
/// Last words take no longer.
pub const CLOSING_CAP_MS: u64 = 15_000;
/// So long before the longest call is over the agent begins to say goodbye.
pub const GOODBYE_MARGIN_MS: u64 = 10_000;
/// A machine that has been silent for this long had no beep we could hear.
pub const MAILBOX_QUIET_MS: u64 = 3_000;
/// A mailbox is not waited for longer.
pub const MAILBOX_CAP_MS: u64 = 30_000;
/// Who answered is decided by first words only within this time.
pub const FIRST_WORDS_MS: u64 = 30_000;
/// A short answer given this close to the greeting's end answers its question.
pub const EARLY_ANSWER_MS: u64 = 1_500;

word_enum! {
    /// The lines that are said as written.
    pub enum LineName {
        /// Who calls.
        Greeting = "greeting",
        /// After a silence.
        AreYouThere = "are_you_there",
        /// The polite end.
        Goodbye = "goodbye",
        /// After an opt-out.
        OptOutConfirmed = "opt_out_confirmed",
        /// When asked whether this is a machine.
        IAmAnAi = "i_am_an_ai",
        /// When the words of a callback cannot be resolved; of a time that is over the rules speak themselves.
        CallbackUnclear = "callback_unclear",
        /// When a reply is late.
        Filler = "filler",
        /// When a reply cannot be had.
        Apology = "apology",
        /// Before a person is rung.
        Transferring = "transferring",
        /// Left on a machine.
        Voicemail = "voicemail",
    }
}

impl LineName {
    /// Its words.
    #[must_use]
    pub fn words(self, lines: &Lines) -> &str {
        match self {
            Self::Greeting => &lines.greeting,
            Self::AreYouThere => &lines.are_you_there,
            Self::Goodbye => &lines.goodbye,
            Self::OptOutConfirmed => &lines.opt_out_confirmed,
            Self::IAmAnAi => &lines.i_am_an_ai,
            Self::CallbackUnclear => &lines.callback_unclear,
            Self::Filler => &lines.filler,
            Self::Apology => &lines.apology,
            Self::Transferring => lines.transferring(),
            Self::Voicemail => &lines.voicemail,
        }
    }
}

/// What one conversation has to keep to.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The agent's words for this lead.
    pub script: Arc<Script>,
    /// Lines that were rendered ahead, 8 kHz μ-law without header. A clip must say exactly what its line says.
    pub clips: BTreeMap<LineName, Bytes>,
    /// What to do when a machine answers.
    pub on_voicemail: OnVoicemail,
    /// Who asks for a person gets one.
    pub can_transfer: bool,
    /// The longest call, milliseconds.
    pub max_duration_ms: u64,
    /// Business time at the start of the stream.
    pub began: Timestamp,
    /// When callbacks may be promised.
    pub hours: PromiseHours,
    /// So many callbacks may still be promised to this lead.
    pub callbacks_left: u32,
}

impl Rules {
    /// The agent's limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.script.definition().limits
    }

    /// A line's words.
    #[must_use]
    pub fn words(&self, line: LineName) -> &str {
        line.words(self.script.lines())
    }

    /// When the agent begins to say goodbye.
    #[must_use]
    pub fn goodbye_at(&self) -> u64 {
        self.max_duration_ms.saturating_sub(GOODBYE_MARGIN_MS).max(self.max_duration_ms / 2)
    }
}
