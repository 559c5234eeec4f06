//! In which zones may the callee be? Taken at import, asked again before every dial.
//!
//! Three sources speak: the number, the address (state and postal code) and the zone that a list states. None of them is certain (people move and keep
//! their numbers), so the answer is the union of what they allow, and a call may begin only while *every* one of these zones is
//! open ([`all_open`](crate::domain::window::all_open)). What cannot be read is refused: nobody is called at an unknown hour.

mod abbreviation;
mod facts;
mod postal;
mod states;

use jiff::tz::TimeZone;

use crate::domain::phone::PhoneNumber;
use facts::NumberZones;

pub use abbreviation::abbreviated;

/// Why the zones of a callee cannot be known. Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// The number tells nothing and nothing else was stated.
    #[error("the number does not say where the callee is; state a zone like America/New_York in the `timezone` column")]
    UnknownNumber,
    /// A state of a +1 number that is none.
    #[error("`{0}` is not a state or province; write a postal code like CA or a name like California")]
    UnknownState(String),
    /// A postal code that is written like none of the United States or Canada.
    #[error("`{0}` is neither a ZIP code nor a Canadian postal code; write 94105, 94105-1234 or K1A 0B1")]
    NotAPostalCode(String),
    /// A postal code that no place has.
    #[error("no place has a postal code like `{0}`")]
    UnknownPostalCode(String),
    /// A post office of the armed forces, and no zone is stated.
    #[error("`{0}` is a post office of the armed forces, which may be anywhere; state a zone like Europe/Berlin in the `timezone` column")]
    ArmedForces(String),
    /// A postal code that lies in another state than the one that is stated.
    #[error("the postal code `{code}` lies in {lies_in}, the state says {state}; one of them is wrong")]
    Elsewhere {
        /// The postal code.
        code: String,
        /// The states it lies in.
        lies_in: String,
        /// The stated one.
        state: &'static str,
    },
    /// A stated zone that is no IANA name.
    #[error("`{0}` is not a time zone; write an IANA name like {like}", like = like(.0))]
    UnknownZone(String),
    /// A stated zone that is an offset, not a place: it would be an hour off for half of the year.
    #[error("`{0}` is an offset, not a place, and ignores daylight saving; write an IANA name like {like}", like = like(.0))]
    NotAPlace(String),
}

/// Where a list says that a person lives. Read for +1 numbers only: elsewhere the same letters and digits mean other places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// State or province.
    pub state: Option<&'a str>,
    /// ZIP code or Canadian postal code.
    pub postal_code: Option<&'a str>,
}

impl Address<'_> {
    /// The states and provinces it may lie in, by their codes; what cannot be read tells none. A stated state is more precise
    /// than a postal code that lies there and elsewhere; where the two differ both are told.
    #[must_use]
    pub fn states(&self, number: &PhoneNumber) -> Vec<&'static str> {
        if !is_north_american(number) {
            return Vec::new();
        }
        let state = stated(self.state).and_then(states::code_of);
        let region = stated(self.postal_code).and_then(|code| postal::region_of(code).ok());
        match (state, region) {
            (Some(state), Some(region)) if !region.states.contains(&state) => {
                [state].into_iter().chain(region.states.iter().copied()).collect()
            }
            (Some(state), _) => vec![state],
            (None, Some(region)) => region.states.clone(),
            (None, None) => Vec::new(),
        }
    }

    /// Its zones. A postal code is more precise than the state it lies in.
    fn zones(&self, zone_is_stated: bool) -> Result<&'static [&'static str], ZoneError> {
        let known = |text: &str| states::zones_of(text).zip(states::code_of(text)).ok_or_else(|| ZoneError::UnknownState(text.to_owned()));
        let state = stated(self.state).map(known).transpose()?;
        let Some(code) = stated(self.postal_code) else { return Ok(state.map(|(zones, _)| zones).unwrap_or_default()) };
        let region = postal::region_of(code)?;
        match state {
            Some((_, state)) if !region.states.contains(&state) => {
                Err(ZoneError::Elsewhere { code: code.to_owned(), lies_in: region.states.join(" or "), state })
            }
            _ if region.zones.is_empty() && !zone_is_stated => Err(ZoneError::ArmedForces(code.to_owned())),
            _ => Ok(&region.zones),
        }
    }
}

fn is_north_american(number: &PhoneNumber) -> bool {
    number.e164().starts_with("+1")
}

/// The IANA zones the callee may be in, sorted, never empty.
///
/// A number that tells no more than its country (toll-free numbers, national mobile ranges) yields to a stated zone or address.
///
/// # Errors
/// [`ZoneError`] when a stated value cannot be read, state and postal code differ, or nothing is known at all.
pub fn zones_for(number: &PhoneNumber, address: Address<'_>, stated_zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
    let mut zones: Vec<String> = Vec::new();
    let zone = stated(stated_zone).map(place).transpose()?;
    if is_north_american(number) {
        zones.extend(address.zones(zone.is_some())?.iter().map(ToString::to_string));
    }
    zones.extend(zone);
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

/// The country of numbers that begin with these four digits (behind the `+`): more digits tell no other.
#[must_use]
pub fn country_of_opening(digits: &str) -> Option<&'static str> {
    facts::country_of_digits(digits)
}

/// Whether any number belongs to a country, by its ISO 3166 code.
#[must_use]
pub fn has_numbers(country: &str) -> bool {
    facts::has_numbers(country)
}

/// The code to write instead of one that no number belongs to: `GB` for `UK`, `US` for a territory of the United States.
#[must_use]
pub fn country_with_numbers_of(code: &str) -> Option<&'static str> {
    facts::country_with_numbers_of(code)
}

