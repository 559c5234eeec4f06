//! The pure core of a conversation: what happened goes in, what is to be done comes out.
//!
//! [`Conversation::step`] reads no clock and touches nothing outside: it is handed each event with its time and answers
//! with actions in order. One file per concern: the [`opening`] and the talk ([`hear`], [`barge_in`], [`answer`]), our own
//! speech ([`say`], [`reply`], [`speculate`], [`speech`], [`playout`]), machines ([`mailbox`]), the end ([`ending`]) and
//! time ([`timers`]).

mod answer;
mod barge_in;
mod ending;
pub mod event;
mod hear;
mod mailbox;
mod opening;
pub mod playout;
mod reply;
pub mod rules;
mod say;
pub mod sentences;
mod speculate;
mod speech;
mod state;
mod timers;

#[cfg(test)]
pub(crate) mod tests;

pub use event::{Action, Ask, Ending, Event};
pub use rules::{LineName, Rules};
pub use state::{Conversation, Found};

impl Conversation {
    /// Takes one event at `now_ms` (milliseconds since the stream started) and appends what is to be done to `actions`.
    pub fn step(&mut self, event: Event, now_ms: u64, actions: &mut Vec<Action>) {
        std::mem::swap(&mut self.out, actions);
        self.now = self.now.max(now_ms);
        match event {
            event if !self.is_over() => {
                self.handle(event);
                self.tick();
            }
            // the last turn may be understood only after the end
            Event::Analysed { turn, analysis } => self.analysed(turn, analysis),
            _ => {}
        }
        std::mem::swap(&mut self.out, actions);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Started => self.open(),
            Event::Heard(heard) => self.hear(heard),
            Event::ReplyText { reply, text } => self.reply_text(reply, &text),
            Event::ReplyDone { reply } => self.reply_done(reply),
            Event::ReplyFailed { reply, spent } => self.reply_failed(reply, spent),
            Event::Audio { reply, audio } => self.audio(reply, audio),
            Event::Flushed { reply } => self.flushed(reply),
            Event::MouthReopened => self.say_again(),
            Event::MouthLost => self.mouth_is_lost(),
            Event::EarsLost => self.ears_are_lost(),
            Event::Mark(mark) => self.marked(mark),
            Event::Digit(digit) => self.digit(digit),
            Event::AnsweredBy(verdict) => self.answered_by(&verdict),
            Event::Stop => self.stop(),
            Event::PhoneStopped => self.hung_up(),
            Event::Analysed { turn, analysis } => self.analysed(turn, analysis),
            Event::Tick => {}
        }
    }
}
