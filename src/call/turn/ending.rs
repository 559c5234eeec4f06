//! The end: last words, or none.

use bytes::Bytes;

use super::Conversation;
use super::event::{Action, Ending};
use super::rules::LineName;
use super::state::{Next, Stage};
use super::timers::closing_due;
use crate::call::journal::EventKind;
use crate::call::understand;

impl Conversation {
    /// Says a last line and ends when it was heard.
    pub(super) fn close(&mut self, line: LineName, ending: Ending) {
        let words = self.rules.words(line).to_owned();
        let clip = self.rules.clips.get(&line).cloned();
        self.close_with(words, clip, ending);
    }

    /// Says last words and ends when they were heard.
    pub(super) fn close_with(&mut self, words: String, clip: Option<Bytes>, ending: Ending) {
        if self.is_over() {
            return;
        }
        self.drop_draft();
        self.interrupt(false);
        self.waiting_since = None;
        self.stage = Stage::Closing { ending, due: closing_due(self.now) };
        if !self.say_words(words, clip) {
            self.end(ending);
        }
    }

    /// Says that a person is rung, and leaves the callee to them.
    pub(super) fn hand_over(&mut self) {
        self.close(LineName::Transferring, Ending::Transfer);
    }

    /// Ends at once.
    pub(super) fn end(&mut self, ending: Ending) {
        self.drop_draft();
        self.interrupt(false);
        self.waiting_since = None;
        self.stage = Stage::Over(ending);
        self.note(EventKind::Ended, self.now, ending.as_str());
        self.push(Action::End(ending));
    }

    /// Nobody hears the callee any more: a conversation ends, last words and messages go on.
    pub(super) fn ears_are_lost(&mut self) {
        self.note(EventKind::Trouble, self.now, "the ears are gone");
        if matches!(self.stage, Stage::Opening | Stage::Talking) {
            self.close(LineName::Apology, Ending::AgentError);
        }
    }

    /// Somebody asks us to end.
    pub(super) fn stop(&mut self) {
        match self.stage {
            Stage::Opening | Stage::Talking => self.close(LineName::Goodbye, Ending::Stopped),
            Stage::Mailbox { .. } => self.end(Ending::Stopped),
            Stage::Closing { .. } | Stage::Over(_) => {}
        }
    }

    /// The stream is gone. What was being said counts as far as the clock says; what was promised counts as promised.
    pub(super) fn hung_up(&mut self) {
        self.keep_unfinished_words();
        match std::mem::take(&mut self.next) {
            Next::Promise(agreed) => self.found.callback = Some(agreed.promised()),
            Next::PromiseNothing => self.found.callback_refused = true,
            Next::Listen | Next::Transfer | Next::End(_) => {}
        }
        let ending = match self.stage {
            Stage::Closing { ending, .. } | Stage::Mailbox { ending, .. } | Stage::Over(ending) => ending,
            Stage::Opening | Stage::Talking if self.found.callback.is_some() => Ending::Callback,
            Stage::Opening | Stage::Talking => Ending::HungUp,
        };
        self.end(ending);
    }

    /// Words of a turn that will not end any more still belong to the conversation, and may be the most important ones.
    fn keep_unfinished_words(&mut self) {
        let words = std::mem::take(&mut self.callee.words);
        if words.is_empty() {
            return;
        }
        self.note(EventKind::Callee, self.callee.began_at, words.clone());
        if !matches!(self.stage, Stage::Opening | Stage::Talking) {
            return;
        }
        self.interrupt(true);
        self.history_mut().push_callee(&words);
        if understand::opt_out(&words) {
            self.opt_out(&words);
        } else if understand::wants_callback(&words) {
            self.asked_for_callback(&words);
        }
    }
}
