//! Our own voice: lines, pieces, marks, and what was heard of them.

use bytes::Bytes;

use super::Conversation;
use super::event::{Action, Ending};
use super::rules::LineName;
use super::speech::{Out, Piece, Source, Speech};
use super::state::{Next, Stage};
use crate::call::journal::EventKind;
use crate::call::understand;

/// The mouth's service takes 20 flushes a minute; the last piece of a reply is always flushed, so room is kept for it.
const FLUSHES_FOR_FIRST: usize = 15;
const FLUSHES_FOR_MIDDLE: usize = 10;
const MINUTE_MS: u64 = 60_000;

impl Conversation {
    /// Says a line. Only when no other speech runs.
    pub(super) fn say_line(&mut self, line: LineName) -> bool {
        let words = self.rules.words(line).to_owned();
        let clip = self.rules.clips.get(&line).cloned();
        self.say_words(words, clip)
    }

    /// Says words as they are; `false` when they cannot be said because the mouth is gone.
    pub(super) fn say_words(&mut self, words: String, clip: Option<Bytes>) -> bool {
        if self.mouth_lost && clip.is_none() {
            return false;
        }
        let mut speech = Speech::new(self.take_no(), Source::Line, self.now);
        let piece = self.line_piece(speech.no, words, clip);
        speech.pieces.push(piece);
        self.begin(speech);
        true
    }

    /// A piece of a line: from a clip, or handed to the mouth.
    pub(super) fn line_piece(&mut self, no: u32, words: String, clip: Option<Bytes>) -> Piece {
        if let Some(audio) = clip {
            return Piece::clip(words, audio);
        }
        self.push(Action::Say { reply: no, text: format!("{words} ") });
        self.flush(no);
        Piece::ordered(words)
    }

    pub(super) fn begin(&mut self, mut speech: Speech) {
        debug_assert!(self.speech.is_none() && self.draft.is_none(), "one speech at a time");
        speech.held = self.callee.speaking && self.stage == Stage::Talking;
        self.waiting_since = None;
        self.speech = Some(speech);
        self.pump();
    }

    pub(super) fn take_no(&mut self) -> u32 {
        self.next_no += 1;
        self.next_no - 1
    }

    pub(super) fn flush(&mut self, no: u32) {
        self.flushes.push_back(self.now);
        self.push(Action::Flush { reply: no });
    }

    /// Whether a piece that is not the last one may have a flush of its own.
    pub(super) fn may_flush(&mut self, first: bool) -> bool {
        let since = self.now.saturating_sub(MINUTE_MS);
        while self.flushes.front().is_some_and(|at| *at < since) {
            self.flushes.pop_front();
        }
        self.flushes.len() < if first { FLUSHES_FOR_FIRST } else { FLUSHES_FOR_MIDDLE }
    }

    /// Sends whatever may leave.
    pub(super) fn pump(&mut self) {
        let Some(speech) = &mut self.speech else { return };
        let mut leaving = std::mem::take(&mut self.leaving_now);
        speech.release(&mut self.playout, self.now, &mut leaving);
        for out in leaving.drain(..) {
            match out {
                Out::Audio(audio) => {
                    speech.began_at.get_or_insert(self.now);
                    speech.timings.first_frame.get_or_insert(self.now);
                    self.out.push(Action::Play(audio));
                }
                Out::PieceEnd(index) => {
                    speech.pieces[index].mark = Some(self.next_mark);
                    self.out.push(Action::Mark(self.next_mark));
                    self.next_mark += 1;
                }
            }
        }
        self.leaving_now = leaving;
        self.finish_speech();
    }

    pub(super) fn marked(&mut self, mark: u32) {
        let now = self.now;
        let Some(speech) = &mut self.speech else { return };
        if speech.take_mark(mark) {
            speech.timings.heard.get_or_insert(now);
            self.finish_speech();
        }
    }

    /// The clock says that everything was played, though the last mark is still on its way.
    pub(super) fn finish_if_played(&mut self) {
        let played = self.playout.ahead(self.now) == 0;
        if matches!(self.stage, Stage::Opening | Stage::Talking) && played && self.speech.as_ref().is_some_and(Speech::all_sent) {
            self.trust_the_clock();
        }
    }

    pub(super) fn trust_the_clock(&mut self) {
        if let Some(speech) = &mut self.speech {
            speech.pieces.iter_mut().for_each(|piece| piece.heard |= piece.bytes > 0);
        }
        self.finish_speech();
    }

    fn finish_speech(&mut self) {
        let Some(speech) = self.speech.take_if(|speech| speech.finished()) else { return };
        if speech.source == Source::Model {
            self.failures = 0;
        }
        let said = self.record(&speech);
        match self.stage {
            Stage::Closing { ending, .. } | Stage::Mailbox { ending, leaving: true, .. } => self.end(ending),
            Stage::Opening => self.greeted(),
            Stage::Talking => self.go_on(speech.source, &said),
            Stage::Mailbox { .. } | Stage::Over(_) => {}
        }
    }

    /// What follows a speech.
    pub(super) fn go_on(&mut self, source: Source, said: &str) {
        match std::mem::take(&mut self.next) {
            Next::Promise(agreed) => self.promise(*agreed),
            Next::PromiseNothing => self.promise_nothing(),
            Next::Transfer => self.hand_over(),
            Next::End(ending) if understand::says_goodbye(said) => self.end(ending),
            Next::End(ending) => self.close(LineName::Goodbye, ending),
            Next::Listen if source == Source::Model && understand::says_goodbye(said) => self.end(Ending::Completed),
            Next::Listen => self.waiting_since = Some(self.now),
        }
    }

    /// Writes down what was heard of a speech that is over; gives the words.
    pub(super) fn record(&mut self, speech: &Speech) -> String {
        if speech.source == Source::Model {
            self.filled_last = speech.filled;
        }
        let heard = speech.heard();
        if !heard.is_empty() {
            self.confirm_callback(&heard);
            self.history_mut().push_agent(&heard);
            self.note(EventKind::Agent, speech.began_at.unwrap_or(self.now), heard.clone());
        }
        if speech.timings.end_of_turn.is_some() {
            self.push(Action::Timings(speech.timings));
        }
        heard
    }

    pub(super) fn note(&mut self, kind: EventKind, at_ms: u64, body: impl Into<String>) {
        self.push(Action::Note { kind, at_ms, body: body.into() });
    }
}
