//! Numbers as words and figures: "five", "twenty five", "a hundred and twenty", "the fifteenth".

/// A number below one hundred that is one word.
pub(in crate::domain::callback) fn small(word: &str) -> Option<u32> {
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
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let unit = WORDS.iter().position(|known| *known == word);
    let tens = || TENS.iter().position(|known| *known == word).map(|at| (at + 2) * 10);
    unit.or_else(tens).and_then(|value| u32::try_from(value).ok())
}

/// The number that begins here, and how many tokens it takes: `75`, `twenty five`, `hundred and twenty` behind its article.
pub(in crate::domain::callback) fn number(tokens: &[String]) -> Option<(u32, usize)> {
    hundreds(tokens).or_else(|| below_hundred(tokens))
}

/// `one hundred and twenty`, `hundred five`. "Seventeen hundred" is a time.
fn hundreds(tokens: &[String]) -> Option<(u32, usize)> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token == word);
    let (count, at) = if is(0, "hundred") { (1, 0) } else { below_hundred(tokens)? };
    if !(1..10).contains(&count) || !is(at, "hundred") {
        return None;
    }
    let rest = at + 1 + usize::from(is(at + 1, "and"));
    let more = tokens.get(rest..).and_then(below_hundred);
    Some(more.map_or((count * 100, at + 1), |(more, used)| (count * 100 + more, rest + used)))
}

/// The number that begins here, without its hundreds.
pub(in crate::domain::callback) fn below_hundred(tokens: &[String]) -> Option<(u32, usize)> {
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
pub(in crate::domain::callback) fn ordinal(tokens: &[String]) -> Option<(u32, usize)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn reads_spoken_numbers() {
        let cases = [
            ("five", Some(5)),
            ("75", Some(75)),
            ("seventy five", Some(75)),
            ("seventy-five", Some(75)),
            ("ninety", Some(90)),
            ("hundred", Some(100)),
            ("one hundred and twenty", Some(120)),
            ("one hundred five", Some(105)),
            ("two hundred", Some(200)),
            ("hundred and ninety-nine", Some(199)),
            ("hundred and counting", Some(100)),
            ("twelve hundred people", Some(12)),
            ("people", None),
        ];
        for (said, expected) in cases {
            assert_eq!(number(&tokens(said)).map(|(number, _)| number), expected, "{said}");
        }
    }
}
