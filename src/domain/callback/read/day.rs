//! Days: "tomorrow", "next Tuesday", "the weekend", "June fifth", "the 15th".

use jiff::civil::Weekday;

use crate::domain::callback::figure::ordinal;
use crate::domain::callback::wish::Day;

/// The day that begins here, and how many tokens it takes.
pub(super) fn day(tokens: &[String]) -> Option<(Day, usize)> {
    simple(tokens).or_else(|| week(tokens)).or_else(|| weekday(tokens)).or_else(|| date(tokens)).or_else(|| feast(tokens))
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
    Some(match (word(the), word(the + 1), word(the + 2), word(the + 3)) {
        ("end", "of", "next", "week") => (Day::EndOfWeek(1), the + 4),
        ("end", "of", "the" | "this", "week") => (Day::EndOfWeek(0), the + 4),
        ("beginning" | "start", "of", "next", "week") => (Day::NextWeekday(Weekday::Monday), the + 4),
        ("week", "after", "next", _) => (Day::Week(2), the + 3),
        ("next" | "following" | "coming", "week", ..) => (Day::Week(1), the + 2),
        ("this", "week", ..) => (Day::Week(0), the + 2),
        ("next" | "following" | "coming", "month", ..) => (Day::Month(1), the + 2),
        ("next", "weekend", ..) => (Day::Weekend(1), the + 2),
        ("this" | "coming", "weekend", ..) => (Day::Weekend(0), the + 2),
        ("weekend", ..) => (Day::Weekend(0), the + 1),
        ("next", "business", "day", _) => (Day::Ahead(1), the + 3),
        _ => return None,
    })
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
    if word(lead + 1) == "next" && word(lead + 2) == "week" {
        return Some((Day::NextWeekday(day), lead + 3));
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

/// "June fifth", "the fifth of June", "the 15th".
fn date(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    if let Some(month) = month(word(0)) {
        let the = usize::from(word(1) == "the");
        let rest = tokens.get(1 + the..)?;
        let (day, used) = ordinal(rest).or_else(|| super::figure::number(rest))?;
        return dated(Some(month), day, 1 + the + used);
    }
    let the = usize::from(word(0) == "the");
    let (day, used) = ordinal(tokens.get(the..)?)?;
    let of = the + used;
    match month(word(of + 1)).filter(|_| word(of) == "of") {
        Some(month) => dated(Some(month), day, of + 2),
        // "the first", "a second": without a month only a written figure or the article makes it a date.
        None if the == 1 && !matches!(word(the), "first" | "second" | "third") => dated(None, day, of),
        None if word(the).bytes().next().is_some_and(|b| b.is_ascii_digit()) => dated(None, day, of),
        None => None,
    }
}

fn dated(month: Option<i8>, day: u32, used: usize) -> Option<(Day, usize)> {
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
    Some((Day::Date { month, day }, used))
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let short = |month: &&str| month.len() > 4 && word == &month[..3] && word != "mar";
    MONTHS.iter().position(|month| *month == word || short(month)).and_then(|at| i8::try_from(at + 1).ok())
}

/// Days of the year that people go by.
fn feast(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let date = |month, day, used| Some((Day::Date { month: Some(month), day }, used));
    match (word(0), word(1)) {
        ("christmas", _) => date(12, 25, 1),
        ("new", "year" | "years") => date(1, 1, 2),
        ("the", "holidays") => date(1, 1, 2),
        _ => None,
    }
}
