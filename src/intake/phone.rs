//! A phone cell as people and spreadsheets write it, read into a number that can be dialed.
//!
//! The rules are those of libphonenumber, in the crate of that name. It takes the 8 that is dialed at home off numbers of Russia,
//! Kazakhstan, Belarus and Lithuania also where it begins an area (+7 812 …): these are refused, and none becomes another one.

mod american;
mod cell;
mod verdict;

use std::borrow::Cow;
use std::str::FromStr;

use phonenumber::Mode;
use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;

use self::american::{north_american, usual_form};
pub(super) use self::cell::{APOSTROPHES, may_be_rounded};
use self::cell::{plain, whole, written};
use self::verdict::{Verdict, look_up, north_american_verdict};
use crate::domain::phone::{NotE164, PhoneNumber};
use crate::domain::zone::country_with_numbers_of;
use crate::intake::finding::{FindingCode, Trouble};

/// The country whose national numbers a list may hold: `US`, `GB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(Id);

/// A text that names no country.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a country's ISO code; {advice}", advice = instead(.0))]
pub struct UnknownRegion(String);

fn instead(written: &str) -> String {
    let meant = country_with_numbers_of(&written.trim().to_ascii_uppercase());
    meant.map_or_else(|| "write one like US or GB".to_owned(), |code| format!("it is written {code}"))
}

impl FromStr for Region {
    type Err = UnknownRegion;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().to_ascii_uppercase().parse().map(Self).map_err(|_| UnknownRegion(text.to_owned()))
    }
}

/// Reads a phone cell. `region` tells how to read numbers without a country.
///
/// # Errors
/// [`Trouble`] with the rule that is broken and how to mend it.
pub fn dialable(cell: &str, region: Option<Region>) -> Result<PhoneNumber, Trouble> {
    let plain = plain(cell);
    if let Some(number) = north_american(&plain).or_else(|| usual_form(&plain, region)) {
        return judge(&number);
    }
    let text = written(&plain)?;
    let abroad = with_country(text, region);
    // told a region, the crate takes that region's trunk prefix off the numbers of other countries too
    let parsed = match &abroad {
        Some(number) => phonenumber::parse(None, number),
        None => phonenumber::parse(region.map(|region| region.0), text),
    };
    let parsed = parsed.map_err(|_| unreadable(text, region))?;
    if parsed.extension().is_some() {
        return Err(extension());
    }
    judge(&parsed.format().mode(Mode::E164).to_string()).map_err(|trouble| abroad_by_zeros(text, trouble))
}

/// Reads a phone cell of a do-not-call list. A figure is a number there, rounded or not: one that is on the list by mistake costs a
/// call, one that is left out is called.
///
/// # Errors
/// [`Trouble`] as of [`dialable`].
pub(super) fn not_to_call(cell: &str, region: Option<Region>) -> Result<PhoneNumber, Trouble> {
    dialable(whole(&plain(cell)), region)
}

/// The number that a person names, with its country. It is read as lists are, so that it is the number their leads have; one that no
/// list would take is kept as it is written, since it may have to be kept from being called all the same.
///
/// # Errors
/// [`NotE164`] for what is neither.
pub fn named(text: &str) -> Result<PhoneNumber, NotE164> {
    dialable(text, None).or_else(|_| PhoneNumber::from_e164(text.trim()))
}

/// A number that says its country, with `+` in front: as written, or in place of what is dialed for abroad in this region.
fn with_country(text: &str, region: Option<Region>) -> Option<Cow<'_, str>> {
    let begun = text.trim_start_matches(|c: char| c != '+' && !c.is_ascii_digit());
    if begun.starts_with('+') {
        return Some(Cow::Borrowed(begun));
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let prefix = DATABASE.by_id(region?.0.as_ref())?.international_prefix()?.find(&digits).filter(|found| found.start() == 0)?;
    let number = &digits[prefix.end()..];
    // no country's code begins with 0
    (!number.starts_with('0')).then(|| Cow::Owned(format!("+{number}")))
}

/// What elsewhere is dialed for abroad.
fn abroad_by_zeros(text: &str, trouble: Trouble) -> Trouble {
    if trouble.code == FindingCode::InvalidNumber && text.starts_with("00") {
        let message = "the number begins with 00, which is not dialed for abroad in the default country";
        return Trouble::new(FindingCode::InvalidNumber, message, "write + in place of 00");
    }
    trouble
}

fn extension() -> Trouble {
    Trouble::new(FindingCode::Extension, "the number has an extension, which cannot be dialed", "give a direct number")
}

fn unreadable(text: &str, region: Option<Region>) -> Trouble {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if region.is_none() && !text.starts_with('+') && digits >= 6 {
        let message = "the number has no country code, and the import no default country";
        return Trouble::new(FindingCode::NoCountry, message, "write it like +14155550123, or import with a default country (--region US)");
    }
    if text.starts_with('+') && (7..=15).contains(&digits) {
        return Trouble::new(FindingCode::InvalidNumber, "no country has this calling code", "check the digits");
    }
    length_trouble(digits)
        .unwrap_or_else(|| Trouble::new(FindingCode::NotANumber, "this is not a phone number", "write it like +14155550123"))
}

fn length_trouble(digits: usize) -> Option<Trouble> {
    match digits {
        0..=6 => Some(Trouble::new(FindingCode::TooShort, "the number has too few digits", "write all of it, like +14155550123")),
        16.. => {
            Some(Trouble::new(FindingCode::TooLong, "the number has too many digits; 15 are the most", "check for two numbers in one cell"))
        }
        _ => None,
    }
}

/// Whether a number in E.164 form exists and belongs to a person's line. Gives the number that was judged: a zero that is dialed at
/// home may still stand behind the country, and nobody is to have two numbers.
fn judge(e164: &str) -> Result<PhoneNumber, Trouble> {
    let (verdict, e164) = match north_american(e164) {
        Some(e164) => (north_american_verdict(&e164), e164),
        None => look_up(e164),
    };
    match (verdict, PhoneNumber::from_e164(&e164)) {
        (Verdict::Dialable, Ok(number)) => Ok(number),
        (Verdict::NotDialable, _) => {
            let message = "calls to this number cost extra, or it is no line of a person";
            Err(Trouble::new(FindingCode::NotDialable, message, "give the person's own number"))
        }
        _ => Err(length_trouble(e164.len() - 1).unwrap_or_else(|| {
            let message = "no such number can exist: its area or exchange is not in use";
            Trouble::new(FindingCode::InvalidNumber, message, "check the digits")
        })),
    }
}

#[cfg(test)]
mod tests;
