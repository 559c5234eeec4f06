//! In which zones may the callee be? Taken at import, asked again before every dial.
//!
//! Three sources speak: the number, the state and the zone that a list states. None of them is certain (people move and keep
//! their numbers), so the answer is the union of what they allow, and a call may begin only while *every* one of these zones is
//! open ([`all_open`](crate::domain::window::all_open)). What cannot be read is refused: nobody is called at an unknown hour.

mod facts;
mod states;

use jiff::tz::TimeZone;

use crate::domain::phone::PhoneNumber;
use facts::NumberZones;

/// Why the zones of a callee cannot be known. Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// The number tells nothing and nothing else was stated.
    #[error("the number does not say where the callee is; state a zone like America/New_York in the `timezone` column")]
    UnknownNumber,
    /// A state of a +1 number that is none.
    #[error("`{0}` is not a state or province; write a postal code like CA or a name like California")]
    UnknownState(String),
    /// A stated zone that is no IANA name.
    #[error("`{0}` is not a time zone; write an IANA name like America/New_York")]
    UnknownZone(String),
    /// A stated zone that is an offset, not a place: it would be an hour off for half of the year.
    #[error("`{0}` is an offset, not a place, and ignores daylight saving; write an IANA name like America/New_York")]
    NotAPlace(String),
}

/// The IANA zones the callee may be in, sorted, never empty. `state` is read for +1 numbers only: elsewhere the same letters
/// mean other places.
///
/// A number that tells no more than its country (toll-free numbers, national mobile ranges) yields to a stated zone or state.
///
/// # Errors
/// [`ZoneError`] when a stated value cannot be read, or nothing is known at all.
pub fn zones_for(number: &PhoneNumber, state: Option<&str>, stated_zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
    let mut zones: Vec<String> = Vec::new();
    if let Some(state) = stated(state).filter(|_| number.e164().starts_with("+1")) {
        let known = states::zones_of(state).ok_or_else(|| ZoneError::UnknownState(state.to_owned()))?;
        zones.extend(known.iter().map(ToString::to_string));
    }
    if let Some(name) = stated(stated_zone) {
        zones.push(place(name)?);
    }
    match facts::of_number(number) {
        Some(NumberZones::Country(_)) if !zones.is_empty() => {}
        Some(NumberZones::Area(known) | NumberZones::Country(known)) => zones.extend(known.iter().map(ToString::to_string)),
        None if zones.is_empty() => return Err(ZoneError::UnknownNumber),
        None => {}
    }
    zones.sort_unstable();
    zones.dedup();
    Ok(zones)
}

/// The US state or territory most numbers of an area code are placed in, as its postal code; `None` outside the United States.
#[must_use]
pub fn state_of(number: &PhoneNumber) -> Option<&'static str> {
    facts::state_of(number)
}

/// The country a number belongs to, as its ISO 3166 code; `None` for ranges of no country and area codes of none.
#[must_use]
pub fn country_of(number: &PhoneNumber) -> Option<&'static str> {
    facts::country_of(number)
}

/// The postal code of a state, territory or province from its code or English name, whatever the case.
#[must_use]
pub fn state_code(state: &str) -> Option<&'static str> {
    states::code_of(state.trim())
}

/// The canonical name of a zone that is a place.
///
/// # Errors
/// [`ZoneError::UnknownZone`] and [`ZoneError::NotAPlace`].
pub fn place(name: &str) -> Result<String, ZoneError> {
    let zone = TimeZone::get(name).map_err(|_| ZoneError::UnknownZone(name.to_owned()))?;
    let known = zone.iana_name().ok_or_else(|| ZoneError::UnknownZone(name.to_owned()))?;
    let is_place = known.contains('/') && !known.starts_with("Etc/");
    if is_place { Ok(known.to_owned()) } else { Err(ZoneError::NotAPlace(name.to_owned())) }
}

fn stated(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(number: &str, state: Option<&str>, zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
        zones_for(&PhoneNumber::from_e164(number).unwrap(), state, zone)
    }

    #[test]
    fn unites_what_every_source_allows() {
        type Case<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [&'a str]);
        let cases: [Case<'_>; 12] = [
            ("+14155550100", None, None, &["America/Los_Angeles"]),
            ("+14155550100", Some("CA"), Some("America/Los_Angeles"), &["America/Los_Angeles"]),
            ("+14155550100", Some(" new york "), None, &["America/Los_Angeles", "America/New_York"]),
            ("+14155550100", None, Some("america/chicago"), &["America/Chicago", "America/Los_Angeles"]),
            ("+18505550100", None, None, &["America/Chicago", "America/New_York"]),
            ("+13055550100", Some("FL"), None, &["America/Chicago", "America/New_York"]),
            ("+447400123456", Some("CA"), None, &["Europe/Guernsey", "Europe/Isle_of_Man", "Europe/London"]),
            ("+77101234567", None, Some("Asia/Almaty"), &["Asia/Almaty"]),
            ("+18005550100", Some("TX"), Some("US/Central"), &["America/Chicago", "America/Denver", "US/Central"]),
            ("+88161234567", None, Some("Pacific/Auckland"), &["Pacific/Auckland"]),
            ("+61291234567", None, None, &["Australia/Sydney"]),
            ("+4930123456", None, None, &["Europe/Berlin"]),
        ];
        for (number, state, zone, expected) in cases {
            assert_eq!(zones(number, state, zone).unwrap(), expected, "{number} {state:?} {zone:?}");
        }
    }

    #[test]
    fn a_bare_country_keeps_all_its_zones() {
        assert!(zones("+18005550100", None, None).unwrap().len() > 30);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(zones("+88161234567", None, None), Err(ZoneError::UnknownNumber));
        assert_eq!(zones("+14155550100", Some("Kalifornia"), None), Err(ZoneError::UnknownState("Kalifornia".to_owned())));
        assert_eq!(zones("+14155550100", None, Some("Mars/Olympus")), Err(ZoneError::UnknownZone("Mars/Olympus".to_owned())));
        for name in ["EST", "UTC", "Etc/GMT+5"] {
            assert_eq!(zones("+14155550100", None, Some(name)), Err(ZoneError::NotAPlace(name.to_owned())));
        }
        assert!(zones("+14155550100", None, Some("Eastern")).is_err());
    }

    #[test]
    fn every_zone_of_the_facts_is_known() {
        for name in facts::all_zones().chain(states::all_zones()) {
            assert!(TimeZone::get(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn numbers_know_their_country() {
        let table = [
            ("+14155550100", Some("US")),
            ("+17875550100", Some("US")),
            ("+14165550100", Some("CA")),
            ("+18765550100", Some("JM")),
            ("+442079460000", Some("GB")),
            ("+353871234567", Some("IE")),
            ("+77101234567", Some("KZ")),
            ("+79261234567", Some("RU")),
            ("+88161234567", None),
            ("+18005550100", None),
        ];
        for (number, country) in table {
            assert_eq!(country_of(&PhoneNumber::from_e164(number).unwrap()), country, "{number}");
        }
    }

    #[test]
    fn area_codes_know_their_state_and_lie_in_its_zones() {
        let number = |code: &str| PhoneNumber::from_e164(&format!("+1{code}5550100")).unwrap();
        assert_eq!(state_of(&number("415")), Some("CA"));
        assert_eq!(state_of(&number("787")), Some("PR"));
        assert_eq!(state_of(&number("416")), None);
        assert_eq!(state_of(&PhoneNumber::from_e164("+442079460000").unwrap()), None);
        for (code, state) in facts::area_code_states() {
            assert!(states::zones_of(state).is_some(), "{code} {state}");
        }
    }
}
