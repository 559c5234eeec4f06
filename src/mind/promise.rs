//! Which lines of a conversation bind somebody: they are remembered when everything around them is cut.

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
    "stop calling",
    "don't call",
    "do not call",
    "never call",
    "call again",
    "remove me",
    "take me off",
    "opt out",
    "unsubscribe",
    "record",
    "consent",
    "i agree",
    "permission",
    "promise",
    "appointment",
    "i will send",
    "i'll send",
];

/// Whether a line makes or asks for a promise: a callback, an opt-out, a consent.
#[must_use]
pub fn is_promise(text: &str) -> bool {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    PHRASES.iter().any(|phrase| text.contains(phrase))
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
        ] {
            assert!(is_promise(text), "{text}");
        }
    }

    #[test]
    fn small_talk_does_not() {
        for text in ["yes I own it", "about two hundred dollars", "who is this?"] {
            assert!(!is_promise(text), "{text}");
        }
    }
}
