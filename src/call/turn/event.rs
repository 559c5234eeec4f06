//! What happens to a conversation, and what the conversation wants done.

use std::sync::Arc;

use bytes::Bytes;

use crate::call::journal::{EventKind, TurnTimings};
use crate::mind::analysis::Analysis;
use crate::mind::history::History;
use crate::providers::Heard;
use crate::word_enum;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The media stream is open: the callee hears us from now on.
    Started,
    /// The ears reported something ([`Heard::Closed`] is handled by the listening stage and ignored here).
    Heard(Heard),
    /// More text of a reply.
    ReplyText {
        /// The reply.
        reply: u32,
        /// The next piece.
        text: String,
    },
    /// The reply is complete.
    ReplyDone {
        /// The reply.
        reply: u32,
    },
    /// The reply cannot be had, or broke off.
    ReplyFailed {
        /// The reply.
        reply: u32,
        /// The call's budget is spent: no further reply can be had either.
        spent: bool,
    },
    /// Audio of a reply or a line.
    Audio {
        /// The reply.
        reply: u32,
        /// 8 kHz μ-law.
        audio: Bytes,
    },
    /// The mouth has delivered everything up to the oldest open flush of this reply.
    Flushed {
        /// The reply.
        reply: u32,
    },
    /// The mouth has a new connection; what the old one had not delivered is lost.
    MouthReopened,
    /// The mouth is gone for good.
    MouthLost,
    /// The ears are gone for good.
    EarsLost,
    /// A playback mark came back.
    Mark(u32),
    /// A key was pressed.
    Digit(char),
    /// The provider's verdict on who answered.
    AnsweredBy(String),
    /// End politely.
    Stop,
    /// The callee hung up, or the stream was lost.
    PhoneStopped,
    /// What a model understood of a turn.
    Analysed {
        /// The callee's turn.
        turn: u32,
        /// What it meant.
        analysis: Analysis,
    },
    /// A deadline of [`super::Conversation::wake_at`] passed.
    Tick,
}

/// One thing to be done, in order.
#[derive(Debug, Clone)]
pub enum Action {
    /// Hand text to the mouth.
    Say {
        /// The reply it belongs to.
        reply: u32,
        /// A sentence or clause.
        text: String,
    },
    /// Let the mouth render what it holds of this reply.
    Flush {
        /// The reply.
        reply: u32,
    },
    /// The mouth forgets everything it has not rendered.
    ClearMouth,
    /// The mouth does not deliver: connect it anew ([`Event::MouthReopened`] or [`Event::MouthLost`] follows).
    ResetMouth,
    /// Send audio to the phone.
    Play(Bytes),
    /// Ask the phone to report when everything sent so far was played.
    Mark(u32),
    /// Drop everything the phone has not played.
    ClearPhone,
    /// Start thinking about a reply.
    Think(Ask),
    /// Stop thinking about a reply.
    CancelThink {
        /// The reply.
        reply: u32,
    },
    /// Start understanding a finished turn, beside the reply.
    Analyse(Ask),
    /// The callee must not be called again.
    OptOut,
    /// Remember something.
    Note {
        /// What it tells.
        kind: EventKind,
        /// When it began, milliseconds since the stream started.
        at_ms: u64,
        /// Words or JSON, by kind.
        body: String,
    },
    /// Remember the timings of a turn.
    Timings(TurnTimings),
    /// The conversation is over: end the call.
    End(Ending),
}

/// What a model is asked: the conversation as it was heard, and the words to answer.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The number of the reply (an analysis has none of its own).
    pub reply: u32,
    /// The callee's turn, from 0.
    pub turn: u32,
    /// Everything before the utterance.
    pub history: Arc<History>,
    /// What the callee just said.
    pub utterance: String,
}

word_enum! {
    /// Why a conversation ended.
    pub enum Ending {
        /// The callee hung up, or the stream was lost.
        HungUp = "hung_up",
        /// Asked not to be called again.
        OptOut = "opt_out",
        /// A callback was asked for, and promised where it may be.
        Callback = "callback",
        /// The callee said goodbye.
        Goodbye = "goodbye",
        /// The agent said goodbye.
        Completed = "completed",
        /// The callee said nothing.
        Silence = "silence",
        /// The longest call was reached.
        MaxDuration = "max_duration",
        /// The most turns were reached.
        MaxTurns = "max_turns",
        /// Not the person's number.
        WrongNumber = "wrong_number",
        /// Somebody else answered.
        WrongPerson = "wrong_person",
        /// An answering machine.
        Voicemail = "voicemail",
        /// A mailbox that takes no more messages.
        MailboxFull = "mailbox_full",
        /// A screening assistant.
        CallScreened = "call_screened",
        /// A phone menu.
        Ivr = "ivr",
        /// A fax.
        Fax = "fax",
        /// Asked for a person, who is to be rung.
        Transfer = "transfer",
        /// We were asked to end.
        Stopped = "stopped",
        /// Our side failed.
        AgentError = "agent_error",
        /// The call's budget is spent.
        BudgetStop = "budget_stop",
    }
}
