//! Everything a conversation knows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::event::{Action, Ending};
use super::playout::Playout;
use super::rules::Rules;
use super::speculate::Draft;
use super::speech::{Out, Speech};
use crate::call::answerer::Machine;
use crate::call::understand::Agreed;
use crate::domain::outcome::{Flags, PromisedCallback};
use crate::mind::history::History;

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Identification and disclosure: only an opt-out, a 9 or "stop" interrupts.
    Opening,
    /// The conversation.
    Talking,
    /// A machine answered and will get a message.
    Mailbox {
        /// Which end this comes to.
        ending: Ending,
        /// Since when.
        since: u64,
        /// The message is being said.
        leaving: bool,
        /// The provider said that the beep was heard.
        beeped: bool,
    },
    /// Last words.
    Closing {
        /// Why.
        ending: Ending,
        /// Latest end.
        due: u64,
    },
    /// Nothing more happens.
    Over(Ending),
}

/// The callee's side of the running turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Callee {
    /// Somebody speaks, as far as the ears know.
    pub speaking: bool,
    /// Since when.
    pub began_at: u64,
    /// The words so far.
    pub words: String,
    /// When words last came.
    pub words_at: u64,
    /// When the turn before ended for the callee: after its last word, where the ears tell.
    pub fell_silent_at: Option<u64>,
    /// When a speech of ours is paused although no words came.
    pub grace_due: Option<u64>,
    /// Words of a turn that was ended by the clock; the ears will report them once more.
    pub cut_off: Option<String>,
}

/// What the conversation found out.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Facts beside the disposition.
    pub flags: Flags,
    /// Collected slots.
    pub slots: BTreeMap<String, Value>,
    /// A promised callback.
    pub callback: Option<PromisedCallback>,
    /// Another call was asked for, and no more may be promised.
    pub callback_refused: bool,
    /// A machine answered.
    pub machine: Option<Machine>,
    /// The last word on the matter was no.
    pub declined: bool,
    /// Somebody else answered.
    pub wrong_person: bool,
    /// The callee's turns.
    pub turns: u32,
}

/// What follows when the running speech was heard.
#[derive(Debug, Clone, Default)]
pub(super) enum Next {
    /// The callee's turn.
    #[default]
    Listen,
    /// A callback that was asked for while the speech was already running.
    Promise(Box<Agreed>),
    /// A callback was asked for, and no more may be promised.
    PromiseNothing,
    /// A person was asked for.
    Transfer,
    /// The end.
    End(Ending),
}

/// A conversation. See [`Conversation::step`].
pub struct Conversation {
    pub(super) rules: Arc<Rules>,
    pub(super) now: u64,
    pub(super) stage: Stage,
    pub(super) playout: Playout,
    /// The one speech that may be heard.
    pub(super) speech: Option<Speech>,
    /// A reply to a turn that is probably over; never together with a speech.
    pub(super) draft: Option<Draft>,
    pub(super) next: Next,
    pub(super) callee: Callee,
    pub(super) history: Arc<History>,
    pub(super) found: Found,
    /// The number of the next speech.
    pub(super) next_no: u32,
    pub(super) next_mark: u32,
    /// Since when it is the callee's turn.
    pub(super) waiting_since: Option<u64>,
    pub(super) asked_if_there: bool,
    /// Said during the greeting and worth an answer.
    pub(super) early: Option<String>,
    /// We asked when to call; the next words are read as a time.
    pub(super) asked_when: bool,
    /// When we promised to call, in the words that are being said.
    pub(super) confirming: Option<String>,
    /// Replies in a row that could not be had.
    pub(super) failures: u32,
    /// The last reply came behind a filler.
    pub(super) filled_last: bool,
    /// Speculative starts of the running turn.
    pub(super) tries: u32,
    /// The times of the last flushes: the mouth's service counts them per minute.
    pub(super) flushes: VecDeque<u64>,
    pub(super) mouth_lost: bool,
    pub(super) out: Vec<Action>,
    pub(super) leaving_now: Vec<Out>,
}

impl Conversation {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            now: 0,
            stage: Stage::Opening,
            playout: Playout::default(),
            speech: None,
            draft: None,
            next: Next::Listen,
            callee: Callee::default(),
            history: Arc::new(History::new()),
            found: Found::default(),
            next_no: 1,
            next_mark: 1,
            waiting_since: None,
            asked_if_there: false,
            early: None,
            asked_when: false,
            confirming: None,
            failures: 0,
            filled_last: false,
            tries: 0,
            flushes: VecDeque::new(),
            mouth_lost: false,
            out: Vec::new(),
            leaving_now: Vec::new(),
        }
    }

    /// What it found out so far.
    #[must_use]
    pub const fn found(&self) -> &Found {
        &self.found
    }

    /// What was said and heard so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Why it ended; `None` while it goes on.
    #[must_use]
    pub const fn ending(&self) -> Option<Ending> {
        match self.stage {
            Stage::Over(ending) => Some(ending),
            _ => None,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }

    pub(super) fn push(&mut self, action: Action) {
        self.out.push(action);
    }
}
