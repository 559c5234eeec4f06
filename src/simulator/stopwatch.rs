//! How long callees waited for sound, on the clock of the network they are called through: for the first word after the
//! line opened, and for an answer after each thing they said. It measures a customer from outside, whatever he believes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::callee::Frame;
use super::voice::SILENCE;

/// Waits kept of each kind; more are not needed by anybody who reads them.
const KEPT: usize = 100_000;

/// A time somebody waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Since when.
    pub began: Instant,
    /// How long.
    pub lasted: Duration,
}

/// The waits of a running simulator. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Stopwatch(Arc<Mutex<Waits>>);

#[derive(Debug, Default)]
struct Waits {
    greetings: Vec<Wait>,
    replies: Vec<Wait>,
}

impl Stopwatch {
    /// From a media stream's `start` to the customer's first audio.
    #[must_use]
    pub fn greetings(&self) -> Vec<Wait> {
        self.lock().greetings.clone()
    }

    /// From the frame in which a callee fell silent to the customer's next audio.
    #[must_use]
    pub fn replies(&self) -> Vec<Wait> {
        self.lock().replies.clone()
    }

    /// Watches a media stream whose `start` was sent just now.
    pub(super) fn watch(&self) -> StreamWatch {
        StreamWatch { all: self.clone(), opened: Some(Instant::now()), fell_silent: None }
    }

    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The watch on one stream.
#[derive(Debug)]
pub(super) struct StreamWatch {
    all: Stopwatch,
    /// Set until the first audio.
    opened: Option<Instant>,
    /// When the last frame with a sound of the callee's left, until it is answered.
    fell_silent: Option<Instant>,
}

impl StreamWatch {
    /// The callee's next 20 ms leave.
    pub(super) fn said(&mut self, frame: &Frame) {
        if frame.iter().any(|sample| *sample != SILENCE) {
            self.fell_silent = Some(Instant::now());
        }
    }

    /// Audio of the customer's arrives.
    pub(super) fn heard(&mut self) {
        let now = Instant::now();
        let wait = |began: Instant| Wait { began, lasted: now - began };
        let (greeting, reply) = (self.opened.take().map(wait), self.fell_silent.take().map(wait));
        let mut waits = self.all.lock();
        // sound that greets answers nothing yet
        match (greeting, reply) {
            (Some(greeting), _) if waits.greetings.len() < KEPT => waits.greetings.push(greeting),
            (None, Some(reply)) if waits.replies.len() < KEPT => waits.replies.push(reply),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::simulator::twilio::SILENT;

    fn voice() -> Frame {
        let mut frame = SILENT;
        frame[7] = 0x90;
        frame
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_begins_with_the_last_sound_and_ends_with_the_first_answer() {
        let all = Stopwatch::default();
        let mut watch = all.watch();
        advance(Duration::from_millis(30)).await;
        watch.heard();
        for frame in [voice(), voice(), SILENT, SILENT] {
            watch.said(&frame);
            advance(Duration::from_millis(20)).await;
        }
        watch.heard();
        watch.heard();
        let lasted = |waits: Vec<Wait>| waits.iter().map(|wait| wait.lasted.as_millis()).collect::<Vec<_>>();
        assert_eq!((lasted(all.greetings()), lasted(all.replies())), (vec![30], vec![60]));
    }
}
