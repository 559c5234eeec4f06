//! Ways of speaking that stand for plainer ones: "later than", "half six", "seventeen hundred hours", "don't forget to".

mod nobody;
mod rather;
mod til;

use crate::domain::callback::figure::{below_hundred, ordinal, small};
use crate::domain::callback::words::BREAK;

/// Sounds without a meaning.
const SOUNDS: [&str; 8] = ["uh", "um", "uhm", "er", "erm", "hm", "hmm", "mm"];

/// Rewrites tokens from left to right.
pub(super) fn plainly(tokens: Vec<String>) -> Vec<String> {
    let spoken: Vec<String> = tokens.into_iter().filter(|token| !SOUNDS.contains(&token.as_str())).collect();
    let spoken = til::in_full(spoken);
    let mut out: Vec<String> = Vec::with_capacity(spoken.len());
    let mut at = 0;
    while let Some(token) = spoken.get(at) {
        let (plain, used) = rewritten(&spoken[at..], &out).unwrap_or_else(|| (token.clone(), 1));
        let doubled_break = plain == BREAK && out.last().is_none_or(|last| last == BREAK);
        if !doubled_break {
            out.extend(plain.split(' ').filter(|word| !word.is_empty()).map(str::to_owned));
        }
        at += used;
    }
    if out.last().is_some_and(|last| last == BREAK) {
        out.pop();
    }
    out
}

/// What the next tokens stand for, and how many they are. A comparison changes the word before it.
fn rewritten(tokens: &[String], before: &[String]) -> Option<(String, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let last = before.last().map_or("", String::as_str);
    let plain = |text: &str, used: usize| Some((text.to_owned(), used));
    if let Some(found) = rather::not_that(tokens, before).or_else(|| nobody::not_to_call(tokens)) {
        return Some(found);
    }
    match (word(0), word(1), word(2), word(3)) {
        // "December 1st, 2027": the comma belongs to the date.
        (BREAK, year, ..) if year.len() == 4 && year.starts_with("20") && (is_number(last) || ordinal(&[last.to_owned()]).is_some()) => {
            plain(year, 2)
        }
        ("no" | "not", "later", "than", _) => plain("by", 3),
        ("no" | "not", "earlier" | "sooner", "than", _) => plain("from", 3),
        ("nothing" | "none", "before" | "after" | "until", ..) => plain("not", 1),
        ("not", "pacific" | "eastern" | "central" | "mountain", ..) => plain("", 2),
        ("not", "today" | "tonight" | "tomorrow" | "this" | "next", ..) => not_then(tokens),
        ("not", day, ..) if day.ends_with("day") => not_then(tokens),
        // "Can't you call tomorrow?" asks for it.
        ("not", "you", ..)
            if matches!(last, "can" | "could") || last == "do" && before.iter().rev().nth(1).is_some_and(|word| word == "why") =>
        {
            plain("you", 2)
        }
        ("called" | "rang" | "phoned", ..) if last == "you" && before.iter().rev().nth(1).is_some_and(|word| word == "rather") => {
            plain("call", 1)
        }
        ("later", "than", ..) => plain("after", 2),
        ("earlier" | "sooner", "than", ..) => plain("before", 2),
        // "We close at five" tells until when somebody is there.
        ("close" | "closes", "at", hour, _)
            if matches!(last, "we" | "i" | "office" | "shop" | "store") && (is_number(hour) || hour == "noon") =>
        {
            plain("are open until", 2)
        }
        // "In an hour and not before."
        ("and", "not", "before" | "earlier" | "sooner", "" | BREAK) => plain("", 3),
        // "Leave us in peace", "I want to be left in peace".
        ("in", "peace", ..) if is_left(before) => plain("alone", 2),
        ("o", "clock", ..) => plain("oclock", 2),
        ("a" | "p", "m", ..) if is_number(last) || last == "oclock" => Some((format!("{}m", word(0)), 2)),
        ("do", "not", "forget" | "hesitate", "to") => plain("please", 4),
        // "Call me in ten minutes please don't forget."
        ("do", "not", "forget", "" | BREAK) => plain("", 3),
        ("do" | "would", "not", "mind", _) => plain("may", 3),
        ("half", hour, next, _) if is_hour(hour) && !is_length(next) => Some((format!("half past {hour}"), 2)),
        _ => hundreds(tokens),
    }
}

/// "leave us", "leave my family", "to be left".
fn is_left(before: &[String]) -> bool {
    let word = |back: usize| before.iter().rev().nth(back).map_or("", String::as_str);
    (1..4).any(|back| word(back) == "leave") && word(0) != "alone" || word(0) == "left" && matches!(word(1), "be" | "being" | "get")
}

/// "not Thursday Friday at one": behind a day that is not meant, something else begins.
fn not_then(tokens: &[String]) -> Option<(String, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let used = if matches!(word(1), "this" | "next") { 3 } else { 2 };
    let goes_on = word(2) == "time"
        || matches!(
            word(used),
            "" | "morning"
                | "afternoon"
                | "evening"
                | "night"
                | "at"
                | "before"
                | "after"
                | "until"
                | "around"
                | "or"
                | "nor"
                | "through"
                | "thru"
                | "to"
        );
    (!goes_on).then(|| (format!("{} {BREAK}", tokens[..used.min(tokens.len())].join(" ")), used))
}

/// "seventeen hundred hours", "1500 hours" → `17:00`, `15:00`.
fn hundreds(tokens: &[String]) -> Option<(String, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    if word(0).len() == 4 && word(1) == "hours" {
        let value: u32 = word(0).parse().ok()?;
        return (value < 2_400 && value % 100 < 60).then(|| (format!("{:02}:{:02}", value / 100, value % 100), 2));
    }
    let zero = usize::from(matches!(word(0), "oh" | "zero"));
    let (hour, used) = below_hundred(tokens.get(zero..)?)?;
    let after = zero + used + 1;
    let hours = word(after) == "hours";
    let counts = matches!(word(after), "dollars" | "bucks" | "a" | "an" | "per" | "people" | "and" | "percent" | "euros" | "pounds");
    let is_time = hour < 24 && word(zero + used) == "hundred" && (hours || zero > 0 || hour >= 10 && !counts);
    is_time.then(|| (format!("{hour:02}:00"), after + usize::from(hours)))
}

fn is_number(word: &str) -> bool {
    small(word).is_some() || word.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

fn is_hour(word: &str) -> bool {
    small(word).or_else(|| word.parse().ok()).is_some_and(|hour: u32| (1..=12).contains(&hour))
}

/// "half one hour" is no time of day.
fn is_length(word: &str) -> bool {
    matches!(word, "hour" | "hours" | "minutes" | "day" | "days" | "hundred")
}
