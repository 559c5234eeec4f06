//! "Ten til four" is ten to four, and "busy til four" is until four.

use super::{is_hour, is_number};
use crate::domain::callback::figure::{below_hundred, small};

/// Writes every "til" out.
pub(super) fn in_full(mut tokens: Vec<String>) -> Vec<String> {
    for at in 0..tokens.len() {
        if tokens[at] == "til" {
            let word = if is_minutes_to(&tokens[..at], &tokens[at + 1..]) { "to" } else { "until" };
            word.clone_into(&mut tokens[at]);
        }
    }
    tokens
}

/// "Quarter til five", "twenty five til six". "Five til six" and "open ten til four" are spans of hours.
fn is_minutes_to(before: &[String], after: &[String]) -> bool {
    let word = |back: usize| before.iter().rev().nth(back).map_or("", String::as_str);
    let Some(hour) = after.first().filter(|hour| is_hour(hour)) else { return false };
    if word(0) == "quarter" {
        return true;
    }
    let tens = usize::from(word(1) == "twenty" && is_number(word(0)));
    let minutes = before.len().checked_sub(1 + tens).and_then(|at| below_hundred(&before[at..])).map(|(minutes, _)| minutes);
    let hour = small(hour).or_else(|| hour.parse().ok()).unwrap_or(0);
    let spans = matches!(
        word(1 + tens),
        "from" | "between" | "open" | "free" | "available" | "work" | "home" | "here" | "busy" | "is" | "am" | "are"
    );
    !spans && minutes.is_some_and(|minutes| minutes % 5 == 0 && (5..=25).contains(&minutes) && minutes >= hour)
}
