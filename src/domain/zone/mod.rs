//! In which zones may the callee be? Taken at import, asked again before every dial.
//!
//! Three sources speak: the number, the address (state and postal code) and the zone that a list states. None of them is certain (people move and keep
//! their numbers), so the answer is the union of what they allow, and a call may begin only while *every* one of these zones is
//! open ([`all_open`](crate::domain::window::all_open)). What cannot be read is refused: nobody is called at an unknown hour.

mod abbreviation;
mod facts;
mod postal;
mod states;
mod united_states;

use jiff::tz::TimeZone;

use crate::domain::phone::PhoneNumber;
use facts::NumberZones;

pub use abbreviation::abbreviated;
pub use united_states::is_of_united_states;

/// Why the zones of a callee cannot be known. Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// The number tells nothing and nothing else was stated.
    #[error("the number does not say where the callee is; state a zone like America/New_York in the `timezone` column")]
    UnknownNumber,
    /// A state of a +1 number that is none.
    #[error("`{0}` is not a state or province; write two letters like CA or a name like California")]
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
mod own_clocks;
#[cfg(test)]
mod tests;
