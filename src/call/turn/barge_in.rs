//! The callee speaks over us: who yields, when, and what was heard until then.

use super::Conversation;
use super::event::Action;
use super::speech::{Source, Speech};
use super::state::Stage;
use crate::call::journal::EventKind;
use crate::call::understand;

impl Conversation {
    /// Words came while we may be speaking. Backchannels never interrupt, everything else does; the opening and last words
    /// yield to an opt-out only.
    pub(super) fn barge_in(&mut self, words: &str) {
        let yields = match self.stage {
            Stage::Opening => Self::cuts_opening(words),
            Stage::Talking => !understand::is_backchannel(words),
            Stage::Closing { .. } => !self.found.flags.opt_out && understand::opt_out(words),
            Stage::Mailbox { .. } | Stage::Over(_) => false,
        };
        if yields && !matches!(self.stage, Stage::Closing { .. }) {
            self.interrupt(true);
        } else if yields {
            self.opt_out(words);
        } else {
            self.callee.grace_due = None;
        }
    }

    /// Ends the running speech: nothing more of it leaves, and history keeps what was heard.
    pub(super) fn interrupt(&mut self, by_callee: bool) {
        let Some(mut speech) = self.speech.take() else { return };
        speech.read_clock(&self.playout, self.now);
        self.silence_phone(&speech);
        self.stop_making(&speech);
        if by_callee && speech.began_at.is_some() {
            self.note(EventKind::BargeIn, self.now, self.callee.words.clone());
        }
        self.record(&speech);
        self.callee.grace_due = None;
        if self.stage == Stage::Opening {
            self.stage = Stage::Talking;
        }
        self.waiting_since = Some(self.now);
    }

    /// The callee has the floor, but perhaps it was only noise: stop playing, keep the rest.
    pub(super) fn pause(&mut self) {
        let Some(mut speech) = self.speech.take() else { return };
        speech.read_clock(&self.playout, self.now);
        self.silence_phone(&speech);
        speech.pause();
        self.speech = Some(speech);
    }

    /// It was nothing: the same speech goes on where it was.
    pub(super) fn resume(&mut self) {
        if let Some(speech) = self.speech.as_mut().filter(|speech| speech.held) {
            speech.held = false;
            self.pump();
        }
    }

    fn silence_phone(&mut self, speech: &Speech) {
        if self.playout.ahead(self.now) > 0 || speech.pieces.iter().any(|piece| piece.mark.is_some() && !piece.heard) {
            self.push(Action::ClearPhone);
        }
        self.playout.clear(self.now);
    }

    /// Model and mouth stop working on a speech.
    pub(super) fn stop_making(&mut self, speech: &Speech) {
        if speech.source == Source::Model && !speech.text_done {
            self.push(Action::CancelThink { reply: speech.no });
        }
        if speech.mouth_owes() {
            self.push(Action::ClearMouth);
        }
    }
}
