//! Zones as people name them: "Eastern", "London time", "back in New York".

mod states;

use crate::domain::zone::abbreviated;
use states::STATES;

pub(super) use states::divided;

/// The zone named here, and how many tokens it takes. `after_time` is true right behind a time of day, where "5 central" can
/// only mean a zone.
pub(super) fn zone(tokens: &[String], after_time: bool) -> Option<(&'static str, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    if let Some(zone) = abbreviated(word(0)) {
        let long = usize::from(matches!(word(1), "standard" | "daylight"));
        let named = word(1 + long) == "time";
        return (named || after_time || always_a_zone(word(0))).then_some((zone, 1 + long + usize::from(named)));
    }
    let coast = match (word(0), word(1)) {
        ("east", "coast") => Some("America/New_York"),
        ("west", "coast") => Some("America/Los_Angeles"),
        _ => None,
    };
    if let Some(zone) = coast {
        return Some((zone, 2 + usize::from(word(2) == "time")));
    }
    let (city, used) = city(tokens)?;
    (word(used) == "time").then_some((city, used + 1))
}

/// The zone of a place one is in: "in London", "back in New York", "moved to Chicago".
pub(super) fn whereabouts(tokens: &[String]) -> Option<(&'static str, usize)> {
    let lead = lead(tokens)?;
    city(tokens.get(lead..)?).map(|(city, used)| (city, lead + used))
}

/// How many tokens lead to a place one is in.
fn lead(tokens: &[String]) -> Option<usize> {
    match tokens.first()?.as_str() {
        "in" => Some(1),
        "moved" | "relocated" if tokens.get(1).is_some_and(|word| word == "to") => Some(2),
        "back" => Some(1 + usize::from(matches!(tokens.get(1).map(String::as_str), Some("in" | "to")))),
        _ => None,
    }
}

/// A zone nobody here knows, right behind a time of day: "Fiji time", "in Buenos Aires time"; how many tokens it takes.
pub(super) fn unknown(tokens: &[String]) -> Option<usize> {
    const ORDINARY: [&str; 68] = [
        "a", "all", "an", "and", "another", "any", "anytime", "at", "bad", "best", "better", "but", "by", "closing", "every", "each",
        "enough", "extra", "fine", "first", "for", "free", "from", "good", "great", "have", "i", "if", "is", "just", "last", "local",
        "long", "more", "most", "much", "my", "next", "nice", "no", "not", "of", "on", "one", "opening", "or", "other", "our", "pick",
        "please", "same", "save", "so", "some", "sometime", "spare", "take", "that", "the", "their", "this", "to", "waste", "what", "when",
        "which", "you", "your",
    ];
    let lead = usize::from(tokens.first().is_some_and(|word| word == "in"));
    let words = tokens.get(lead..)?.iter().take(3).take_while(|word| *word != "time").count();
    let names = tokens.get(lead..lead + words)?;
    let named = (1..=2).contains(&words) && tokens.get(lead + words).is_some_and(|word| word == "time");
    let place = |word: &String| word.len() > 2 && word.bytes().all(|b| b.is_ascii_lowercase()) && !ORDINARY.contains(&word.as_str());
    let meal =
        |word: &String| matches!(word.as_str(), "lunch" | "dinner" | "supper" | "break" | "bed" | "night" | "day" | "school" | "work");
    (named && names.iter().all(|word| place(word) && !meal(word))).then_some(lead + words + 1)
}

fn always_a_zone(word: &str) -> bool {
    matches!(word, "eastern" | "est" | "edt" | "cst" | "cdt" | "mst" | "mdt" | "pst" | "pdt" | "gmt" | "utc" | "bst" | "cet" | "aest")
}

