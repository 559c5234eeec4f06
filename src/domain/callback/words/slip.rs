//! Days, parts of the day and months with one slip of the pen: "tomorow", "wendesday". Operators write so, and speech services do not.
//!
//! A wrong day is worse than a question: a word that may be one day or the other is read as neither.

/// Stands for a word that may be one day or another: which one can only be asked.
pub(in crate::domain::callback) const DOUBTFUL: &str = "?day";

/// Those that are long enough to be known behind a slip.
const NAMES: [&str; 19] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "tomorrow",
    "tonight",
    "morning",
    "afternoon",
    "evening",
    "january",
    "february",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A shorter word is too often another one.
const SHORTEST: usize = 6;

/// Words and names of their own that look like one of those.
const OTHERS: [&str; 12] =
    ["augusta", "auguste", "augusto", "eventing", "moaning", "mooning", "mourning", "sanday", "sundae", "sundar", "sundry", "sunray"];

/// What a word with a slip was meant to be; `None` for every other word.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    let is_known = |name: &str| word == name || word.strip_suffix('s') == Some(name);
    if word.len() < SHORTEST || OTHERS.contains(&word) || NAMES.into_iter().any(is_known) {
        return None;
    }
    let mut near = NAMES.into_iter().filter(|name| is_slip(word.as_bytes(), name.as_bytes()));
    match (near.next(), near.next()) {
        (Some(_), Some(_)) => Some(DOUBTFUL),
        // hardly anybody gets the first letter wrong
        (Some(name), None) => (word.as_bytes().first() == name.as_bytes().first()).then_some(name),
        (None, _) => None,
    }
}

/// One letter too many, too few or wrong, or two that changed places.
fn is_slip(said: &[u8], meant: &[u8]) -> bool {
    let alike = said.iter().zip(meant).take_while(|(said, meant)| said == meant).count();
    match (&said[alike..], &meant[alike..]) {
        ([a, b, said @ ..], [c, d, meant @ ..]) if a == d && b == c && said == meant => true,
        ([_, said @ ..], [_, meant @ ..]) if said == meant => true,
        ([_, said @ ..], meant) if said == meant => true,
        (said, [_, meant @ ..]) => said == meant,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_forgiven_and_two_readings_are_doubtful() {
        let cases = [
            ("tomorow", Some("tomorrow")),
            ("tommorrow", Some("tomorrow")),
            ("tomarrow", Some("tomorrow")),
            ("wendesday", Some("wednesday")),
            ("thrusday", Some("thursday")),
            ("tusday", Some("tuesday")),
            ("firday", Some("friday")),
            ("saterday", Some("saturday")),
            ("tonigth", Some("tonight")),
            ("mornin", Some("morning")),
            ("febuary", Some("february")),
            ("munday", Some(DOUBTFUL)),
            ("sonday", Some(DOUBTFUL)),
            ("thuesday", Some(DOUBTFUL)),
            ("tursday", Some(DOUBTFUL)),
        ];
        for (word, expected) in cases {
            assert_eq!(meant(word), expected, "{word}");
        }
    }

    #[test]
    fn words_of_their_own_stay() {
        let words = [
            "tuesday",
            "mondays",
            "mornings",
            "frida",
            "fridge",
            "corning",
            "yesterday",
            "someday",
            "midday",
            "payday",
            "doomsday",
            "remember",
            "knight",
            "knights",
            "warning",
            "burning",
            "sorrow",
            "weekend",
            "tomörrow",
            "today",
            "",
            "s",
        ];
        for word in words.iter().chain(&OTHERS) {
            assert_eq!(meant(word), None, "{word}");
        }
    }
}
