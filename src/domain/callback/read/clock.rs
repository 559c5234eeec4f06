//! Times of day: "five", "5:30 pm", "half past five", "quarter to six", "noon".

use crate::domain::callback::figure::number;
use crate::domain::callback::wish::Clock;

/// The time that begins here, and how many tokens it takes. A bare number counts only where a time is `expected`.
pub(super) fn clock(tokens: &[String], expected: bool) -> Option<(Clock, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    match word(0) {
        "noon" | "midday" => return Some((sure(12, 0), 1)),
        "midnight" => return Some((sure(0, 0), 1)),
        _ => {}
    }
    let (hour, minute, used, certain) = around_the_hour(tokens).or_else(|| plain(tokens))?;
    let oclock = usize::from(word(used) == "oclock") + usize::from(word(used) == "sharp");
    let used = used + oclock;
    let half = half_of_day(tokens.get(used..).unwrap_or_default());
    let shown = certain || oclock > 0 || half.is_some();
    if !(shown || expected && !counts_something(word(used))) {
        return None;
    }
    finish(hour, minute, half.map(|(half, _)| half)).map(|clock| (clock, used + half.map_or(0, |(_, length)| length)))
}

const fn sure(hour: i8, minute: i8) -> Clock {
    Clock { hour, minute, sure: true }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

/// "pm", "in the afternoon", "at night".
fn half_of_day(tokens: &[String]) -> Option<(Half, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    Some(match (word(0), word(1), word(2)) {
        ("am", ..) => (Half::Am, 1),
        ("pm", ..) => (Half::Pm, 1),
        ("in", "the", "morning") => (Half::Am, 3),
        ("in", "the", "afternoon" | "evening") => (Half::Pm, 3),
        ("at", "night", _) => (Half::Pm, 2),
        _ => return None,
    })
}

fn finish(hour: u32, minute: u32, half: Option<Half>) -> Option<Clock> {
    let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    Some(match half {
        Some(Half::Am) if hour <= 12 => sure(hour % 12, minute),
        Some(Half::Pm) if hour <= 12 => sure(hour % 12 + 12, minute),
        _ => Clock { hour, minute, sure: hour > 12 || hour == 0 },
    })
}

/// "half past five", "quarter to six", "ten past three": certain to be a time.
fn around_the_hour(tokens: &[String]) -> Option<(u32, u32, usize, bool)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let article = usize::from(matches!(word(0), "a"));
    let (minutes, used) = match word(article) {
        "half" => (30, 1),
        "quarter" => (15, 1),
        _ => tokens.get(article..).and_then(number).filter(|(minutes, _)| *minutes < 60 && minutes % 5 == 0)?,
    };
    let at = article + used;
    let past = match word(at) {
        "past" | "after" => true,
        "to" | "of" | "before" => false,
        _ => return None,
    };
    let spelled = matches!(word(article), "half" | "quarter");
    if !spelled && !matches!(word(at), "past" | "to") {
        return None;
    }
    let midday = matches!(word(at + 1), "noon" | "midday").then_some((12, 1));
    let (hour, length) = midday.or_else(|| tokens.get(at + 1..).and_then(number)).filter(|(hour, _)| (1..=12).contains(hour))?;
    // "five to six" is a span of hours, "ten to six" is 5:50.
    let span_of_hours = !spelled && minutes < hour && word(at) == "to";
    if span_of_hours {
        return None;
    }
    let (hour, minute) = if past { (hour, minutes) } else { (if hour == 1 { 12 } else { hour - 1 }, 60 - minutes) };
    Some((hour, minute, at + 1 + length, true))
}

/// `10:30`, `1730`, `five thirty`, `five`.
fn plain(tokens: &[String]) -> Option<(u32, u32, usize, bool)> {
    let first = tokens.first()?;
    if let Some((hour, minute)) = first.split_once(':') {
        let fits = minute.len() == 2 && hour.len() <= 2;
        return fits.then_some(()).and_then(|()| Some((hour.parse().ok()?, minute.parse().ok()?, 1, true)));
    }
    if first.len() >= 3 && first.len() <= 4 && first.bytes().all(|b| b.is_ascii_digit()) {
        let value: u32 = first.parse().ok()?;
        return (value % 100 < 60 && value / 100 < 24).then_some((value / 100, value % 100, 1, false));
    }
    let (hour, used) = number(tokens)?;
    if hour > 23 {
        return None;
    }
    let oh = usize::from(matches!(tokens.get(used).map(String::as_str), Some("oh" | "o")));
    let minutes = tokens
        .get(used + oh..)
        .and_then(number)
        .filter(|(minutes, _)| (1..=12).contains(&hour) || hour > 12 && minutes % 5 == 0)
        .filter(|(minutes, _)| if oh == 1 { (1..10).contains(minutes) } else { (10..60).contains(minutes) });
    Some(minutes.map_or((hour, 0, used, false), |(minutes, length)| (hour, minutes, used + oh + length, true)))
}

/// Words that make a number something other than an hour.
fn counts_something(next: &str) -> bool {
    matches!(
        next,
        "minutes"
            | "minute"
            | "hours"
            | "hour"
            | "days"
            | "day"
            | "weeks"
            | "week"
            | "months"
            | "month"
            | "years"
            | "year"
            | "times"
            | "people"
            | "kids"
            | "dollars"
            | "percent"
            | "hundred"
            | "thousand"
            | "of"
            | "more"
            | "seconds"
            | "bucks"
            | "street"
            | "calls"
            | "th"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn reads_times_of_day() {
        let open = |hour, minute| Some(Clock { hour, minute, sure: false });
        let known = |hour, minute| Some(sure(hour, minute));
        let cases = [
            ("five", open(5, 0)),
            ("5", open(5, 0)),
            ("5 pm", known(17, 0)),
            ("5pm", known(17, 0)),
            ("10:30 am", known(10, 30)),
            ("12 pm", known(12, 0)),
            ("12am", known(0, 0)),
            ("five thirty", open(5, 30)),
            ("five oh five", open(5, 5)),
            ("half past five", open(5, 30)),
            ("quarter to six", open(5, 45)),
            ("quarter to one", open(12, 45)),
            ("a quarter past three", open(3, 15)),
            ("ten past three pm", known(15, 10)),
            ("five o'clock", open(5, 0)),
            ("five in the afternoon", known(17, 0)),
            ("nine in the morning", known(9, 0)),
            ("8 at night", known(20, 0)),
            ("17:30", known(17, 30)),
            ("1730", known(17, 30)),
            ("noon", known(12, 0)),
            ("5 minutes", None),
            ("two people", None),
            ("45", None),
            ("10:75", None),
        ];
        for (said, expected) in cases {
            assert_eq!(clock(&tokens(said), true).map(|(clock, _)| clock), expected, "{said}");
        }
        assert_eq!(clock(&tokens("five"), false), None);
    }
}
