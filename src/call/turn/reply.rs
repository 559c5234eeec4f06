//! Replies of the model: text to sentences, sentences to the mouth, audio to the phone, and what covers a late one.

use bytes::Bytes;

use super::Conversation;
use super::event::{Action, Ending};
use super::rules::LineName;
use super::speech::{Piece, Source, Speech};
use super::state::{Next, Stage};
use super::timers::closing_due;
use crate::call::journal::EventKind;
use crate::call::understand;

impl Conversation {
    /// The speech or draft with this number; late ones of older numbers find nothing.
    fn numbered(&mut self, no: u32) -> Option<&mut Speech> {
        let draft = self.draft.as_mut().map(|draft| &mut draft.speech);
        self.speech.as_mut().into_iter().chain(draft).find(|speech| speech.no == no)
    }

    fn writing(&mut self, reply: u32) -> Option<&mut Speech> {
        self.numbered(reply).filter(|speech| speech.source == Source::Model && !speech.text_done)
    }

    pub(super) fn reply_text(&mut self, reply: u32, text: &str) {
        let now = self.now;
        let Some(speech) = self.writing(reply) else { return };
        speech.timings.first_token.get_or_insert(now);
        speech.text_at = now;
        speech.sentences.push(text);
        while let Some(sentence) = self.writing(reply).and_then(|speech| speech.sentences.next_piece()) {
            self.say_sentence(reply, sentence, false);
        }
    }

    fn say_sentence(&mut self, reply: u32, text: String, last: bool) {
        let now = self.now;
        self.push(Action::Say { reply, text: format!("{text} ") });
        let Some(speech) = self.writing(reply) else { return };
        speech.timings.first_sentence.get_or_insert(now);
        speech.moved_at = now;
        let first = speech.pieces.iter().skip(usize::from(speech.filled)).count() == 0;
        match speech.pieces.last_mut().filter(|piece| !piece.sealed) {
            Some(piece) => piece.text = format!("{} {text}", piece.text),
            None => speech.pieces.push(Piece::spoken(text)),
        }
        if last || self.may_flush(first) {
            self.seal(reply);
        }
    }

    /// The pieces so far get their audio now.
    fn seal(&mut self, reply: u32) {
        let Some(piece) = self.writing(reply).and_then(|speech| speech.pieces.last_mut()).filter(|piece| !piece.sealed) else { return };
        piece.sealed = true;
        self.flush(reply);
    }

    pub(super) fn reply_done(&mut self, reply: u32) {
        let Some(speech) = self.writing(reply) else { return };
        if let Some(rest) = speech.sentences.finish() {
            self.say_sentence(reply, rest, true);
        }
        self.seal(reply);
        let Some(speech) = self.writing(reply) else { return };
        speech.text_done = true;
        if speech.pieces.len() == usize::from(speech.filled) {
            return self.no_reply(reply);
        }
        self.pump();
    }

    pub(super) fn reply_failed(&mut self, reply: u32, spent: bool) {
        if self.writing(reply).is_none() {
            return;
        }
        self.note(EventKind::Trouble, self.now, if spent { "the budget of this call is spent" } else { "a reply could not be had" });
        let is_draft = self.draft.as_ref().is_some_and(|draft| draft.speech.no == reply);
        if !is_draft && spent {
            self.next = Next::End(Ending::BudgetStop);
        }
        self.reply_done(reply);
    }

    /// A reply without a word: dropped when it was a draft, else covered.
    fn no_reply(&mut self, reply: u32) {
        if self.draft.as_ref().is_some_and(|draft| draft.speech.no == reply) {
            self.drop_draft();
        } else if let Next::End(ending) = self.next {
            self.close(LineName::Goodbye, ending);
        } else {
            self.apologise();
        }
    }

    /// The same speech becomes the apology (behind a filler that may still play); one that says goodbye, or
    /// the second in a row, is the end.
    fn apologise(&mut self) {
        self.failures += 1;
        let clip = self.rules.clips.get(&LineName::Apology).cloned();
        let Some(no) = self.speech.as_ref().map(|speech| speech.no) else { return };
        let words = self.rules.words(LineName::Apology).to_owned();
        if self.failures > 1 || understand::says_goodbye(&words) {
            self.stage = Stage::Closing { ending: Ending::AgentError, due: closing_due(self.now) };
        }
        let piece = self.line_piece(no, words, clip);
        if let Some(speech) = &mut self.speech {
            speech.source = Source::Line;
            speech.moved_at = self.now;
            speech.held &= self.stage == Stage::Talking;
            speech.pieces.push(piece);
        }
        self.pump();
    }

    /// The reply is later than it may be: what there is must do.
    pub(super) fn give_up(&mut self) {
        let Some(reply) = self.speech.as_ref().map(|speech| speech.no) else { return };
        self.push(Action::CancelThink { reply });
        self.reply_failed(reply, false);
    }

    /// The reply is late: a few words in front of it, never twice in a row.
    pub(super) fn fill(&mut self) {
        let clip = self.rules.clips.get(&LineName::Filler).cloned();
        let Some(speech) = &mut self.speech else { return };
        speech.filler_due = None;
        let (no, in_time) = (speech.no, speech.pieces.is_empty() || clip.is_some());
        if self.filled_last || speech.has_audio() || speech.held || !in_time {
            return;
        }
        let piece = self.line_piece(no, self.rules.words(LineName::Filler).to_owned(), clip);
        if let Some(speech) = &mut self.speech {
            speech.filled = true;
            speech.moved_at = self.now;
            speech.pieces.insert(0, piece);
        }
        self.pump();
    }

    pub(super) fn audio(&mut self, reply: u32, audio: Bytes) {
        let now = self.now;
        let Some(speech) = self.numbered(reply) else { return };
        if speech.take_audio(audio, now) {
            speech.timings.first_audio.get_or_insert(now);
            self.pump();
        }
    }

    pub(super) fn flushed(&mut self, reply: u32) {
        let now = self.now;
        if let Some(speech) = self.numbered(reply) {
            speech.take_flushed(now);
            self.pump();
        }
    }

    /// The mouth has a new connection: a piece that was partly heard stays as it is, the others are said again.
    pub(super) fn say_again(&mut self) {
        self.note(EventKind::Trouble, self.now, "the mouth was connected anew");
        let now = self.now;
        let mut again = Vec::new();
        let draft = self.draft.as_mut().map(|draft| &mut draft.speech);
        for speech in self.speech.as_mut().into_iter().chain(draft) {
            speech.moved_at = now;
            for piece in speech.pieces.iter_mut().filter(|piece| !piece.complete) {
                if piece.bytes > 0 && piece.sealed {
                    piece.complete = true;
                } else {
                    again.push((speech.no, piece.text.clone(), piece.sealed));
                }
            }
        }
        for (reply, text, sealed) in again {
            self.push(Action::Say { reply, text: format!("{text} ") });
            if sealed {
                self.flush(reply);
            }
        }
        self.pump();
    }

    /// Without a mouth only clips can be said: the apology, if it is one, and the end.
    pub(super) fn mouth_is_lost(&mut self) {
        self.mouth_lost = true;
        self.note(EventKind::Trouble, self.now, "the mouth is gone");
        match self.stage {
            Stage::Closing { .. } if self.speech.as_ref().is_some_and(|speech| !speech.mouth_owes()) => {}
            Stage::Closing { ending, .. } | Stage::Mailbox { ending, .. } => self.end(ending),
            _ => self.close(LineName::Apology, Ending::AgentError),
        }
    }
}