/// Cities that callees of a campaign are likely to name, with their IANA zones.
const CITIES: &[(&str, &str)] = &[
    ("new york", "America/New_York"),
    ("boston", "America/New_York"),
    ("miami", "America/New_York"),
    ("atlanta", "America/New_York"),
    ("washington state", "America/Los_Angeles"),
    ("washington", "America/New_York"),
    ("philadelphia", "America/New_York"),
    ("florida", "America/New_York"),
    ("toronto", "America/Toronto"),
    ("chicago", "America/Chicago"),
    ("kansas city", "America/Chicago"),
    ("dallas", "America/Chicago"),
    ("houston", "America/Chicago"),
    ("austin", "America/Chicago"),
    ("texas", "America/Chicago"),
    ("denver", "America/Denver"),
    ("phoenix", "America/Phoenix"),
    ("arizona", "America/Phoenix"),
    ("los angeles", "America/Los_Angeles"),
    ("la", "America/Los_Angeles"),
    ("san francisco", "America/Los_Angeles"),
    ("san diego", "America/Los_Angeles"),
    ("california", "America/Los_Angeles"),
    ("seattle", "America/Los_Angeles"),
    ("las vegas", "America/Los_Angeles"),
    ("vegas", "America/Los_Angeles"),
    ("portland", "America/Los_Angeles"),
    ("vancouver", "America/Vancouver"),
    ("anchorage", "America/Anchorage"),
    ("fairbanks", "America/Anchorage"),
    ("alaska", "America/Anchorage"),
    ("alaskan", "America/Anchorage"),
    ("honolulu", "Pacific/Honolulu"),
    ("hawaii", "Pacific/Honolulu"),
    ("hawaiian", "Pacific/Honolulu"),
    ("puerto rico", "America/Puerto_Rico"),
    ("atlantic city", "America/New_York"),
    ("atlantic", "America/Halifax"),
    ("halifax", "America/Halifax"),
    ("newfoundland", "America/St_Johns"),
    ("mexico city", "America/Mexico_City"),
    ("london", "Europe/London"),
    ("england", "Europe/London"),
    ("dublin", "Europe/Dublin"),
    ("paris", "Europe/Paris"),
    ("berlin", "Europe/Berlin"),
    ("germany", "Europe/Berlin"),
    ("madrid", "Europe/Madrid"),
    ("rome", "Europe/Rome"),
    ("amsterdam", "Europe/Amsterdam"),
    ("zurich", "Europe/Zurich"),
    ("vienna", "Europe/Vienna"),
    ("dubai", "Asia/Dubai"),
    ("mumbai", "Asia/Kolkata"),
    ("delhi", "Asia/Kolkata"),
    ("india", "Asia/Kolkata"),
    ("singapore", "Asia/Singapore"),
    ("hong kong", "Asia/Hong_Kong"),
    ("tokyo", "Asia/Tokyo"),
    ("manila", "Asia/Manila"),
    ("philippines", "Asia/Manila"),
    ("sydney", "Australia/Sydney"),
    ("melbourne", "Australia/Melbourne"),
];

fn city(tokens: &[String]) -> Option<(&'static str, usize)> {
    CITIES.iter().chain(STATES).find_map(|(name, zone)| {
        let words = name.split(' ').count();
        let said = tokens.get(..words)?;
        name.split(' ').eq(said.iter().map(String::as_str)).then_some((*zone, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn names_zones() {
        let cases = [
            ("eastern", true, Some("America/New_York")),
            ("eastern", false, Some("America/New_York")),
            ("central", true, Some("America/Chicago")),
            ("central", false, None),
            ("mountain standard time", false, Some("America/Denver")),
            ("london time", false, Some("Europe/London")),
            ("new york time", false, Some("America/New_York")),
            ("new york", false, None),
        ];
        for (said, after_time, expected) in cases {
            assert_eq!(zone(&tokens(said), after_time).map(|(zone, _)| zone), expected, "{said}");
        }
        assert_eq!(whereabouts(&tokens("back in London on tuesday")), Some(("Europe/London", 3)));
        assert_eq!(whereabouts(&tokens("in two hours")), None);
    }

    #[test]
    fn every_city_has_a_zone() {
        for (city, zone) in CITIES.iter().chain(STATES) {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{city}");
        }
    }
}
