//! "The second Tuesday in December", and the second Tuesday of a month that is not named.

use jiff::civil::Weekday;

use super::month::month;
use crate::domain::callback::figure::ordinal;
use crate::domain::callback::wish::{Day, Feast, Then};

/// Such a day that begins here, and how many tokens it takes.
pub(super) fn nth_weekday(tokens: &[String]) -> Option<(Day, usize)> {
    let (nth, day, used) = begun(tokens)?;
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let month = month(word(used + 1)).filter(|_| matches!(word(used), "of" | "in"))?;
    Some((Day::Feast { feast: Feast::Nth { month, day, nth }, then: Then::Same }, used + 2))
}

/// Such a day without its month, and how many tokens it takes: which one is meant can only be asked.
pub(in crate::domain::callback::read) fn without_month(tokens: &[String]) -> Option<usize> {
    let (_, _, used) = begun(tokens)?;
    nth_weekday(tokens).is_none().then_some(used)
}

fn begun(tokens: &[String]) -> Option<(i8, Weekday, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let on = usize::from(word(0) == "on");
    let at = on + usize::from(word(on) == "the");
    let (nth, used) = ordinal(tokens.get(at..)?).filter(|(nth, _)| (1..=5).contains(nth))?;
    let day = super::named(word(at + used))?;
    Some((i8::try_from(nth).ok()?, day, at + used + 1))
}
