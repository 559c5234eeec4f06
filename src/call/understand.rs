//! What code understands of words, before and beside any model: pure functions over one utterance.

use serde_json::Value;

use crate::call::turn::Rules;
use crate::domain::callback::{self, CallbackKind};
use crate::domain::outcome::{Agreement, PromisedCallback};

pub use crate::domain::callback::{asks_for_human, asks_if_ai, opt_out, wrong_number};

/// Words that say "go on"; an utterance of nothing else never interrupts.
const BACKCHANNELS: [&str; 27] = [
    "ah", "aha", "alright", "exactly", "go", "gotcha", "hm", "hmm", "huh", "i", "mhm", "mm", "mmhmm", "of", "oh", "ok", "okay", "on",
    "right", "see", "sure", "uh", "uhhuh", "um", "yeah", "yep", "yes",
];
/// What people say when they pick up.
const HELLOS: [&str; 15] =
    ["hello", "hi", "hey", "sorry", "yes", "yeah", "speaking", "this", "is", "good", "morning", "afternoon", "evening", "there", "who"];
/// Words that bring up another time; whether they name one is for [`callback::resolve`].
const CALLBACK_PHRASES: [&str; 27] = [
    "call me",
    "call back",
    "call again",
    "ring me",
    "phone me",
    "try me",
    "try again",
    "another time",
    "some other time",
    "later",
    "not a good time",
    "not a great time",
    "not the best time",
    "bad time",
    "i m busy",
    "i am busy",
    "busy right now",
    "busy now",
    "i m driving",
    "i am driving",
    "in a meeting",
    "at work right now",
    "can t talk",
    "cannot talk",
    "can t speak right now",
    "in the middle of",
    "callback",
];
const GOODBYES: [&str; 9] =
    ["bye", "goodbye", "good bye", "bye bye", "have a good day", "have a nice day", "have a great day", "take care", "see you"];
/// A goodbye of more words than this may be something else that mentions one.
const GOODBYE_WORDS: usize = 8;

/// Lower case, words only, one space between them: what two transcripts of the same speech have in common.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// Whether two transcripts are the same but for case and punctuation.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    let words = |text: &'_ str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    words(one) == words(other)
}

fn says(text: &str, phrases: &[&str]) -> bool {
    let words = format!(" {} ", plain(text));
    phrases.iter().any(|phrase| words.contains(&format!(" {phrase} ")))
}

fn only(text: &str, known: &[&str]) -> bool {
    let words = plain(text);
    !words.is_empty() && words.split(' ').all(|word| known.contains(&word))
}

/// Whether an utterance only says that somebody listens.
#[must_use]
pub fn is_backchannel(text: &str) -> bool {
    only(text, &BACKCHANNELS)
}

/// Whether an utterance only says that somebody picked up.
#[must_use]
pub fn is_hello(text: &str) -> bool {
    only(text, &HELLOS)
}

/// "Stop" cuts even the disclosure, whatever follows it.
#[must_use]
pub fn says_stop(text: &str) -> bool {
    says(text, &["stop"])
}

/// Whether an utterance brings up another time.
#[must_use]
pub fn wants_callback(text: &str) -> bool {
    says(text, &CALLBACK_PHRASES)
}

/// Whether words contain a goodbye (of the agent: a whole reply).
#[must_use]
pub fn says_goodbye(text: &str) -> bool {
    says(text, &GOODBYES)
}

/// Whether the callee ends the call.
#[must_use]
pub fn is_goodbye(text: &str) -> bool {
    says_goodbye(text) && plain(text).split(' ').count() <= GOODBYE_WORDS && !text.trim_end().ends_with('?')
}

/// Whether code answers this utterance itself, so that starting a model on it would be wasted.
#[must_use]
pub fn is_special(text: &str) -> bool {
    opt_out(text) || asks_if_ai(text) || wrong_number(text) || wants_callback(text) || is_goodbye(text)
}

/// A slot's value in words.
#[must_use]
pub fn slot_words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// When somebody wants to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Then.
    At(Agreed),
    /// They want to be called, and they have been promised all the calls that may be.
    NoMore,
    /// They want to be called, but not so that a time can be promised.
    Unclear,
    /// They want to be called at a time that is over; the sentence that says so.
    Over(String),
    /// It is not about calling again.
    Not,
}

/// A callback as it is promised aloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// What is promised.
    pub callback: PromisedCallback,
    /// How sure the reading of the words is, 0 to 100.
    pub confidence_percent: u8,
    /// Its time in words.
    pub when: String,
    /// The sentence that says so, where it is not the time that was asked for.
    pub moved: Option<String>,
}

impl Agreed {
    /// The promise, of which nobody has heard the time yet.
    #[must_use]
    pub fn promised(self) -> PromisedCallback {
        let agreement = Agreement { confidence_percent: self.confidence_percent, confirmed_aloud: false };
        PromisedCallback { agreement: Some(agreement), ..self.callback }
    }
}

/// Resolves the words of a callback on the callee's clock; `now_ms` is the time since the stream started.
#[must_use]
pub fn when(words: &str, rules: &Rules, now_ms: u64) -> When {
    let now = rules.began + std::time::Duration::from_millis(now_ms);
    let resolved = callback::resolve(words, now, &rules.hours);
    match (resolved.kind, resolved.earliest) {
        (CallbackKind::Callback | CallbackKind::NeedsReview, _) if rules.callbacks_left == 0 => When::NoMore,
        (CallbackKind::Callback, Some(earliest)) => {
            let confidence_percent = resolved.confidence_percent();
            let (words, latest, zone) = (words.to_owned(), resolved.latest, resolved.zone);
            let callback = PromisedCallback { words, earliest, latest, zone, agreement: None };
            When::At(Agreed { callback, confidence_percent, when: resolved.when, moved: resolved.shifted.then_some(resolved.say) })
        }
        (CallbackKind::NeedsReview, _) if resolved.over => When::Over(resolved.say),
        (CallbackKind::Callback | CallbackKind::NeedsReview, _) => When::Unclear,
        (CallbackKind::None | CallbackKind::OptOut | CallbackKind::Refusal, _) => When::Not,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_backchannel, is_goodbye, is_hello, opt_out, same_words, wants_callback};

    #[test]
    fn backchannels_and_hellos_say_nothing_else() {
        assert!(is_backchannel("Mm-hm, okay.") && is_backchannel("uh, yeah") && is_hello("Hello? Who is this?"));
        assert!(!is_backchannel("Okay, but how much?") && !is_backchannel("no") && !is_backchannel("...") && !is_hello("no"));
    }

    #[test]
    fn transcripts_are_compared_by_words() {
        assert!(same_words("Yes, that works.", "yes that works") && !same_words("Yes, that works", "Yes, that works not"));
    }

    #[test]
    fn a_bare_stop_opts_out_as_the_greeting_promises() {
        assert!(opt_out("Stop!") && opt_out("please stop") && !opt_out("please") && !opt_out("I could not stop laughing"));
    }

    #[test]
    fn a_goodbye_is_short_and_no_question() {
        assert!(is_goodbye("Okay, bye.") && is_goodbye("no thanks, have a nice day"));
        assert!(!is_goodbye("Before I say goodbye I want to know what it costs in all") && !is_goodbye("Goodbye?"));
    }

    #[test]
    fn another_time_is_brought_up_in_many_ways() {
        assert!(wants_callback("I'm driving") && wants_callback("Call me tomorrow") && wants_callback("maybe some other time"));
        assert!(!wants_callback("I pay 200 at the end of the month"));
    }
}
