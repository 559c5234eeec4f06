//! Which reply does this audio belong to? The service does not say; order and `Flushed` do.
//!
//! One flush per reply: audio belongs to the oldest reply that is not flushed. After a `Clear`, everything up to its
//! `Cleared` is old and dropped. The service ignores the 21st flush within a minute, so flushes are counted and a surplus
//! one waits its turn, and what comes after it waits too.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

use crate::providers::wire::words::pieces;
use crate::providers::{Say, Spoken};

/// The service's limit per socket.
pub const FLUSHES: usize = 20;
/// And the time it counts over.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The service's limit per message, in characters.
pub const LONGEST_TEXT: usize = 2000;
/// Sayings that may wait for the budget.
const MOST_HELD: usize = 256;
/// A flushed reply without a sign of life for so long is stuck.
const STUCK: Duration = Duration::from_secs(10);

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Out {
    /// Send this message.
    Send(String),
    /// Tell the caller.
    Tell(Spoken),
}

#[derive(Debug)]
struct Reply {
    number: u32,
    /// Text of it went to the service.
    voiced: bool,
    /// The caller wants no more text in it.
    complete: bool,
}

/// The bookkeeping of one speaking socket.
#[derive(Debug)]
pub struct Replies {
    /// Not flushed yet, oldest first.
    open: VecDeque<Reply>,
    /// Waits for the flush budget, in order.
    held: VecDeque<Say>,
    /// `Clear`s without their `Cleared`.
    clearing: u32,
    /// When flushes were sent, oldest first.
    flushes: VecDeque<Instant>,
    /// The last sign of life.
    moved: Instant,
}

impl Replies {
    /// Nothing said yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { open: VecDeque::new(), held: VecDeque::new(), clearing: 0, flushes: VecDeque::new(), moved: now }
    }

    /// Takes the next thing to say.
    pub fn say(&mut self, say: Say, now: Instant, out: &mut Vec<Out>) {
        self.moved = now;
        match say {
            Say::Clear => self.clear(out),
            say => {
                self.held.push_back(say);
                self.pump(now, out);
            }
        }
    }

    /// Says what was held back, as far as the budget allows.
    pub fn pump(&mut self, now: Instant, out: &mut Vec<Out>) {
        while let Some(say) = self.held.pop_front() {
            match say {
                Say::Text { reply, text } => match self.unfinished_before(reply) {
                    Some(older) => {
                        self.held.push_front(Say::Text { reply, text });
                        self.held.push_front(Say::Flush { reply: older });
                    }
                    None => self.text(reply, &text, out),
                },
                Say::Flush { reply } if self.may_flush(reply, now) => self.flush(reply, now, out),
                Say::Flush { reply } => return self.held.push_front(Say::Flush { reply }),
                Say::Clear => self.clear(out),
            }
        }
    }

    /// When [`Replies::pump`] may have something to do again.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Instant> {
        let waits = !self.held.is_empty();
        self.flushes.front().filter(|_| waits).map(|oldest| *oldest + WINDOW)
    }

    /// Whether more may be said now; a caller far ahead of the budget waits.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.held.len() < MOST_HELD
    }

    /// Audio came; `None` when it belongs to nothing any more.
    pub fn audio(&mut self, audio: Bytes, now: Instant) -> Option<Spoken> {
        self.moved = now;
        let current = self.open.front().filter(|_| self.clearing == 0 && !audio.is_empty())?;
        Some(Spoken::Audio { reply: current.number, audio })
    }

    /// The service finished a flush.
    pub fn flushed(&mut self, now: Instant, out: &mut Vec<Out>) {
        self.moved = now;
        if self.clearing == 0 && self.open.front().is_some_and(|reply| reply.voiced && reply.complete) {
            self.pop(out);
            self.settle(out);
        }
    }

    /// The service finished a clear.
    pub fn cleared(&mut self, now: Instant) {
        self.moved = now;
        self.clearing = self.clearing.saturating_sub(1);
    }

    /// The service owes us something and has been silent too long.
    #[must_use]
    pub fn is_stuck(&self, now: Instant) -> bool {
        let owes = self.clearing > 0 || self.open.front().is_some_and(|reply| reply.complete);
        owes && now.duration_since(self.moved) >= STUCK
    }

    fn unfinished_before(&self, reply: u32) -> Option<u32> {
        self.open.back().filter(|last| last.number != reply && !last.complete).map(|last| last.number)
    }

    fn text(&mut self, reply: u32, text: &str, out: &mut Vec<Out>) {
        let mut pieces = pieces(text, LONGEST_TEXT).peekable();
        let known = self.open.back().is_some_and(|last| last.number == reply && !last.complete);
        if pieces.peek().is_some() && !known {
            self.open.push_back(Reply { number: reply, voiced: true, complete: false });
        }
        for piece in pieces {
            out.push(Out::Send(json!({ "type": "Speak", "text": piece }).to_string()));
        }
    }

    fn may_flush(&mut self, reply: u32, now: Instant) -> bool {
        while self.flushes.front().is_some_and(|oldest| now.duration_since(*oldest) >= WINDOW) {
            self.flushes.pop_front();
        }
        let free = !self.open.back().is_some_and(|last| last.number == reply && !last.complete);
        free || self.flushes.len() < FLUSHES
    }

    fn flush(&mut self, reply: u32, now: Instant, out: &mut Vec<Out>) {
        match self.open.iter_mut().rev().find(|known| known.number == reply) {
            Some(known) if known.complete => return,
            Some(known) => {
                known.complete = true;
                self.flushes.push_back(now);
                out.push(Out::Send(r#"{"type":"Flush"}"#.to_owned()));
            }
            None => self.open.push_back(Reply { number: reply, voiced: false, complete: true }),
        }
        self.settle(out);
    }

    /// Forgets everything; tells the service only when it has something to forget.
    fn clear(&mut self, out: &mut Vec<Out>) {
        self.held.clear();
        if self.open.iter().any(|reply| reply.voiced) {
            self.clearing += 1;
            out.push(Out::Send(r#"{"type":"Clear"}"#.to_owned()));
        }
        self.open.clear();
    }

    /// Replies without a word are flushed as soon as those before them are.
    fn settle(&mut self, out: &mut Vec<Out>) {
        while self.open.front().is_some_and(|reply| reply.complete && !reply.voiced) {
            self.pop(out);
        }
    }

    fn pop(&mut self, out: &mut Vec<Out>) {
        if let Some(reply) = self.open.pop_front() {
            out.push(Out::Tell(Spoken::Flushed { reply: reply.number }));
        }
    }
}

#[cfg(test)]
mod tests;
