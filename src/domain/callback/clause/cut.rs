//! Where a clause ends although nobody paused, since speech services leave commas out; and which clauses only give a reason.

use crate::domain::callback::clause::{Mood, says};
use crate::domain::callback::figure;

/// A request to be called stands in the words before. "I get back tomorrow" is none.
const REQUESTS: [&str; 4] = [
    "call|try|ring|phone|reach|catch|contact me|us|back|again|later|then|today|tomorrow|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "<!a|the|my|another|this|your|phone call|try|ring|phone at|on|after|before|around",
    "get|give me|us",
    "get back to|with me|us",
];

/// "I'm at work call me at five", "call me at five I'm at work": another clause begins with the token at this place.
pub(super) fn begins_another(clause: &[String], at: usize) -> bool {
    at > 0 && (asks_to_call(clause, at) || tells_of_oneself(clause, at) || judges_an_hour(clause, at))
}

/// "I work until six | so seven is perfect".
fn judges_an_hour(clause: &[String], at: usize) -> bool {
    let hour = || figure::number(&clause[at + 1..]);
    clause[at] == "so" && hour().is_some_and(|(_, used)| is_judged(&clause[at + 1 + used..]))
}

/// "(six) would be great". "One would hope" and "one is enough" judge no hour.
pub(in crate::domain::callback) fn is_judged(after: &[String]) -> bool {
    let word = |at: usize| after.get(at).map_or("", String::as_str);
    let opines = matches!(word(1), "hope" | "think" | "expect" | "say" | "like" | "want" | "enough");
    matches!(word(0), "would" | "works" | "sounds" | "is" | "suits") && !opines
}

fn word(clause: &[String], at: Option<usize>) -> &str {
    at.and_then(|at| clause.get(at)).map_or("", String::as_str)
}

/// "call me tomorrow | I have to be in court": what a callee tells of themselves behind a request gives its reason. "Call me when
/// I'm back" goes on.
fn tells_of_oneself(clause: &[String], at: usize) -> bool {
    const GOES_ON: [&str; 22] = [
        "when", "whenever", "once", "after", "before", "until", "if", "unless", "as", "while", "that", "where", "what", "than", "or",
        "the", "time", "day", "minute", "moment", "number", "so",
    ];
    is_of_oneself(&clause[at..]) && !GOES_ON.contains(&word(clause, at.checked_sub(1))) && asks(&clause[..at])
}

/// "I fly out at six", and neither "I think" nor "I mean six".
pub(super) fn is_of_oneself(tokens: &[String]) -> bool {
    const OPINES: [&str; 14] =
        ["think", "guess", "mean", "meant", "said", "say", "suppose", "hope", "prefer", "would", "want", "like", "believe", "wish"];
    matches!(word(tokens, Some(0)), "i" | "we") && !OPINES.contains(&word(tokens, Some(1)))
}

pub(super) fn asks(tokens: &[String]) -> bool {
    says(tokens, &REQUESTS)
}

/// What stands behind "because", or is told behind a request, without a word about being free: its times are no wish.
pub(super) fn is_aside(tokens: &[String], mood: Mood, reason: bool, before: &[String]) -> bool {
    let offers = tokens.iter().any(|word| matches!(word.as_str(), "can" | "could" | "may" | "might" | "works" | "call"));
    match mood {
        Mood::Open => !offers && (reason || is_of_oneself(tokens) && asks(before)),
        Mood::Free => reason && !is_of_oneself(tokens),
        _ => false,
    }
}

/// "I'm at work call me at five": the request begins a clause of its own.
fn asks_to_call(clause: &[String], at: usize) -> bool {
    let here = clause[at].as_str();
    let before = word(clause, at.checked_sub(1));
    let after = word(clause, Some(at + 1));
    let bare = matches!(here, "call" | "try" | "ring" | "phone" | "reach")
        && !matches!(
            before,
            "not"
                | "never"
                | "to"
                | "ever"
                | "even"
                | "will"
                | "can"
                | "could"
                | "i"
                | "you"
                | "people"
                | "guys"
                | "would"
                | "should"
                | "a"
                | "the"
                | "my"
                | "your"
                | "this"
                | "or"
                | "they"
                | "we"
                | "another"
                | "on"
                | "please"
                | "and"
        )
        && matches!(after, "me" | "us" | "back" | "again" | "tomorrow" | "tonight" | "after" | "before" | "at" | "around" | "on" | "then");
    // "I don't want a phone call before ten" goes on, "I'm on the phone call me at five" does not.
    let named = before == "phone" && !matches!(after, "me" | "us" | "back" | "again");
    let polite = matches!(here, "can" | "could" | "would" | "please" | "so") && matches!(after, "you" | "call" | "try");
    bare && !named || polite
}
