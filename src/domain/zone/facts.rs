//! What a number itself tells: `area_codes.tsv` for North America, `prefixes.tsv` for the rest of the world, `countries.tsv`
//! for the country. The headers of these files name their sources, licences and date; `generate.py` writes them, and `own_clocks.py`
//! sees to it that a prefix has the clocks of its own country.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::phone::PhoneNumber;

/// Zones of a number, and how much the number told.
pub(super) enum NumberZones {
    /// An area, or a country with one zone.
    Area(&'static [&'static str]),
    /// Only the country, which has several zones.
    Country(&'static [&'static str]),
}

struct AreaCode {
    state: &'static str,
    zones: Vec<&'static str>,
}

static AREA_CODES: LazyLock<HashMap<&'static str, AreaCode>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let (code, state, zones) = (cells.next()?, cells.next()?, cells.next()?);
        Some((code, AreaCode { state, zones: zones.split(' ').collect() }))
    };
    lines(include_str!("area_codes.tsv")).filter_map(row).collect()
});

static PREFIXES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let row = |line: &'static str| line.split_once('\t').map(|(prefix, zones)| (prefix, zones.split(' ').collect()));
    lines(include_str!("prefixes.tsv")).filter_map(row).collect()
});

static COUNTRIES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| lines(include_str!("countries.tsv")).filter_map(|line| line.split_once('\t')).collect());

/// The longest prefix in `prefixes.tsv`.
const LONGEST: usize = 9;

/// Calling codes are one to three digits.
const LONGEST_COUNTRY: usize = 3;

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// The zones of the longest known prefix.
pub(super) fn of_number(number: &PhoneNumber) -> Option<NumberZones> {
    if let Some(area) = area_code(number) {
        return Some(NumberZones::Area(&area.zones));
    }
    let digits = digits(number);
    let (length, zones) = (1..=LONGEST.min(digits.len())).rev().find_map(|length| {
        let zones = PREFIXES.get(&digits[..length])?;
        Some((length, zones.as_slice()))
    })?;
    let only_country = length <= LONGEST_COUNTRY && zones.len() > 1;
    Some(if only_country { NumberZones::Country(zones) } else { NumberZones::Area(zones) })
}

/// The state of a US area code.
pub(super) fn state_of(number: &PhoneNumber) -> Option<&'static str> {
    area_code(number).map(|area| area.state).filter(|state| !state.is_empty())
}

/// The ISO 3166 country of a number; territories of the United States count as that.
pub(super) fn country_of(number: &PhoneNumber) -> Option<&'static str> {
    country_of_digits(digits(number))
}

/// Whether there is a calling code of this country.
pub(super) fn has_numbers(country: &str) -> bool {
    !country.is_empty() && COUNTRIES.values().any(|known| *known == country)
}

/// The country as which numbers count that may be looked for under this code: codes that are often mistaken, and places that
/// share the calling code of another country.
pub(super) fn country_with_numbers_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "UK" | "EN" | "GBR" | "GG" | "IM" | "JE" => "GB",
        "USA" | "AS" | "GU" | "MP" | "PR" | "UM" | "VI" => "US",
        "AX" => "FI",
        "BL" | "MF" => "GP",
        "BQ" => "CW",
        "CC" | "CX" => "AU",
        "EH" => "MA",
        "EL" => "GR",
        "SJ" => "NO",
        "VA" => "IT",
        "YT" => "RE",
        _ => return None,
    })
}

/// Every four digits that numbers of a country begin with.
pub(super) fn openings_of(country: &str) -> Vec<String> {
    let openings = (1_000..10_000).map(|digits: u32| digits.to_string());
    openings.filter(|digits| country_of_digits(digits) == Some(country)).collect()
}

/// The country of a number, by its first four digits.
pub(super) fn country_of_digits(digits: &str) -> Option<&'static str> {
    let longest = (1..=4.min(digits.len())).rev().find_map(|length| COUNTRIES.get(&digits[..length]));
    longest.copied().filter(|country| !country.is_empty())
}

fn area_code(number: &PhoneNumber) -> Option<&'static AreaCode> {
    AREA_CODES.get(digits(number).strip_prefix('1')?.get(..3)?)
}

fn digits(number: &PhoneNumber) -> &str {
    number.e164().trim_start_matches('+')
}

#[cfg(test)]
pub(super) fn all_zones() -> impl Iterator<Item = &'static str> {
    AREA_CODES.values().flat_map(|area| area.zones.iter()).chain(PREFIXES.values().flatten()).copied()
}

#[cfg(test)]
pub(super) fn area_code_states() -> impl Iterator<Item = (&'static str, &'static str)> {
    AREA_CODES.iter().map(|(code, area)| (*code, area.state)).filter(|(_, state)| !state.is_empty())
}
