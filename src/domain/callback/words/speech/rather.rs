//! One time rather than another: "Friday instead of tomorrow" is "Friday, not tomorrow".
//!
//! Only where a time stands behind the words. "Call me instead of my wife" names nobody's time.

use super::is_number;
use crate::domain::callback::words::BREAK;

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// What these tokens stand for when the time in them is the one that is not meant, and how many they are.
pub(super) fn not_that(tokens: &[String], before: &[String]) -> Option<(String, usize)> {
    let said = before.rsplit(|word| word == BREAK).next().unwrap_or_default();
    let lead = lead(tokens, said)?;
    let led = lead + tokens[lead..].iter().take_while(|word| leads(word)).count();
    let used = led + if is(tokens, 0, "from") { up_to(&tokens[led..])? } else { length(&tokens[led..], said)? };
    let comma = if before.last().is_none_or(|last| last == BREAK) { "" } else { BREAK };
    Some((format!("{comma} not {} {BREAK}", tokens[led..used].join(" ")), used))
}

fn is(tokens: &[String], at: usize, word: &str) -> bool {
    tokens.get(at).is_some_and(|token| token == word)
}

/// How many tokens say that another time is not meant. `said` is what the clause says before them.
fn lead(tokens: &[String], said: &[String]) -> Option<usize> {
    let any = |words: &[&str]| said.iter().any(|word| words.contains(&word.as_str()));
    // "I'd rather talk over the weekend" names the time that is meant.
    let during = tokens.iter().take(3).any(|word| matches!(word.as_str(), "week" | "weekend"));
    if is(tokens, 0, "in") && is(tokens, 1, "place") && is(tokens, 2, "of") {
        return Some(3);
    }
    let two = is(tokens, 0, "instead") && is(tokens, 1, "of") || is(tokens, 0, "rather") && is(tokens, 1, "than");
    let compared = is(tokens, 0, "than") && any(&["rather", "better"]);
    let chosen = is(tokens, 0, "over") && !during && (any(&["prefer", "rather"]) || between_days(said.last(), tokens.get(1)));
    let moved = is(tokens, 0, "from") && any(&["move", "change", "switch", "push", "shift", "reschedule"]);
    if two { Some(2) } else { (compared || chosen || moved).then_some(1) }
}

/// "Thursday over Tuesday": a meeting that runs "over Tuesday", or a talk "over lunch", has no day before it or none behind.
fn between_days(before: Option<&String>, after: Option<&String>) -> bool {
    let is_day = |word: &String| {
        let one = word.trim_end_matches('s');
        matches!(one, "tonight" | "tomorrow" | "morning" | "afternoon" | "evening") || one.ends_with("day")
    };
    before.is_some_and(is_day) && after.is_some_and(is_day)
}

/// Words between those and the time: "instead of waiting until Thursday".
fn leads(word: &str) -> bool {
    const LEADS: [&str; 14] =
        ["calling", "ringing", "talking", "waiting", "me", "us", "back", "until", "at", "on", "in", "the", "around", "about"];
    LEADS.contains(&word)
}

/// "from Tuesday at two | to Thursday".
fn up_to(tokens: &[String]) -> Option<usize> {
    let end = tokens.iter().take(6).take_while(|word| *word != BREAK).position(|word| word == "to")?;
    begins(tokens).is_some().then_some(end)
}

/// How long the time at the beginning is. "Friday instead of tomorrow | at two": the hour is Friday's, unless that has its own.
fn length(tokens: &[String], said: &[String]) -> Option<usize> {
    let mut used = begins(tokens)?;
    let timed = said.iter().any(|word| is_number(word) || word == "noon");
    if timed && is(tokens, used, "at") && tokens.get(used + 1).is_some_and(|word| is_number(word) || word == "noon") {
        used += 2;
    }
    Some(used + tokens[used..].iter().take_while(|word| goes_on(word)).count())
}

/// How many tokens begin a time.
fn begins(tokens: &[String]) -> Option<usize> {
    let which = usize::from(tokens.first().is_some_and(|word| matches!(word.as_str(), "this" | "next")));
    if MONTHS.contains(&tokens.get(which)?.as_str()) {
        return Some(which + 1 + tokens[which + 1..].iter().take(2).take_while(|word| *word == "the" || is_number(word)).count());
    }
    names_time(&tokens[which]).then_some(which + 1)
}

fn names_time(word: &str) -> bool {
    let day = matches!(word, "today" | "tonight" | "tomorrow" | "week" | "weekend" | "month") || word.ends_with("day");
    day || goes_on(word) || is_number(word)
}

fn goes_on(word: &str) -> bool {
    matches!(word, "morning" | "afternoon" | "evening" | "night" | "noon" | "am" | "pm" | "oclock" | "thirty" | "fifteen")
}
