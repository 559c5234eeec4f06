//! One line, two spellings. Lists are read without the 0 that is dialed at home (`+442079460197`); a request could once bring a number
//! with it (`+4402079460197`), and lists did too. Whoever asks not to be called means the line, however its number was kept.

use phonenumber::Mode;
use phonenumber::metadata::DATABASE;

use crate::domain::phone::PhoneNumber;

/// How else the number of a line may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// The number.
    pub number: PhoneNumber,
    /// It is how lists are read, so that leads which come later have it.
    pub is_read: bool,
}

/// The other spelling of a number, where its country has a 0 that is dialed at home. Takes some microseconds.
#[must_use]
pub fn spelled_otherwise(number: &PhoneNumber) -> Option<Spelling> {
    let parsed = phonenumber::parse(None, number.e164()).ok().filter(phonenumber::is_valid)?;
    let zero = parsed.metadata(&DATABASE)?.national_prefix().filter(|prefix| *prefix == "0")?;
    let read = parsed.format().mode(Mode::E164).to_string();
    let written = format!("+{}{zero}{}", parsed.code().value(), parsed.national());
    let is_read = number.e164() == written;
    if !is_read && number.e164() != read {
        return None;
    }
    let other = if is_read { read } else { written };
    Some(Spelling { number: PhoneNumber::from_e164(&other).ok()?, is_read })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_the_zero_of_home_and_without_it_are_one_line() {
        for (read, written) in [("+442079460197", "+4402079460197"), ("+4930123456", "+49030123456"), ("+33142685300", "+330142685300")] {
            let [one, other] = [read, written].map(|text| PhoneNumber::from_e164(text).unwrap());
            assert_eq!(spelled_otherwise(&one), Some(Spelling { number: other.clone(), is_read: false }), "{read}");
            assert_eq!(spelled_otherwise(&other), Some(Spelling { number: one, is_read: true }), "{written}");
        }
    }

    #[test]
    fn most_numbers_have_one_spelling() {
        for text in ["+14155550123", "+390669812345", "+34912345678", "+999123456789"] {
            assert_eq!(spelled_otherwise(&PhoneNumber::from_e164(text).unwrap()), None, "{text}");
        }
    }
}
