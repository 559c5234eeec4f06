//! Numbers that are no person's line: premium rate, satellite, pagers and the like. Refused at import, whichever countries the
//! campaign calls, and before every dial.
//!
//! Ranges of no country come from `line_ranges.tsv`; within a country libphonenumber tells the kind of a number.

use std::sync::LazyLock;

use phonenumber::Type;
use phonenumber::metadata::DATABASE;

use crate::domain::phone::PhoneNumber;

/// A range nobody is called in, and where that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockedRange {
    /// What it is: `premium rate`, `satellite`.
    pub kind: &'static str,
    /// Where that stands.
    pub citation: &'static str,
}

const LIBPHONENUMBER: &str = "libphonenumber's number types";

static RANGES: LazyLock<Vec<(&'static str, BlockedRange)>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let (prefix, kind, citation) = (cells.next()?, cells.next()?, cells.next()?);
        Some((prefix, BlockedRange { kind, citation }))
    };
    include_str!("line_ranges.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
});

/// The blocked range a number lies in. Takes some microseconds: gather it with the other facts, not inside the permit.
#[must_use]
pub fn blocked_range(number: &PhoneNumber) -> Option<BlockedRange> {
    of_no_country(number.e164()).or_else(|| by_type(number))
}

/// The range of no country that a number in E.164 form lies in.
#[must_use]
pub fn of_no_country(e164: &str) -> Option<BlockedRange> {
    RANGES.iter().find(|(prefix, _)| e164.starts_with(prefix)).map(|(_, range)| *range)
}

fn by_type(number: &PhoneNumber) -> Option<BlockedRange> {
    let kind = match phonenumber::parse(None, number.e164()).ok()?.number_type(&DATABASE) {
        Type::PremiumRate => "premium rate",
        Type::SharedCost => "shared cost",
        Type::Pager => "pager",
        Type::Voicemail => "voicemail access",
        Type::Emergency => "emergency",
        Type::ShortCode => "short code",
        _ => return None,
    };
    Some(BlockedRange { kind, citation: LIBPHONENUMBER })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_no_persons_line() {
        let table = [
            ("+14155550100", None),
            ("+447400123456", None),
            ("+4930123456", None),
            ("+19005550100", Some("premium rate")),
            ("+449098790000", Some("premium rate")),
            ("+88161234567", Some("satellite")),
            ("+870773111632", Some("satellite")),
            ("+97912345678", Some("premium rate")),
            ("+80012345678", Some("freephone")),
        ];
        for (number, kind) in table {
            assert_eq!(blocked_range(&PhoneNumber::from_e164(number).unwrap()).map(|range| range.kind), kind, "{number}");
        }
    }
}
