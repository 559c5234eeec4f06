//! Numbers and amounts as they are spoken: "five", "twenty five", "half an hour", "an hour and a half", "a couple of days".

/// A number below one hundred that is one word.
pub(super) fn small(word: &str) -> Option<u32> {
    const WORDS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 5] = ["twenty", "thirty", "forty", "fifty", "sixty"];
    let unit = WORDS.iter().position(|known| *known == word);
    let tens = || TENS.iter().position(|known| *known == word).map(|at| (at + 2) * 10);
    unit.or_else(tens).and_then(|value| u32::try_from(value).ok())
}

/// The number that begins here, and how many tokens it takes.
pub(super) fn number(tokens: &[String]) -> Option<(u32, usize)> {
    let first = tokens.first()?;
    if first.len() <= 4 && first.bytes().all(|b| b.is_ascii_digit()) {
        return first.parse().ok().map(|value| (value, 1));
    }
    let value = small(first)?;
    let unit = tokens.get(1).and_then(|word| small(word)).filter(|unit| (1..10).contains(unit));
    match unit {
        Some(unit) if value >= 20 && value % 10 == 0 => Some((value + unit, 2)),
        _ => Some((value, 1)),
    }
}

/// `15th`, `twenty first`: the day of a month, and how many tokens it takes.
pub(super) fn ordinal(tokens: &[String]) -> Option<(u32, usize)> {
    const WORDS: [&str; 19] = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
    ];
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let spoken = |word: &str| WORDS.iter().position(|known| *known == word).and_then(|at| u32::try_from(at + 1).ok());
    let first = word(0);
    let written = ["st", "nd", "rd", "th"].iter().find_map(|ending| first.strip_suffix(ending)?.parse().ok());
    match (first, spoken(word(1))) {
        ("twentieth", _) => Some((20, 1)),
        ("thirtieth", _) => Some((30, 1)),
        ("twenty", Some(unit)) if unit < 10 => Some((20 + unit, 2)),
        ("thirty", Some(1)) => Some((31, 2)),
        _ => written.or_else(|| spoken(first)).map(|day| (day, 1)),
    }
}

/// A length of time in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Minutes of the clock.
    Minutes,
    /// Days of the calendar: the same time of day.
    Days,
    /// The same from Monday to Friday.
    WorkingDays,
    /// Months of the calendar.
    Months,
}

/// From so much to so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    pub least: u32,
    pub most: u32,
    pub unit: Unit,
}

/// The amount that begins here, and how many tokens it takes: `twenty minutes`, `an hour or two`, `half an hour`.
pub(super) fn amount(tokens: &[String]) -> Option<(Amount, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let ((mut least, mut most), mut used) = quantity(tokens)?;
    if word(used) == "of" {
        used += 1;
    }
    let working = matches!(word(used), "business" | "working" | "work");
    used += usize::from(working || word(used) == "more");
    let (unit, size) = unit(word(used))?;
    let unit = if working && unit == Unit::Days { Unit::WorkingDays } else { unit };
    used += 1;
    if word(used) == "and" && word(used + 1) == "a" && word(used + 2) == "half" {
        (least, most, used) = (least + 50, most + 50, used + 3);
    } else if word(used) == "or" && number(tokens.get(used + 1..)?).is_some() {
        let (upper, length) = number(tokens.get(used + 1..)?)?;
        let repeated = usize::from(self::unit(word(used + 1 + length)).is_some());
        (most, used) = (upper * 100, used + 1 + length + repeated);
    }
    let scale = |hundredths: u32| hundredths.saturating_mul(size) / 100;
    let (extra, used) = minutes_more(tokens, used, size).unwrap_or((0, used));
    Some((Amount { least: scale(least) + extra, most: scale(most.max(least)) + extra, unit }, used))
}

/// "an hour **and twenty minutes**".
fn minutes_more(tokens: &[String], used: usize, size: u32) -> Option<(u32, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let at = used + usize::from(word(used) == "and");
    let (minutes, length) = tokens.get(at..).and_then(number).filter(|_| size == 60)?;
    (unit(word(at + length)) == Some((Unit::Minutes, 1))).then_some((minutes, at + length + 1))
}

/// How many, in hundredths ("half" is 50), from and to.
fn quantity(tokens: &[String]) -> Option<((u32, u32), usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let article = usize::from(matches!(word(0), "a" | "an" | "the" | "another" | "next"));
    let article = article + usize::from(article == 1 && word(1) == "next");
    let vague = match word(article) {
        "half" => Some((50, 1 + usize::from(matches!(word(article + 1), "a" | "an")))),
        "couple" => Some((200, 1)),
        "few" | "several" => Some((300, 1)),
        "quarter" if word(article + 1) == "hour" => Some((25, 1)),
        "quarter" if word(article + 1) == "of" && word(article + 2) == "an" => Some((25, 3)),
        _ => None,
    };
    if let Some((hundredths, used)) = vague {
        return Some(((hundredths, hundredths), article + used));
    }
    let Some((least, used)) = tokens.get(article..).and_then(number) else {
        return (article > 0).then_some(((100, 100), article));
    };
    let half = ["and", "a", "half"].iter().enumerate().all(|(at, part)| word(article + used + at) == *part);
    if half && least <= 10_000 {
        return Some(((least * 100 + 50, least * 100 + 50), article + used + 3));
    }
    let most = tokens.get(article + used + 1..).and_then(number).filter(|_| matches!(word(article + used), "or" | "to"));
    let (most, extra) = most.map_or((least, 0), |(most, length)| (most, 1 + length));
    let value = |number: u32| number.min(10_000) * 100;
    Some(((value(least), value(most)), article + used + extra))
}

fn unit(word: &str) -> Option<(Unit, u32)> {
    Some(match word {
        "minute" | "minutes" | "min" | "mins" => (Unit::Minutes, 1),
        "hour" | "hours" | "hr" | "hrs" => (Unit::Minutes, 60),
        "day" | "days" => (Unit::Days, 1),
        "week" | "weeks" => (Unit::Days, 7),
        "month" | "months" => (Unit::Months, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn reads_spoken_amounts() {
        let minutes = |least, most| Some(Amount { least, most, unit: Unit::Minutes });
        let days = |least| Some(Amount { least, most: least, unit: Unit::Days });
        let cases = [
            ("two hours", minutes(120, 120)),
            ("20 minutes", minutes(20, 20)),
            ("twenty five minutes", minutes(25, 25)),
            ("an hour", minutes(60, 60)),
            ("half an hour", minutes(30, 30)),
            ("a half hour", minutes(30, 30)),
            ("a quarter of an hour", minutes(15, 15)),
            ("an hour and a half", minutes(90, 90)),
            ("an hour or two", minutes(60, 120)),
            ("two and a half hours", minutes(150, 150)),
            ("an hour and twenty minutes", minutes(80, 80)),
            ("two business days", Some(Amount { least: 2, most: 2, unit: Unit::WorkingDays })),
            ("two or three hours", minutes(120, 180)),
            ("a couple of hours", minutes(120, 120)),
            ("a few minutes", minutes(3, 3)),
            ("the next two hours", minutes(120, 120)),
            ("another ten minutes", minutes(10, 10)),
            ("three days", days(3)),
            ("a week", days(7)),
            ("two weeks", days(14)),
            ("five people", None),
            ("hours", None),
        ];
        for (said, expected) in cases {
            assert_eq!(amount(&tokens(said)).map(|(amount, _)| amount), expected, "{said}");
        }
    }
}
