//! Collects the words a callee really heard and writes them to the truth log, an utterance a line.

use std::sync::Arc;

use jiff::Timestamp;

use super::Twilio;
use super::calls::Call;
use crate::simulator::callee::FRAME_MS;
use crate::simulator::truth::{Truth, TruthKind, TruthLine};

/// A pause that ends an utterance: longer than the longest word.
const PAUSE_MS: u64 = 1_000;

/// The words of one call that are not written yet.
#[derive(Debug)]
pub(super) struct HeardLog {
    truth: Truth,
    call: Arc<Call>,
    words: Vec<String>,
    quiet_ms: u64,
    last_at: Timestamp,
}

impl HeardLog {
    pub(super) fn new(twilio: &Twilio, call: &Arc<Call>) -> Self {
        Self { truth: twilio.truth.clone(), call: Arc::clone(call), words: Vec::new(), quiet_ms: 0, last_at: Timestamp::now() }
    }

    /// The whole words of the last 20 ms.
    pub(super) fn add(&mut self, words: &[String]) {
        if words.is_empty() {
            self.quiet_ms += FRAME_MS;
            if self.quiet_ms >= PAUSE_MS {
                self.write_down();
            }
            return;
        }
        self.words.extend_from_slice(words);
        self.quiet_ms = 0;
        self.last_at = Timestamp::now();
    }

    /// Writes what there is; the time is that of the last word.
    pub(super) fn write_down(&mut self) {
        if self.words.is_empty() {
            return;
        }
        let mut line = TruthLine::now(TruthKind::Played, Some(&self.call.sid), &self.call.to, &self.call.from);
        line.at_ms = self.last_at.as_millisecond();
        line.words = Some(std::mem::take(&mut self.words).join(" "));
        self.truth.record(line);
    }
}

impl Drop for HeardLog {
    fn drop(&mut self) {
        self.write_down();
    }
}
