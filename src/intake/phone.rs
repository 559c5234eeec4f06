//! A phone cell as people and spreadsheets write it, read into a number that can be dialed.
//!
//! The rules are those of libphonenumber, in the crate of that name. It takes the 8 that is dialed at home off numbers of Russia,
//! Kazakhstan, Belarus and Lithuania also where it begins an area (+7 812 …): these are refused, and none becomes another one.
//! Whether a number of the North American plan exists depends on its first six digits alone, so that answer is kept: lists are long
//! and the rules slow.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, Type};

use crate::domain::line;
use crate::domain::phone::{NotE164, PhoneNumber};
use crate::domain::zone::country_with_numbers_of;
use crate::intake::finding::{FindingCode, Trouble};

/// Marks of text: a spreadsheet's apostrophe, and what a program or a person has made of one.
pub(super) const APOSTROPHES: [char; 5] = ['\'', '’', '‘', '`', '´'];

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

/// Without blanks around it, invisible marks, a mark of text in front, a separator that nothing follows, and with digits of any script
/// as `0`–`9`.
fn plain(cell: &str) -> Cow<'_, str> {
    let cell = cell.trim().trim_start_matches(APOSTROPHES).trim_end_matches(';').trim();
    if cell.is_ascii() {
        return Cow::Borrowed(cell);
    }
    let marks =
        |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}');
    let text: String = cell.chars().filter(marks).map(western).collect();
    Cow::Owned(text.trim().to_owned())
}

fn western(c: char) -> char {
    const ZEROS: [u32; 5] = [0xff10, 0x0660, 0x06f0, 0x0966, 0x09e6];
    let code = u32::from(c);
    let digit = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero);
    match c {
        '\u{ff0b}' => '+',
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' => '-',
        _ => digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c),
    }
}

/// What is no number at all, told apart so that the message helps.
fn written(text: &str) -> Result<&str, Trouble> {
    use FindingCode::{ExcelNumber, Extension, LettersInPhone, MissingPhone, NotANumber};
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        return Err(Trouble::new(MissingPhone, "the phone number is empty", "fill it in, or delete the row"));
    }
    if is_scientific(&lower) || is_rounded(&lower) {
        let message = "the spreadsheet has turned the number into a rounded figure; its last digits are lost";
        return Err(Trouble::new(ExcelNumber, message, "format the column as text in the original list and export it again"));
    }
    let text = whole(text);
    let (marks, letters) = (["ext", "x", "#", ";"], lower.bytes().any(|b| b.is_ascii_alphabetic()));
    if !lower.bytes().any(|b| b.is_ascii_digit()) {
        return Err(Trouble::new(NotANumber, "this is not a phone number", "write it like +14155550123"));
    }
    if marks.iter().any(|mark| lower.contains(mark)) && !lower.starts_with("ext") {
        return Err(Trouble::new(Extension, "the number has an extension, which cannot be dialed", "give a direct number"));
    }
    if letters && !lower.starts_with("tel:") {
        return Err(Trouble::new(LettersInPhone, "letters stand in the number", "write its digits, like +14155550123"));
    }
    Ok(text)
}

/// `14155500000.0`: `1.4155e+10` after a program has read it as a figure. Five zeros at the end are what its six digits leave.
fn is_rounded(lower: &str) -> bool {
    lower.strip_suffix("00000.0").is_some_and(|begin| begin.len() >= 5 && is_figure(begin))
}

/// `14155500000`: `1.4155E+10` after a spreadsheet was told to write it in full. It may be the number all the same.
pub(super) fn may_be_rounded(cell: &str) -> bool {
    cell.len() >= 10 && cell.ends_with("00000") && cell.bytes().all(|b| b.is_ascii_digit())
}

/// A figure without its `.0`, which is no digit of the number; any other text as it is.
fn whole(text: &str) -> &str {
    text.strip_suffix(".0").filter(|figure| is_figure(figure)).unwrap_or(text)
}

/// Digits, maybe behind a `+` that was put before a figure.
fn is_figure(text: &str) -> bool {
    text.strip_prefix('+').unwrap_or(text).bytes().all(|b| b.is_ascii_digit())
}

/// `1.4155e+10`.
fn is_scientific(lower: &str) -> bool {
    let Some((mantissa, exponent)) = lower.split_once('e') else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let figure = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',');
    figure(mantissa) && !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Dialable = 1,
    NotDialable = 2,
    Invalid = 3,
}

/// libphonenumber's answer, and the number it is about.
fn look_up(e164: &str) -> (Verdict, Cow<'_, str>) {
    let Ok(parsed) = phonenumber::parse(None, e164) else { return (Verdict::Invalid, Cow::Borrowed(e164)) };
    let verdict = match parsed.number_type(&DATABASE) {
        _ if line::of_no_country(e164).is_some() => Verdict::NotDialable,
        _ if !phonenumber::is_valid(&parsed) => Verdict::Invalid,
        Type::PremiumRate | Type::SharedCost | Type::Pager | Type::Voicemail | Type::Emergency | Type::ShortCode => Verdict::NotDialable,
        _ => Verdict::Dialable,
    };
    (verdict, Cow::Owned(parsed.format().mode(Mode::E164).to_string()))
}

/// A cell that is `+1` and ten digits already.
fn north_american(text: &str) -> Option<Cow<'_, str>> {
    let digits = text.strip_prefix("+1")?;
    (digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(Cow::Borrowed(text))
}

/// The forms in which most American lists write numbers; `d` is a digit.
const USUAL_FORMS: [&str; 9] = [
    "dddddddddd",
    "ddd-ddd-dddd",
    "(ddd) ddd-dddd",
    "(ddd)ddd-dddd",
    "ddd.ddd.dddd",
    "ddd ddd dddd",
    "1dddddddddd",
    "1-ddd-ddd-dddd",
    "1 (ddd) ddd-dddd",
];

/// A national number of the United States or Canada in a usual form, read without the slow rules.
fn usual_form<'a>(text: &str, region: Option<Region>) -> Option<Cow<'a, str>> {
    let fits = |form: &&str| {
        form.len() == text.len()
            && form.bytes().zip(text.bytes()).all(|(form, byte)| if form == b'd' { byte.is_ascii_digit() } else { form == byte })
    };
    let american = region.is_some_and(|region| matches!(region.0, Id::US | Id::CA));
    if !american || !USUAL_FORMS.iter().any(fits) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = digits.get(digits.len().checked_sub(10)?..)?;
    // A national number does not begin with 0 or 1; the rules know what that is instead.
    (!national.starts_with(['0', '1'])).then(|| Cow::Owned(format!("+1{national}")))
}

/// One byte for each area code and exchange: 0 until it was asked for.
static KNOWN: [AtomicU8; 1_000_000] = [const { AtomicU8::new(0) }; 1_000_000];

fn north_american_verdict(e164: &str) -> Verdict {
    let Some(place) = e164.get(2..8).and_then(|digits| digits.parse::<usize>().ok()).and_then(|index| KNOWN.get(index)) else {
        return look_up(e164).0;
    };
    match place.load(Ordering::Relaxed) {
        1 => Verdict::Dialable,
        2 => Verdict::NotDialable,
        3 => Verdict::Invalid,
        _ => {
            let (verdict, _) = look_up(e164);
            place.store(verdict as u8, Ordering::Relaxed);
            verdict
        }
    }
}

#[cfg(test)]
mod tests;
