//! The speculative start: a reply to a turn that is probably over, thought and rendered but not heard.
//!
//! A draft works on a copy of the history and leaves no trace when it is dropped.

use std::sync::Arc;

use super::Conversation;
use super::event::{Action, Ask};
use super::rules::TRIES_PER_TURN;
use super::speech::{Source, Speech};
use super::state::Stage;
use crate::call::understand;

/// A reply that waits for a certain end of turn.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub speech: Speech,
    pub utterance: String,
    pub since: u64,
}

impl Conversation {
    pub(super) fn speculate(&mut self, text: &str) {
        let free = self.stage == Stage::Talking && self.speech.is_none() && self.draft.is_none();
        let allowed = self.tries < TRIES_PER_TURN && self.found.turns < self.rules.limits().max_turns && !self.asked_when;
        if !free || !allowed || text.trim().is_empty() || understand::is_special(text) {
            return;
        }
        self.tries += 1;
        let mut speech = Speech::new(self.take_no(), Source::Model, self.now);
        speech.held = true;
        let ask = self.ask(speech.no, text);
        self.push(Action::Think(ask));
        self.draft = Some(Draft { speech, utterance: text.to_owned(), since: self.now });
    }

    pub(super) fn ask(&self, reply: u32, utterance: &str) -> Ask {
        Ask { reply, turn: self.found.turns, history: Arc::clone(&self.history), utterance: utterance.to_owned() }
    }

    /// The turn ended: the draft becomes the reply when it answers the same words.
    pub(super) fn adopt_draft(&mut self, text: &str) -> Option<Speech> {
        if self.draft.as_ref().is_some_and(|draft| understand::same_words(&draft.utterance, text)) {
            return self.draft.take().map(|draft| draft.speech);
        }
        self.drop_draft();
        None
    }

    pub(super) fn drop_draft_unless(&mut self, words: &str) {
        if self.draft.as_ref().is_some_and(|draft| !understand::same_words(&draft.utterance, words)) {
            self.drop_draft();
        }
    }

    pub(super) fn drop_draft(&mut self) {
        if let Some(draft) = self.draft.take() {
            self.stop_making(&draft.speech);
        }
    }
}
