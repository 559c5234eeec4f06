//! The opening: who calls, that it is an AI, and how to opt out. A callee's "hello?" must not cut it.

use super::event::Action;
use super::playout::BYTES_PER_MS;
use super::rules::{EARLY_ANSWER_MS, LineName};
use super::speech::Speech;
use super::state::Stage;
use super::{Conversation, Ending};
use crate::call::journal::EventKind;
use crate::call::understand;
use crate::mind::history::History;

impl Conversation {
    pub(super) fn open(&mut self) {
        self.note(EventKind::StreamStarted, self.now, "");
        let script = std::sync::Arc::clone(&self.rules.script);
        for error in script.troubles() {
            self.note(EventKind::Trouble, self.now, format!("{error}; the call goes on without it"));
        }
        if !self.say_line(LineName::Greeting) {
            self.end(Ending::AgentError);
        }
    }

    /// Whether words cut the disclosure.
    pub(super) fn cuts_opening(words: &str) -> bool {
        understand::opt_out(words) || understand::says_stop(words)
    }

    /// Words said into the greeting are answered after it when they are more than a hello (the greeting itself tells who
    /// calls), or answer its question.
    pub(super) fn keep_for_later(&mut self, words: String) {
        let asks_something = words.split_whitespace().count() > 3;
        if !understand::is_hello(&words) && (asks_something || self.nearly_said()) {
            self.early = Some(words);
        }
    }

    /// The running speech is about to end: a short word now answers it.
    pub(super) fn nearly_said(&self) -> bool {
        let last_words = self.playout.ahead(self.now) <= EARLY_ANSWER_MS * BYTES_PER_MS;
        last_words && self.speech.as_ref().is_some_and(Speech::all_sent)
    }

    /// The greeting was heard to its end.
    pub(super) fn greeted(&mut self) {
        self.stage = Stage::Talking;
        match self.early.take() {
            Some(words) if !self.callee.speaking => self.take_turn(&words),
            _ => self.waiting_since = Some(self.now),
        }
    }

    pub(super) fn history_mut(&mut self) -> &mut History {
        std::sync::Arc::make_mut(&mut self.history)
    }

    pub(super) fn digit(&mut self, digit: char) {
        self.note(EventKind::Digit, self.now, digit);
        self.waiting_since = self.waiting_since.map(|_| self.now);
        if digit == '9' {
            self.opt_out("pressed 9");
        }
    }

    /// The callee must not be called again: said once, kept for good, confirmed, ended.
    pub(super) fn opt_out(&mut self, how: &str) {
        if std::mem::replace(&mut self.found.flags.opt_out, true) {
            return;
        }
        self.push(Action::OptOut);
        let body = serde_json::json!({ "opt_out": how }).to_string();
        self.note(EventKind::Understood, self.now, body);
        self.close(LineName::OptOutConfirmed, Ending::OptOut);
    }
}
