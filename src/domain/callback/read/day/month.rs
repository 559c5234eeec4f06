//! Months: "in January", "early December", "the end of the month".

use crate::domain::callback::wish::Day;

/// The month that begins here and how many tokens it takes: by its name, or by its beginning or end.
pub(super) fn month_span(tokens: &[String]) -> Option<(Day, usize)> {
    edge(tokens).or_else(|| named_month(tokens))
}

/// "the first of next month", "the last day of the month".
fn edge(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let the = usize::from(word(0) == "the");
    let (last, used) = match (word(the), word(the + 1)) {
        ("last", "day") => (true, 2),
        ("end", _) => (true, 1),
        ("first", "day") => (false, 2),
        ("first" | "beginning" | "start", _) => (false, 1),
        _ => return None,
    };
    let at = the + used;
    let ahead = match (word(at), word(at + 1), word(at + 2)) {
        ("of", "next", "month") => 1,
        ("of", "the" | "this", "month") => i64::from(!last),
        _ => return None,
    };
    Some((Day::MonthEdge { ahead, last }, at + 3))
}

/// "first week of January", "last week of the month".
pub(super) fn week(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let nth = match word(0) {
        "first" | "1st" => 1,
        "second" | "2nd" => 2,
        "third" | "3rd" => 3,
        "fourth" | "4th" => 4,
        "last" => -1,
        _ => return None,
    };
    if word(1) != "week" || !matches!(word(2), "of" | "in") {
        return None;
    }
    if let Some(month) = month(word(3)) {
        return Some((Day::WeekOfMonth { month: Some(month), ahead: None, nth }, 4));
    }
    let the = usize::from(word(3) == "the");
    let ahead = match (word(3 + the), word(4 + the)) {
        ("next" | "following" | "coming", "month") => 1,
        ("this", "month") => 0,
        ("month", _) if the == 1 => return Some((Day::WeekOfMonth { month: None, ahead: None, nth }, 5)),
        _ => return None,
    };
    Some((Day::WeekOfMonth { month: None, ahead: Some(ahead), nth }, 5 + the))
}

/// Names that are also verbs count only behind "in", "early", "late" or "mid".
fn named_month(tokens: &[String]) -> Option<(Day, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let led = usize::from(word(0) == "in");
    let (third, shaded) = match word(led) {
        "early" => (Some(0), 1),
        "mid" => (Some(1), 1),
        "late" => (Some(2), 1),
        _ => (None, 0),
    };
    let at = led + shaded;
    let month = month(word(at))?;
    let certain = at > 0 || !matches!(word(at), "may" | "march");
    certain.then_some((Day::NamedMonth { month, third }, at + 1))
}

/// January is 1.
pub(super) fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let short = |month: &&str| month.len() > 4 && word == &month[..3] && word != "mar";
    MONTHS.iter().position(|month| *month == word || short(month)).and_then(|at| i8::try_from(at + 1).ok())
}