/// How the numbers of a country begin: the four digits behind the `+`.
#[must_use]
pub fn openings_of(country: &str) -> Vec<String> {
    facts::openings_of(country)
}

/// The canonical name of a zone that is a place.
///
/// # Errors
/// [`ZoneError::UnknownZone`] and [`ZoneError::NotAPlace`].
pub fn place(name: &str) -> Result<String, ZoneError> {
    let zone = TimeZone::get(name).map_err(|_| ZoneError::UnknownZone(name.to_owned()))?;
    let known = zone.iana_name().ok_or_else(|| ZoneError::UnknownZone(name.to_owned()))?;
    if is_place(known) { Ok(known.to_owned()) } else { Err(ZoneError::NotAPlace(name.to_owned())) }
}

/// The place that an abbreviation means, to be written instead.
fn like(name: &str) -> &'static str {
    abbreviated(name).filter(|zone| is_place(zone)).unwrap_or("America/New_York")
}

fn is_place(zone: &str) -> bool {
    zone.contains('/') && !zone.starts_with("Etc/")
}

fn stated(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod every_source;

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(number: &str, state: Option<&str>, zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
        zones_for(&PhoneNumber::from_e164(number).unwrap(), Address { state, postal_code: None }, zone)
    }

    fn at(number: &str, state: Option<&str>, postal_code: &str, zone: Option<&str>) -> Result<Vec<String>, ZoneError> {
        let address = Address { state, postal_code: Some(postal_code) };
        zones_for(&PhoneNumber::from_e164(number).unwrap(), address, zone)
    }

    #[test]
    fn a_code_without_numbers_leads_to_one_that_has_them() {
        let letters = || (b'A'..=b'Z').map(char::from);
        for code in letters().flat_map(|first| letters().map(move |second| format!("{first}{second}"))) {
            if let Some(meant) = country_with_numbers_of(&code) {
                assert!(!has_numbers(&code) && has_numbers(meant), "{code} {meant}");
            }
        }
        assert!(has_numbers("US") && !has_numbers(""), "calling codes of no country are none of an empty one");
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
    fn a_postal_code_tells_more_than_its_state_and_never_less_than_the_number() {
        type Case<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, &'a [&'a str]);
        let cases: [Case<'_>; 9] = [
            ("+13055550100", Some("FL"), "33101", None, &["America/New_York"]),
            ("+13055550100", Some("florida"), "32456", None, &["America/Chicago", "America/New_York"]),
            ("+14155550100", None, "10001", None, &["America/Los_Angeles", "America/New_York"]),
            ("+18005550100", None, "60601-1234", None, &["America/Chicago"]),
            ("+14165550100", None, "R3C 0A1", None, &["America/Toronto", "America/Winnipeg"]),
            ("+14155550100", None, "94105", Some("America/Denver"), &["America/Denver", "America/Los_Angeles"]),
            ("+14155550100", None, "09012", Some("Europe/Berlin"), &["America/Los_Angeles", "Europe/Berlin"]),
            ("+12035550100", Some("NY"), "06390", None, &["America/New_York"]),
            ("+442079460000", None, "SW1A 1AA", None, &["Europe/London"]),
        ];
        for (number, state, code, zone, expected) in cases {
            assert_eq!(at(number, state, code, zone).unwrap(), expected, "{number} {state:?} {code} {zone:?}");
        }
    }

    #[test]
    fn a_postal_code_that_says_nothing_or_something_else_is_refused() {
        let code = |text: &str| text.to_owned();
        assert_eq!(at("+14155550100", None, "2134", None), Err(ZoneError::NotAPostalCode(code("2134"))));
        assert_eq!(at("+14155550100", None, "00100", Some("America/Denver")), Err(ZoneError::UnknownPostalCode(code("00100"))));
        assert_eq!(at("+14155550100", None, "09012", None), Err(ZoneError::ArmedForces(code("09012"))));
        let elsewhere = ZoneError::Elsewhere { code: code("06390"), lies_in: "CT or NY".to_owned(), state: "CA" };
        assert_eq!(at("+14155550100", Some("California"), "06390", None), Err(elsewhere));
    }

    #[test]
    fn an_address_tells_the_states_whose_law_may_hold() {
        let states = |number: &str, state: Option<&str>, postal_code: Option<&str>| {
            Address { state, postal_code }.states(&PhoneNumber::from_e164(number).unwrap())
        };
        assert_eq!(states("+14155550100", Some("new york"), None), ["NY"]);
        assert_eq!(states("+14155550100", None, Some("06390")), ["CT", "NY"]);
        assert_eq!(states("+14155550100", Some("NY"), Some("06390")), ["NY"]);
        assert_eq!(states("+14155550100", Some("TX"), Some("06390")), ["TX", "CT", "NY"]);
        assert!(states("+14155550100", Some("?"), Some("2134")).is_empty());
        assert!(states("+442079460000", Some("CA"), Some("94105")).is_empty());
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
        let said = |name: &str| zones("+14155550100", None, Some(name)).unwrap_err().to_string();
        assert!(said("Pacific").ends_with("is not a time zone; write an IANA name like America/Los_Angeles"));
        assert!(said("MST").ends_with("ignores daylight saving; write an IANA name like America/Denver"));
        assert!(said("UTC").ends_with("write an IANA name like America/New_York"));
    }

    #[test]
    fn every_zone_of_the_facts_is_known() {
        let postal = postal::regions().flat_map(|region| region.zones.iter().copied());
        for name in facts::all_zones().chain(states::all_zones()).chain(postal) {
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
