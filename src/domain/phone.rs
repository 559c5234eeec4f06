//! Phone numbers: E.164 inside, masked wherever they are printed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A valid number in E.164 form (`+` and 8–15 digits). Prints masked; [`PhoneNumber::e164`] is the one way to the digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(String);

/// A text that is not an E.164 number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 number: it must be `+` followed by 8 to 15 digits, for example +14155550123")]
pub struct NotE164;

impl PhoneNumber {
    /// Takes a number that is already in E.164 form.
    ///
    /// # Errors
    /// [`NotE164`] when the text is not `+` and 8–15 digits, the first not zero.
    pub fn from_e164(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotE164) }
    }

    /// The number that has these [`digits`](Self::digits).
    #[must_use]
    pub(crate) fn from_digits(digits: u64) -> Self {
        Self(format!("+{digits}"))
    }

    /// The full number, for the wire, the database and the operator's own export. Never for a log line.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// Its first four digits, which tell the country and in North America the area.
    #[must_use]
    pub fn opening(&self) -> &str {
        &self.0[1..5]
    }

    /// The number as a figure: 15 digits fit, and none begins with 0. For comparing many in little room.
    #[must_use]
    pub fn digits(&self) -> u64 {
        self.0.bytes().filter(u8::is_ascii_digit).fold(0, |figure, digit| figure * 10 + u64::from(digit - b'0'))
    }

    /// `+1415***0123`: enough to recognise, too little to call.
    #[must_use]
    pub fn masked(&self) -> String {
        let (head, tail) = (self.0.len().min(5), self.0.len().saturating_sub(4).max(5));
        format!("{}***{}", &self.0[..head], &self.0[tail.min(self.0.len())..])
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_e164(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_masked_everywhere() {
        let number = PhoneNumber::from_e164("+14155550123").unwrap();
        assert_eq!(format!("{number} {number:?}"), "+1415***0123 +1415***0123");
    }

    #[test]
    fn refuses_what_is_not_e164() {
        for text in ["14155550123", "+0415555012", "+1415", "+1415555012x", "", "+1234567890123456"] {
            assert_eq!(PhoneNumber::from_e164(text), Err(NotE164), "{text}");
        }
    }
}
