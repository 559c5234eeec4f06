//! States of the United States: most have one clock, some have two.

use super::lead;

/// The states that have one clock, but for a town or two, and are not among the places of [`super`].
pub(super) const STATES: &[(&str, &str)] = &[
    ("alabama", "America/Chicago"),
    ("arkansas", "America/Chicago"),
    ("colorado", "America/Denver"),
    ("connecticut", "America/New_York"),
    ("delaware", "America/New_York"),
    ("georgia", "America/New_York"),
    ("illinois", "America/Chicago"),
    ("iowa", "America/Chicago"),
    ("louisiana", "America/Chicago"),
    ("maine", "America/New_York"),
    ("maryland", "America/New_York"),
    ("massachusetts", "America/New_York"),
    ("minnesota", "America/Chicago"),
    ("mississippi", "America/Chicago"),
    ("missouri", "America/Chicago"),
    ("montana", "America/Denver"),
    ("nevada", "America/Los_Angeles"),
    ("new hampshire", "America/New_York"),
    ("new jersey", "America/New_York"),
    ("new mexico", "America/Denver"),
    ("north carolina", "America/New_York"),
    ("ohio", "America/New_York"),
    ("oklahoma", "America/Chicago"),
    ("pennsylvania", "America/New_York"),
    ("rhode island", "America/New_York"),
    ("south carolina", "America/New_York"),
    ("utah", "America/Denver"),
    ("vermont", "America/New_York"),
    ("west virginia", "America/New_York"),
    ("virginia", "America/New_York"),
    ("wisconsin", "America/Chicago"),
    ("wyoming", "America/Denver"),
];

const DIVIDED: &[(&str, &[&str])] = &[
    ("idaho", &["America/Boise", "America/Denver", "America/Los_Angeles"]),
    ("indiana", &["America/Indiana/Indianapolis", "America/New_York", "America/Chicago"]),
    ("kansas", &["America/Chicago", "America/Denver"]),
    ("kentucky", &["America/Kentucky/Louisville", "America/New_York", "America/Chicago"]),
    ("michigan", &["America/Detroit", "America/New_York", "America/Chicago"]),
    ("nebraska", &["America/Chicago", "America/Denver"]),
    ("north dakota", &["America/Chicago", "America/Denver"]),
    ("oregon", &["America/Los_Angeles", "America/Boise", "America/Denver"]),
    ("south dakota", &["America/Chicago", "America/Denver"]),
    ("tennessee", &["America/New_York", "America/Chicago"]),
];

/// The zones of a state with two clocks that is named here ("in Tennessee", "Kansas time"), and how many tokens it takes.
pub(in crate::domain::callback) fn divided(tokens: &[String]) -> Option<(&'static [&'static str], usize)> {
    let led = lead(tokens).unwrap_or(0);
    let rest = tokens.get(led..)?;
    let (zones, words) = DIVIDED.iter().find_map(|(name, zones)| {
        let words = name.split(' ').count();
        let said = rest.get(..words)?;
        name.split(' ').eq(said.iter().map(String::as_str)).then_some((*zones, words))
    })?;
    let time = rest.get(words).is_some_and(|word| word == "time");
    (led > 0 || time).then_some((zones, led + words + usize::from(time)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn a_state_with_two_clocks_is_known_by_both() {
        assert_eq!(divided(&tokens("in South Dakota now")).map(|(zones, used)| (zones.len(), used)), Some((2, 3)));
        assert_eq!(divided(&tokens("Tennessee time")).map(|(zones, used)| (zones.len(), used)), Some((2, 2)));
        assert_eq!(divided(&tokens("Kansas jokes")), None);
        assert!(DIVIDED.iter().flat_map(|(_, zones)| *zones).all(|zone| jiff::tz::TimeZone::get(zone).is_ok()));
    }
}
