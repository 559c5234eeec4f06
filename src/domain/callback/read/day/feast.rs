//! Days of the year that people go by (those of the United States), and the days before and after them.

use jiff::civil::Weekday;

use crate::domain::callback::wish::{Day, Feast, Then};

/// The feast that begins here, and how many tokens it takes.
pub(super) fn feast(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let the = usize::from(word(0) == "the");
    let (then, lead) = match (word(the), word(the + 1), super::named(word(the))) {
        ("day", "after", _) => (Then::Later(1), the + 2),
        ("day", "before", _) if the == 1 => (Then::Later(-1), the + 2),
        (_, "after", Some(day)) => (Then::Next(day), the + 2),
        (_, "before", Some(day)) => (Then::Previous(day), the + 2),
        _ => (Then::Same, 0),
    };
    let (feast, used) = named(tokens.get(lead..)?)?;
    Some((Day::Feast { feast, then }, lead + used))
}

fn named(tokens: &[String]) -> Option<(Feast, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let nth = |month, day, nth| Feast::Nth { month, day, nth };
    let eve = |at: usize| word(at) == "eve";
    let day = |at: usize| usize::from(word(at) == "day");
    Some(match (word(0), word(1), word(2)) {
        ("christmas" | "xmas", ..) if eve(1) => (Feast::On(12, 24), 2),
        ("christmas" | "xmas", ..) => (Feast::On(12, 25), 1 + day(1)),
        ("new", "year" | "years", _) if eve(2) => (Feast::On(12, 31), 3),
        ("new", "year" | "years", _) => (Feast::On(1, 1), 2 + day(2)),
        ("the", "holidays", _) => (Feast::On(1, 1), 2),
        ("thanksgiving", ..) => (nth(11, Weekday::Thursday, 4), 1 + day(1)),
        ("labor" | "labour", "day", _) => (nth(9, Weekday::Monday, 1), 2),
        ("memorial", "day", _) => (nth(5, Weekday::Monday, -1), 2),
        ("fourth", "of", "july") => (Feast::On(7, 4), 3),
        ("independence", "day", _) => (Feast::On(7, 4), 2),
        ("veterans", "day", _) => (Feast::On(11, 11), 2),
        ("valentine" | "valentines", "day", _) => (Feast::On(2, 14), 2),
        ("halloween", ..) => (Feast::On(10, 31), 1),
        _ => return None,
    })
}
