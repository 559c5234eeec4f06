//! What the ears report, turned into the callee's side of the conversation.

use super::Conversation;
use super::rules::{FIRST_WORDS_MS, GRACE_MS};
use super::state::{Callee, Stage};
use crate::call::answerer;
use crate::call::journal::EventKind;
use crate::call::understand;
use crate::providers::Heard;

impl Conversation {
    pub(super) fn hear(&mut self, heard: Heard) {
        self.finish_if_played();
        match heard {
            Heard::SpeechStarted => self.speech_started(),
            Heard::Interim { text } => self.words_so_far(&text),
            Heard::EagerEnd { text } => {
                self.words_so_far(&text);
                self.speculate(&text);
            }
            Heard::Resumed => {
                self.drop_draft();
                self.speech_started();
            }
            Heard::EndOfTurn { text, silence, .. } => {
                self.turn_ended(&text, silence.and_then(|silence| u64::try_from(silence.as_millis()).ok()));
            }
            Heard::Closed { .. } => {}
        }
    }

    fn speech_started(&mut self) {
        if !self.callee.speaking {
            self.callee.speaking = true;
            self.callee.began_at = self.now;
            self.callee.words.clear();
        }
        if self.stage == Stage::Talking && self.speech.as_ref().is_some_and(|speech| !speech.held) {
            self.callee.grace_due.get_or_insert(self.now + GRACE_MS);
        }
    }

    fn words_so_far(&mut self, text: &str) {
        let text = self.without_cut_off(text);
        if text.is_empty() || self.is_over() {
            return;
        }
        if !self.callee.speaking {
            self.speech_started();
        }
        self.callee.words.clone_from(&text);
        self.callee.words_at = self.now;
        self.drop_draft_unless(&text);
        if let Some(machine) = self.first_words(&text) {
            self.a_machine(machine);
        } else {
            self.barge_in(&text);
        }
    }

    /// The turn is over, by the ears or by the clock, after so many milliseconds of silence where that is known.
    pub(super) fn turn_ended(&mut self, text: &str, silent_ms: Option<u64>) {
        let text = self.without_cut_off(text);
        let began_at = if self.callee.speaking { self.callee.began_at } else { self.now };
        let fell_silent_at = silent_ms.map(|ms| self.now.saturating_sub(ms));
        self.callee = Callee { words_at: self.now, fell_silent_at, ..Callee::default() };
        if text.is_empty() || self.is_over() {
            self.resume();
            return;
        }
        self.note(EventKind::Callee, began_at, text.clone());
        match self.stage {
            Stage::Opening | Stage::Talking => self.heard_turn(text),
            Stage::Closing { .. } if understand::opt_out(&text) => self.opt_out(&text),
            Stage::Closing { .. } | Stage::Mailbox { .. } | Stage::Over(_) => {}
        }
    }

    fn heard_turn(&mut self, text: String) {
        if let Some(machine) = self.first_words(&text) {
            return self.a_machine(machine);
        }
        if understand::opt_out(&text) {
            self.drop_draft();
            return self.opt_out(&text);
        }
        if self.stage == Stage::Opening && !Self::cuts_opening(&text) {
            return self.keep_for_later(text);
        }
        if self.speech.is_some() && understand::is_backchannel(&text) && !self.nearly_said() {
            return self.resume();
        }
        self.take_turn(&text);
    }

    /// Who answered, by the first words; afterwards it is a conversation.
    fn first_words(&self, text: &str) -> Option<answerer::Machine> {
        let early = self.now <= FIRST_WORDS_MS && self.found.turns < 2;
        let open = matches!(self.stage, Stage::Opening | Stage::Talking) && self.found.machine.is_none();
        if early && open { answerer::by_first_words(text) } else { None }
    }

    /// After a turn was ended by the clock the ears still report its words: only what came later is new.
    fn without_cut_off(&self, text: &str) -> String {
        let text = text.trim();
        let rest = self.callee.cut_off.as_deref().and_then(|known| text.strip_prefix(known));
        rest.unwrap_or(text).trim_start_matches([',', '.', '?', '!', ' ']).to_owned()
    }

    /// The clock ends a turn that does not end by itself.
    pub(super) fn cut_turn_off(&mut self) {
        let words = std::mem::take(&mut self.callee.words);
        let known = self.callee.cut_off.take().map_or_else(|| words.clone(), |known| format!("{known} {words}"));
        self.turn_ended(&words, None);
        self.callee.cut_off = Some(known);
    }

    /// Nothing intelligible came: it was no turn.
    pub(super) fn was_no_turn(&mut self) {
        self.callee.speaking = false;
        self.callee.words.clear();
        self.callee.grace_due = None;
        self.waiting_since = self.waiting_since.map(|_| self.now);
        self.resume();
    }
}
