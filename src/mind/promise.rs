//! Which lines of a conversation bind somebody: they are remembered when everything around them is cut.

use crate::domain::callback::opt_out;

/// Phrases that make a line worth keeping, lower case. Too many is cheap, too few loses a promise.
const PHRASES: &[&str] = &[
    "call me",
    "call you",
    "call back",
    "callback",
    "ring me",
    "ring you",
    "try again",
    "later today",
    "tonight",
    "tomorrow",
    "next week",
    "don't call",
    "do not call",
    "not be called",
    "call again",
    "remove you",
    "removed",
    "take you off",
    "taken off",
    "off our list",
    "off the list",
    "opted out",
    "record",
    "consent",
    "i agree",
    "permission",
    "promise",
    "appointment",
    "i will send",
    "i'll send",
];

/// Whether a line makes or asks for a promise: a callback, an opt-out, a consent. What opts out is known in one place; the table
/// knows what an agent answers to it.
#[must_use]
pub fn is_promise(text: &str) -> bool {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    PHRASES.iter().any(|phrase| text.contains(phrase)) || opt_out(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_opt_outs_and_consents_bind() {
        for text in [
            "Call me tomorrow after five",
            "please DON\u{2019}T call again",
            "you may not record this",
            "Yes, I agree to that",
            "I'll call you on Tuesday at ten",
            "take me off your list",
            "I'm blocking this number",
            "You have been removed.",
            "All right, you're off the list.",
            "I'll take you off straight away.",
            "Your number was taken off, sorry about that.",
        ] {
            assert!(is_promise(text), "{text}");
        }
    }

    #[test]
    fn small_talk_does_not() {
        for text in ["yes I own it", "about two hundred dollars", "who is this?", "I took my shoes off", "make it snappy"] {
            assert!(!is_promise(text), "{text}");
        }
    }
}
