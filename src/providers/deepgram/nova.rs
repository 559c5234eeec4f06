//! Nova (`/v1/listen`): transcripts in pieces; turns are put together here.
//!
//! An utterance is all settled (`is_final`) pieces up to the one with `speech_final`, or up to an `UtteranceEnd` when noise
//! hides the silence. `UtteranceEnd` may also follow a `speech_final` for the same words, so ending a turn is idempotent.

use serde::Deserialize;
use tokio::time::Instant;

use crate::providers::{Again, EarsOptions, Heard, ProviderError};

use super::turns::{Capped, TurnCap, Turns, Word, silence};
use super::{TurnSettings, error, with_query};

/// Before any audio: nothing is spent, not even a piece that says nothing about its time.
const NEVER: f64 = -1.0;
const FINALIZE: &str = r#"{"type":"Finalize"}"#;

/// The request line of the handshake.
#[must_use]
pub fn path(options: &EarsOptions, turns: &TurnSettings) -> String {
    let fixed = [
        ("model", options.model.clone()),
        ("language", options.language.clone()),
        ("encoding", "mulaw".into()),
        ("sample_rate", "8000".into()),
        ("channels", "1".into()),
        ("interim_results", "true".into()),
        ("vad_events", "true".into()),
        ("smart_format", "true".into()),
        ("endpointing", turns.endpointing.as_millis().to_string()),
        ("utterance_end_ms", turns.utterance_end.as_millis().to_string()),
    ];
    // Older models know no key terms and would refuse the connection.
    let terms = options.keyterms.iter().filter(|_| options.model.starts_with("nova-3")).map(|term| ("keyterm", term.clone()));
    with_query("/v1/listen", fixed.into_iter().filter(|(_, value)| !value.is_empty()).chain(terms))
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Message {
    Results(Results),
    SpeechStarted,
    UtteranceEnd {
        #[serde(default)]
        last_word_end: f64,
    },
    Error {
        #[serde(default)]
        variant: String,
        #[serde(default)]
        description: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    start: f64,
    #[serde(default)]
    duration: f64,
    is_final: Option<bool>,
    speech_final: Option<bool>,
    from_finalize: Option<bool>,
    channel: Channel,
}

#[derive(Deserialize)]
struct Channel {
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    transcript: String,
    confidence: Option<f32>,
    #[serde(default)]
    words: Vec<Word>,
}

/// The running turn of a Nova stream.
#[derive(Debug)]
pub struct NovaTurns {
    /// Settled words of the running turn.
    settled: String,
    /// Words that may still change.
    passing: String,
    /// Where in the audio the settled words begin, seconds.
    begins: f64,
    /// End of the audio that was transcribed so far.
    transcribed: f64,
    /// End of the last settled word in the audio, seconds; `None` when the service names no times.
    last_word: Option<f64>,
    /// Audio up to here belongs to a turn that was ended by force.
    spent: f64,
    /// The least sure piece.
    confidence: Option<f32>,
    /// `SpeechStarted` was reported for the running turn.
    started: bool,
    cap: TurnCap,
}

impl NovaTurns {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(settings: &TurnSettings) -> Self {
        Self {
            settled: String::new(),
            passing: String::new(),
            begins: 0.0,
            transcribed: 0.0,
            last_word: None,
            spent: NEVER,
            confidence: None,
            started: false,
            cap: TurnCap::new(settings.longest, settings.patience),
        }
    }

    fn results(&mut self, results: &Results, now: Instant, heard: &mut Vec<Heard>) {
        let end = results.start + results.duration;
        if end <= self.spent {
            return;
        }
        let ends = results.speech_final == Some(true) || results.from_finalize == Some(true);
        if let Some(best) = results.channel.alternatives.first() {
            self.words(best, results.is_final == Some(true), results.start, now, heard);
        }
        self.transcribed = self.transcribed.max(end);
        if ends {
            self.end(heard);
        }
    }

    fn words(&mut self, best: &Alternative, settled: bool, start: f64, now: Instant, heard: &mut Vec<Heard>) {
        let before = self.so_far();
        let words = best.transcript.trim();
        if settled {
            self.passing.clear();
            self.settle(words, start, best);
        } else {
            words.clone_into(&mut self.passing);
        }
        let text = self.so_far();
        if text.is_empty() || text == before {
            return;
        }
        if !std::mem::replace(&mut self.started, true) {
            heard.push(Heard::SpeechStarted);
        }
        self.cap.words(now);
        heard.push(Heard::Interim { text });
    }

    fn settle(&mut self, words: &str, start: f64, best: &Alternative) {
        if words.is_empty() {
            return;
        }
        if self.settled.is_empty() {
            self.begins = start;
        }
        self.settled = joined(&self.settled, words);
        self.last_word = best.words.last().and_then(|word| word.end);
        self.confidence = match (self.confidence, best.confidence) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// Ends the running turn with its settled words; nothing when there are none.
    fn end(&mut self, heard: &mut Vec<Heard>) {
        if self.settled.is_empty() {
            return;
        }
        let silence = silence(self.last_word.take(), self.transcribed);
        heard.push(Heard::EndOfTurn { text: std::mem::take(&mut self.settled), confidence: self.confidence.take(), silence });
        self.passing.clear();
        self.started = false;
        self.cap.reset();
    }

    /// Ends it with every word, settled or not, and remembers not to hear them again.
    fn force(&mut self, heard: &mut Vec<Heard>) {
        self.settled = self.so_far();
        if self.transcribed > 0.0 {
            self.spent = self.transcribed;
        }
        self.end(heard);
        self.cap.reset();
    }

    fn so_far(&self) -> String {
        joined(&self.settled, &self.passing)
    }
}

impl Turns for NovaTurns {
    fn read(&mut self, text: &str, now: Instant, heard: &mut Vec<Heard>) -> Result<(), ProviderError> {
        match serde_json::from_str(text) {
            Ok(Message::Results(results)) => self.results(&results, now, heard),
            Ok(Message::SpeechStarted) => {
                self.started = true;
                heard.push(Heard::SpeechStarted);
            }
            // A late one may speak of words before the running turn.
            Ok(Message::UtteranceEnd { last_word_end }) if last_word_end < 0.0 || last_word_end >= self.begins => self.end(heard),
            Ok(Message::Error { variant, description }) => return Err(error::reported(&variant, &description, Again::No)),
            Ok(Message::UtteranceEnd { .. } | Message::Other) => {}
            Err(_) => tracing::warn!(provider = super::PROVIDER, "unreadable message from the listening service"),
        }
        Ok(())
    }

    fn hurry(&mut self, now: Instant, heard: &mut Vec<Heard>) -> Option<&'static str> {
        match self.cap.check(now) {
            Capped::Wait => None,
            Capped::Ask => Some(FINALIZE),
            Capped::Force => {
                self.force(heard);
                None
            }
        }
    }

    fn is_running(&self) -> bool {
        self.cap.is_running()
    }

    fn finish(&mut self, heard: &mut Vec<Heard>) {
        self.force(heard);
    }
}

fn joined(a: &str, b: &str) -> String {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b.to_owned(),
        (_, true) => a.to_owned(),
        _ => format!("{a} {b}"),
    }
}

#[cfg(test)]
mod tests;
