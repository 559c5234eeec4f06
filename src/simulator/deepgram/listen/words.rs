//! Heard words on the wire.

use serde_json::{Value, json};

/// A word and when it was said, milliseconds from the stream's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it was said, with its punctuation.
    pub text: String,
    /// Its beginning.
    pub start_ms: u64,
    /// Its end.
    pub end_ms: u64,
}

impl Word {
    /// Lower case, without punctuation.
    pub fn bare(&self) -> String {
        self.text.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
    }
}

/// Words joined as they were said, or bare.
pub fn transcript(words: &[Word], punctuated: bool) -> String {
    let texts: Vec<String> = words.iter().map(|word| if punctuated { word.text.clone() } else { word.bare() }).collect();
    texts.join(" ")
}

/// One alternative of a result.
pub fn alternative(words: &[Word], punctuated: bool, confidence: f64) -> Value {
    let confidence = if words.is_empty() { 0.0 } else { confidence };
    let listed: Vec<Value> = words.iter().map(|word| listed(word, punctuated, confidence)).collect();
    json!({"transcript": transcript(words, punctuated), "confidence": confidence, "words": listed})
}

fn listed(word: &Word, punctuated: bool, confidence: f64) -> Value {
    let mut listed = json!({"word": word.bare(), "start": seconds(word.start_ms), "end": seconds(word.end_ms), "confidence": confidence});
    if punctuated {
        listed["punctuated_word"] = word.text.as_str().into();
    }
    listed
}

/// Milliseconds as the wire's seconds.
#[expect(clippy::cast_precision_loss, reason = "hours of milliseconds are exact in an f64")]
pub fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
