//! What both listening dialects have in common: messages in, things heard out, and a cap on how long a turn may last.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::providers::{Heard, ProviderError};

/// A dialect's turn-taking, free of sockets.
pub trait Turns: Send {
    /// Reads one message of the service and adds what it means. Unknown messages mean nothing.
    ///
    /// # Errors
    /// What the service reports as fatal.
    fn read(&mut self, text: &str, now: Instant, heard: &mut Vec<Heard>) -> Result<(), ProviderError>;
    /// Called about twice a second; gives a message to send when a turn has to be hurried along.
    fn hurry(&mut self, now: Instant, heard: &mut Vec<Heard>) -> Option<&'static str>;
    /// A turn with words is running: every frame may be the one that ends it.
    fn is_running(&self) -> bool;
    /// Nothing more will come: whatever was said and not yet reported as a turn is one now.
    fn finish(&mut self, heard: &mut Vec<Heard>);
}

/// A word as either dialect tells it; its times are optional.
#[derive(Debug, Deserialize)]
pub struct Word {
    /// End of the word in the audio, seconds.
    pub end: Option<f64>,
}

/// From the end of the last word to the end of the audio that was transcribed, both in seconds of the stream. `None` without
/// a last word, and when the service contradicts itself.
#[must_use]
pub fn silence(last_word: Option<f64>, transcribed: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(transcribed - last_word?).ok()
}

/// What a cap asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capped {
    /// Nothing yet.
    Wait,
    /// Ask the service to end the turn.
    Ask,
    /// End it without the service.
    Force,
}

/// Ends a turn that would never end: asks first, then insists.
#[derive(Debug, Clone, Copy)]
pub struct TurnCap {
    longest: Duration,
    patience: Duration,
    began: Option<Instant>,
    asked: Option<Instant>,
}

impl TurnCap {
    /// A turn may last `longest`, and `patience` more after asking.
    #[must_use]
    pub fn new(longest: Duration, patience: Duration) -> Self {
        Self { longest, patience, began: None, asked: None }
    }

    /// Words came; the first ones of a turn start the clock.
    pub fn words(&mut self, now: Instant) {
        self.began.get_or_insert(now);
    }

    /// A turn with words is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.began.is_some()
    }

    /// The turn is over.
    pub fn reset(&mut self) {
        (self.began, self.asked) = (None, None);
    }

    /// Asks once, then insists.
    pub fn check(&mut self, now: Instant) -> Capped {
        match (self.began, self.asked) {
            (_, Some(asked)) if now.duration_since(asked) >= self.patience => Capped::Force,
            (Some(began), None) if now.duration_since(began) >= self.longest => {
                self.asked = Some(now);
                Capped::Ask
            }
            _ => Capped::Wait,
        }
    }
}
