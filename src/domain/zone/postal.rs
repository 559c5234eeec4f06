//! Postal codes of the United States and Canada: where their addresses lie, by the prefix that names a region.
//!
//! `zip_codes.tsv` has the first three digits of a ZIP code; its header names source, licence and date, `generate_postal.py`
//! writes it. The first letter of a Canadian postal code is its province's (Canada Post, Addressing Guidelines).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{ZoneError, states};

/// Where the addresses of a postal code lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    /// States, territories or provinces, by their codes.
    pub states: Vec<&'static str>,
    /// Their zones; none for the armed forces, whose addresses are anywhere.
    pub zones: Vec<&'static str>,
}

static ZIP_CODES: LazyLock<HashMap<&'static str, Region>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let (prefix, states, zones) = (cells.next()?, cells.next()?, cells.next()?);
        let zones = zones.split(' ').filter(|zone| *zone != "-").collect();
        Some((prefix, Region { states: states.split(' ').collect(), zones }))
    };
    include_str!("zip_codes.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
});

const PROVINCES: [(char, &[&str]); 18] = [
    ('A', &["NL"]),
    ('B', &["NS"]),
    ('C', &["PE"]),
    ('E', &["NB"]),
    ('G', &["QC"]),
    ('H', &["QC"]),
    ('J', &["QC"]),
    ('K', &["ON"]),
    ('L', &["ON"]),
    ('M', &["ON"]),
    ('N', &["ON"]),
    ('P', &["ON"]),
    ('R', &["MB"]),
    ('S', &["SK"]),
    ('T', &["AB"]),
    ('V', &["BC"]),
    ('X', &["NT", "NU"]),
    ('Y', &["YT"]),
];

static CANADA: LazyLock<HashMap<char, Region>> = LazyLock::new(|| {
    let zones = |provinces: &[&'static str]| provinces.iter().filter_map(|code| states::zones_of(code)).flatten().copied().collect();
    PROVINCES.iter().map(|(letter, provinces)| (*letter, Region { states: provinces.to_vec(), zones: zones(provinces) })).collect()
});

/// The region of a ZIP code (`94105`, `94105-1234`, `941051234`) or a Canadian postal code (`K1A 0B1`).
///
/// # Errors
/// [`ZoneError::NotAPostalCode`] when it is written like neither, [`ZoneError::UnknownPostalCode`] when no place has it.
pub(super) fn region_of(code: &str) -> Result<&'static Region, ZoneError> {
    let plain: Vec<char> = code.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).map(|c| c.to_ascii_uppercase()).collect();
    let found = match plain.as_slice() {
        [first, .., last] if first.is_ascii_digit() && last.is_ascii_digit() => {
            if !matches!(plain.len(), 5 | 9) || !plain.iter().all(char::is_ascii_digit) {
                return Err(ZoneError::NotAPostalCode(code.to_owned()));
            }
            ZIP_CODES.get(plain[..3].iter().collect::<String>().as_str())
        }
        [a, b, c, d, e, f] if is_canadian([*a, *b, *c, *d, *e, *f]) => CANADA.get(a),
        _ => return Err(ZoneError::NotAPostalCode(code.to_owned())),
    };
    found.ok_or_else(|| ZoneError::UnknownPostalCode(code.to_owned()))
}

/// Letter and digit in turn.
fn is_canadian(code: [char; 6]) -> bool {
    code.iter().enumerate().all(|(at, c)| if at % 2 == 0 { c.is_ascii_uppercase() } else { c.is_ascii_digit() })
}

#[cfg(test)]
pub(super) fn regions() -> impl Iterator<Item = &'static Region> {
    ZIP_CODES.values().chain(CANADA.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> (Vec<&'static str>, Vec<&'static str>) {
        let region = region_of(code).unwrap();
        (region.states.clone(), region.zones.clone())
    }

    #[test]
    fn a_prefix_tells_the_state_and_every_zone_under_it() {
        assert_eq!(region("94105"), (vec!["CA"], vec!["America/Los_Angeles"]));
        assert_eq!(region("94105-1234"), region("941051234"));
        assert_eq!(region("06390"), (vec!["CT", "NY"], vec!["America/New_York"]), "Fishers Island has a Connecticut prefix");
        assert_eq!(region("32456"), (vec!["FL"], vec!["America/Chicago", "America/New_York"]));
        assert_eq!(region("89883"), (vec!["NV"], vec!["America/Denver", "America/Los_Angeles"]));
        assert_eq!(region("00901"), (vec!["PR"], vec!["America/Puerto_Rico"]));
    }

    #[test]
    fn a_canadian_letter_tells_the_province() {
        assert_eq!(region("k1a 0b1"), (vec!["ON"], vec!["America/Atikokan", "America/Toronto", "America/Winnipeg"]));
        assert_eq!(region("V6B1A1").0, ["BC"]);
        assert_eq!(region("X0A-0H0").0, ["NT", "NU"]);
    }

    #[test]
    fn the_armed_forces_are_anywhere() {
        assert_eq!(region("09012"), (vec!["AE"], vec![]));
        assert_eq!(region("96201").1, Vec::<&str>::new());
    }

    #[test]
    fn what_is_no_postal_code_says_so() {
        for code in ["2134", "941", "9410x", "SW1A 1AA", "K1A", "1K1 A0B", "94105-12", ""] {
            assert_eq!(region_of(code), Err(ZoneError::NotAPostalCode(code.to_owned())), "{code}");
        }
        for code in ["00100", "Z1A 0B1", "D1A 0B1"] {
            assert_eq!(region_of(code), Err(ZoneError::UnknownPostalCode(code.to_owned())), "{code}");
        }
    }

    #[test]
    fn every_region_lies_in_the_zones_of_its_states() {
        for region in regions() {
            let known: Vec<_> = region.states.iter().filter_map(|state| states::zones_of(state)).flatten().copied().collect();
            let all_known = region.states.iter().all(|state| states::zones_of(state).is_some());
            assert!(!all_known || region.zones.iter().all(|zone| known.contains(zone)), "{region:?} outside of {known:?}");
            assert!(!all_known || !region.zones.is_empty(), "{region:?} has no zone");
        }
    }
}
