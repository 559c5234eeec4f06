//! Amounts as they are spoken: "half an hour", "an hour and a quarter", "a couple of days", "a hundred and twenty minutes".

mod numeral;

pub(super) use numeral::{below_hundred, number, ordinal, small};

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
    if word(used) == "and"
        && let Some((hundredths, length)) = tokens.get(used + 1..).and_then(fraction)
    {
        (least, most, used) = (least + hundredths, most + hundredths, used + 1 + length);
    } else if word(used) == "or"
        && let Some((upper, length)) = tokens.get(used + 1..).and_then(upper)
    {
        let repeated = self::unit(word(used + 1 + length));
        // "Ninety minutes or two hours": the end may be in a unit of its own.
        most = repeated.map_or(upper, |(kind, other)| if kind == unit { upper.saturating_mul(other) / size } else { least });
        used += 1 + length + usize::from(repeated.is_some());
    }
    let scale = |hundredths: u32| hundredths.saturating_mul(size) / 100;
    let (extra, used) = minutes_more(tokens, used, size).unwrap_or((0, used));
    Some((Amount { least: scale(least) + extra, most: scale(most.max(least)) + extra, unit }, used))
}

/// "an hour or **two**", "half an hour or **three quarters of an** hour", in hundredths.
fn upper(tokens: &[String]) -> Option<(u32, usize)> {
    let part = fraction(tokens).map(|(hundredths, used)| (hundredths, used + of_a(&tokens[used..])));
    part.or_else(|| number(tokens).map(|(upper, used)| (upper.min(10_000) * 100, used)))
}

/// "an hour **and twenty minutes**", "an hour **and twenty**" where that is all.
fn minutes_more(tokens: &[String], used: usize, size: u32) -> Option<(u32, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let at = used + usize::from(word(used) == "and");
    let (minutes, length) = tokens.get(at..).and_then(number).filter(|_| size == 60)?;
    let after = at + length;
    let named = unit(word(after)) == Some((Unit::Minutes, 1));
    let ends = (5..60).contains(&minutes) && matches!(word(after), "" | "please" | "from" | "later");
    (named || ends).then_some((minutes, after + usize::from(named)))
}

/// How many, in hundredths ("half" is 50), from and to.
fn quantity(tokens: &[String]) -> Option<((u32, u32), usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let article = usize::from(matches!(word(0), "a" | "an" | "the" | "another" | "next"));
    let article = article + usize::from(article == 1 && word(1) == "next");
    let vague = match word(article) {
        "couple" => Some((200, 1)),
        "few" | "several" => Some((300, 1)),
        figure if figure.contains(':') => decimal(figure).map(|hundredths| (hundredths, 1)),
        _ => tokens.get(article..).and_then(fraction).map(|(hundredths, used)| (hundredths, used + of_a(&tokens[article + used..]))),
    };
    if let Some((hundredths, used)) = vague {
        return Some(((hundredths, hundredths), article + used));
    }
    let Some((least, used)) = tokens.get(article..).and_then(number) else {
        return (article > 0).then_some(((100, 100), article));
    };
    let more = tokens.get(article + used + 1..).and_then(fraction).filter(|_| word(article + used) == "and");
    if let Some((hundredths, length)) = more.filter(|_| least <= 10_000) {
        return Some(((least * 100 + hundredths, least * 100 + hundredths), article + used + 1 + length));
    }
    let most = tokens.get(article + used + 1..).and_then(number).filter(|_| matches!(word(article + used), "or" | "to"));
    let (most, extra) = most.map_or((least, 0), |(most, length)| (most, 1 + length));
    let value = |number: u32| number.min(10_000) * 100;
    Some(((value(least), value(most)), article + used + extra))
}

/// `1.5`, which is written like a time here; a time has two figures behind its colon.
fn decimal(word: &str) -> Option<u32> {
    let (whole, tenths) = word.split_once(':').filter(|(_, tenths)| tenths.len() == 1)?;
    Some(whole.parse::<u32>().ok().filter(|whole| *whole < 100)? * 100 + tenths.parse::<u32>().ok()? * 10)
}

/// A fraction in hundredths, and how many tokens it takes.
fn fraction(tokens: &[String]) -> Option<(u32, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let one = usize::from(matches!(word(0), "a" | "one"));
    match (word(0), word(one)) {
        ("three", _) if matches!(word(1), "quarter" | "quarters") => Some((75, 2)),
        (_, "half") => Some((50, one + 1)),
        (_, "quarter") => Some((25, one + 1)),
        _ => None,
    }
}

/// "three quarters **of an** hour", "half **an** hour".
fn of_a(tokens: &[String]) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let of = usize::from(word(0) == "of");
    of + usize::from(matches!(word(of), "a" | "an"))
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
            ("an hour and twenty", minutes(80, 80)),
            ("an hour and twenty people", minutes(60, 60)),
            ("an hour and a quarter", minutes(75, 75)),
            ("three quarters of an hour", minutes(45, 45)),
            ("two and three quarter hours", minutes(165, 165)),
            ("a hundred and twenty minutes", minutes(120, 120)),
            ("seventy five or eighty minutes", minutes(75, 80)),
            ("1.5 hours", minutes(90, 90)),
            ("17:30 hours", None),
            ("half an hour or three quarters", minutes(30, 45)),
            ("ninety minutes or two hours", minutes(90, 120)),
            ("quarter of six", None),
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
