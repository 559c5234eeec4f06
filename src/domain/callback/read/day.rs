//! Days: "tomorrow", "next Tuesday", "the weekend", "June fifth", "the 15th".

mod feast;
mod month;
mod nth;

use jiff::civil::Weekday;

use crate::domain::callback::figure::{number, ordinal};
use crate::domain::callback::wish::Day;
use month::month;
pub(super) use nth::without_month;

/// The day that begins here, and how many tokens it takes.
pub(super) fn day(tokens: &[String]) -> Option<(Day, usize)> {
    simple(tokens)
        .or_else(|| nth::nth_weekday(tokens))
        .or_else(|| feast::feast(tokens))
        .or_else(|| week(tokens))
        .or_else(|| weekday(tokens))
        .or_else(|| date(tokens))
        .or_else(|| month::month_span(tokens))
}

fn simple(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    Some(match (word(0), word(1), word(2), word(3)) {
        ("the", "day", "after", "tomorrow") => (Day::Ahead(2), 4),
        ("day", "after", "tomorrow", _) => (Day::Ahead(2), 3),
        ("the", "next", "day", _) | ("the", "following", "day", _) => (Day::Ahead(1), 3),
        ("tomorrow", ..) => (Day::Ahead(1), 1),
        ("today", ..) => (Day::Ahead(0), 1),
        _ => return None,
    })
}

fn week(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let the = usize::from(word(0) == "the");
    if let Some(found) = month::week(tokens.get(the..)?) {
        return Some((found.0, the + found.1));
    }
    if let Some(found) = week_of(tokens.get(the..)?) {
        return Some((found.0, the + found.1));
    }
    Some(match (word(the), word(the + 1), word(the + 2), word(the + 3)) {
        ("end", "of", "next", "week") => (Day::EndOfWeek(1), the + 4),
        ("end", "of", "the" | "this", "week") => (Day::EndOfWeek(0), the + 4),
        ("early", "next", "week", _) => (Day::NextWeekday(Weekday::Monday), the + 3),
        ("late", "next", "week", _) => (Day::EndOfWeek(1), the + 3),
        ("beginning" | "start", "of", "next", "week") => (Day::NextWeekday(Weekday::Monday), the + 4),
        ("mid", "next", "week", _) => (Day::NextWeekday(Weekday::Wednesday), the + 3),
        ("middle", "of", "next", "week") => (Day::NextWeekday(Weekday::Wednesday), the + 4),
        ("week", "after", "next", _) => (Day::Week(2), the + 3),
        ("next" | "following" | "coming", "week", ..) => (Day::Week(1), the + 2),
        ("this", "week", ..) => (Day::Week(0), the + 2),
        ("next" | "following" | "coming", "month", ..) => (Day::Month(1), the + 2),
        ("next", "weekend", ..) => (Day::Weekend(1), the + 2),
        ("this" | "coming", "weekend", ..) => (Day::Weekend(0), the + 2),
        ("weekend", ..) => (Day::Weekend(0), the + 1),
        ("next", "business" | "working", "day", _) => (Day::Working(1), the + 3),
        ("during" | "throughout", "the", "week", _) => (Day::Week(0), the + 3),
        ("week", "after", ..) => (Day::Week(1), the + 2),
        _ => return None,
    })
}

/// "next week on Thursday", "week of the seventh".
fn week_of(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let on = 2 + usize::from(word(2) == "on");
    match (word(0), word(1), named(word(on))) {
        ("next" | "following", "week", Some(day)) => return Some((Day::NextWeekday(day), on + 1)),
        ("week", "of", _) => {}
        _ => return None,
    }
    match date(tokens.get(2..)?)? {
        (Day::Date { month, day, .. }, used) => Some((Day::WeekOf { month, day }, 2 + used)),
        _ => None,
    }
}

fn weekday(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let lead = usize::from(matches!(word(0), "next" | "this" | "coming"));
    let day = named(word(lead))?;
    let week_after = word(lead + 1) == "week" || word(lead + 1) == "after" && word(lead + 2) == "next";
    if word(0) == "next" {
        return Some((Day::NextWeekday(day), 2));
    }
    if week_after {
        let used = if word(lead + 1) == "week" { 2 } else { 3 };
        return Some((Day::Weekday { day, weeks: 1 }, lead + used));
    }
    let of = usize::from(word(lead + 1) == "of");
    if word(lead + 1 + of) == "next" && word(lead + 2 + of) == "week" {
        return Some((Day::NextWeekday(day), lead + 3 + of));
    }
    // "Tuesday the first": the date says which Tuesday.
    if let Some((Day::Date { month, day: date, .. }, used)) = of_month(tokens.get(lead + 1..)?) {
        return Some((Day::Date { month, day: date, on: Some(day) }, lead + 1 + used));
    }
    Some((Day::Weekday { day, weeks: 0 }, lead + 1))
}

fn named(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" | "mondays" => Weekday::Monday,
        "tuesday" | "tue" | "tues" | "tuesdays" => Weekday::Tuesday,
        "wednesday" | "wed" | "wednesdays" => Weekday::Wednesday,
        "thursday" | "thu" | "thurs" | "thursdays" => Weekday::Thursday,
        "friday" | "fri" | "fridays" => Weekday::Friday,
        "saturday" | "saturdays" => Weekday::Saturday,
        "sunday" | "sundays" => Weekday::Sunday,
        _ => return None,
    })
}

/// "the first", "December first", behind the weekday it falls on.
fn of_month(tokens: &[String]) -> Option<(Day, usize)> {
    if month(tokens.first()?).is_some() {
        return date(tokens);
    }
    let (day, used) = tokens.strip_prefix(&["the".to_owned()]).and_then(ordinal)?;
    dated(None, day, 1 + used)
}

/// "June fifth", "the fifth of June", "the 15th".
fn date(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    if let Some(month) = month(word(0)) {
        let the = usize::from(word(1) == "the");
        let rest = tokens.get(1 + the..)?;
        let (day, used) = ordinal(rest).or_else(|| number(rest))?;
        return dated(Some(month), day, 1 + the + used);
    }
    if let Some((first, second)) = word(0).split_once('/').filter(|_| word(0) != "24/7") {
        let (first, second): (u32, u32) = (first.parse().ok()?, second.parse().ok()?);
        // "15/12": where no month has that number, the day comes first.
        let (month, day) = if first > 12 { (second, first) } else { (first, second) };
        return dated(Some(i8::try_from(month).ok().filter(|month| (1..=12).contains(month))?), day, 1);
    }
    let on = usize::from(word(0) == "on");
    let the = on + usize::from(word(on) == "the");
    let (day, used) = ordinal(tokens.get(the..)?)?;
    let of = the + used;
    match month(word(of + 1)).filter(|_| word(of) == "of") {
        Some(month) => dated(Some(month), day, of + 2),
        // "the first", "a second": without a month only a written figure, "on" or the article makes it a date.
        None if on == 1 && the == 2 => dated(None, day, of),
        None if on == 0 && the == 1 && !matches!(word(the), "first" | "second" | "third") => dated(None, day, of),
        None if word(the).bytes().next().is_some_and(|b| b.is_ascii_digit()) => dated(None, day, of),
        None => None,
    }
}

fn dated(month: Option<i8>, day: u32, used: usize) -> Option<(Day, usize)> {
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
    Some((Day::Date { month, day, on: None }, used))
}
