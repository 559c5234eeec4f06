//! Parts of the day, as this product understands them: "this evening", "after lunch", "first thing", "later today".

use crate::domain::callback::wish::{Day, Part, Soon};

/// What was found: a part, perhaps with its day, or a vague delay.
#[derive(Default)]
pub(super) struct Found {
    pub part: Option<Part>,
    pub day: Option<Day>,
    pub soon: Option<Soon>,
    pub first_thing: bool,
    pub used: usize,
}

const fn span(start: u16, end: u16, pm: bool) -> Part {
    Part { start, end, pm }
}

const MORNING: Part = span(9 * 60, 12 * 60, false);
const LUNCH: Part = span(12 * 60, 13 * 60, true);
const AFTERNOON: Part = span(13 * 60, 17 * 60, true);
const EVENING: Part = span(17 * 60, 21 * 60, true);
const NIGHT: Part = span(18 * 60, 21 * 60, true);

/// The part that begins here.
pub(super) fn part(tokens: &[String]) -> Option<Found> {
    idiom(tokens).or_else(|| shaded(tokens))
}

fn idiom(tokens: &[String]) -> Option<Found> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let of = |found: Part, used: usize| Some(Found { part: Some(found), used, ..Found::default() });
    match (word(0), word(1), word(2), word(3)) {
        ("after", "work" | "hours", ..) => of(span(17 * 60 + 30, 21 * 60, true), 2),
        ("get" | "gets" | "am", "off", "work", "") => of(span(17 * 60 + 30, 21 * 60, true), 3),
        ("before", "work", ..) => of(span(8 * 60, 9 * 60, false), 2),
        ("after", "school", ..) => of(span(15 * 60 + 30, 18 * 60, true), 2),
        ("after", "lunch" | "lunchtime", ..) => of(AFTERNOON, 2),
        ("before", "lunch" | "lunchtime", ..) => of(span(10 * 60 + 30, 12 * 60, false), 2),
        ("after", "dinner" | "supper", ..) => of(span(19 * 60, 21 * 60, true), 2),
        ("before", "dinner" | "supper", ..) => of(span(16 * 60, 18 * 60, true), 2),
        ("after", "breakfast", ..) => of(span(9 * 60 + 30, 12 * 60, false), 2),
        ("lunch" | "lunchtime", ..) => of(LUNCH, 1),
        ("dinnertime" | "suppertime", ..) => of(span(18 * 60, 19 * 60 + 30, true), 1),
        ("dinner" | "supper", "time", ..) => of(span(18 * 60, 19 * 60 + 30, true), 2),
        ("end", "of", "the", "day") => of(span(16 * 60 + 30, 18 * 60, true), 4),
        ("end", "of", "day", _) | ("close", "of", "business", _) => of(span(16 * 60 + 30, 18 * 60, true), 3),
        ("first", "thing", "in", "the") => Some(Found { part: Some(MORNING), first_thing: true, used: 5, ..Found::default() }),
        ("first", "thing", ..) => Some(Found { first_thing: true, used: 2, ..Found::default() }),
        ("later", "today" | "on", ..) => Some(Found { soon: Some(Soon::LaterToday), used: 2, ..Found::default() }),
        ("later", "this", "week", _) => Some(Found { day: Some(Day::Week(0)), used: 3, ..Found::default() }),
        ("soon" | "shortly", ..) => Some(Found { soon: Some(Soon::While), used: 1, ..Found::default() }),
        ("a", "bit" | "little", "later", _) => Some(Found { soon: Some(Soon::While), used: 3, ..Found::default() }),
        ("late", "tonight", ..) => {
            Some(Found { part: Some(span(19 * 60 + 30, 21 * 60, true)), day: Some(Day::Ahead(0)), used: 2, ..Found::default() })
        }
        ("tonight", ..) => Some(Found { part: Some(NIGHT), day: Some(Day::Ahead(0)), used: 1, ..Found::default() }),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shade {
    Whole,
    Early,
    Late,
}

/// "late this afternoon", "in the early evening", "the morning".
fn shaded(tokens: &[String]) -> Option<Found> {
    let (mut shade, mut this, mut tomorrow, mut at) = (Shade::Whole, false, false, 0);
    let named = loop {
        match tokens.get(at)?.as_str() {
            "this" | "later" => this = true,
            "early" => shade = Shade::Early,
            "late" => shade = Shade::Late,
            "tomorrow" if shade != Shade::Whole => tomorrow = true,
            "mid" | "in" | "the" => {}
            word => break base(word)?,
        }
        at += 1;
    };
    let day = (this || tomorrow).then(|| Day::Ahead(i64::from(tomorrow)));
    Some(Found { part: Some(shade_of(named, shade)), day, used: at + 1, ..Found::default() })
}

fn base(word: &str) -> Option<Part> {
    Some(match word {
        "morning" | "mornings" => MORNING,
        "afternoon" | "afternoons" => AFTERNOON,
        "evening" | "evenings" => EVENING,
        "night" | "nights" => NIGHT,
        _ => return None,
    })
}

/// Early is the first half, late the second; an early morning begins before the usual hours.
fn shade_of(whole: Part, shade: Shade) -> Part {
    let middle = u16::midpoint(whole.start, whole.end);
    match shade {
        Shade::Whole => whole,
        Shade::Early if whole == MORNING => span(8 * 60, 10 * 60, false),
        Shade::Early => Part { end: middle, ..whole },
        Shade::Late => Part { start: middle, ..whole },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn reads_parts_of_the_day() {
        let cases = [
            ("this evening", 17 * 60, 21 * 60),
            ("in the morning", 9 * 60, 12 * 60),
            ("early afternoon", 13 * 60, 15 * 60),
            ("late this afternoon", 15 * 60, 17 * 60),
            ("after lunch", 13 * 60, 17 * 60),
            ("after work", 17 * 60 + 30, 21 * 60),
            ("tonight", 18 * 60, 21 * 60),
        ];
        for (said, start, end) in cases {
            let found = part(&tokens(said)).and_then(|found| found.part).map(|part| (part.start, part.end));
            assert_eq!(found, Some((start, end)), "{said}");
        }
        assert!(part(&tokens("this tuesday")).is_none() && part(&tokens("in the car")).is_none());
    }
}
