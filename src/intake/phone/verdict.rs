//! Whether a number exists and is a person's, by the rules of libphonenumber.
//!
//! Of the North American plan the first six digits alone decide, so that answer is kept: lists are long and the rules slow.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, Type};

use crate::domain::line;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Dialable = 1,
    NotDialable = 2,
    Invalid = 3,
}

/// libphonenumber's answer, and the number it is about.
pub(super) fn look_up(e164: &str) -> (Verdict, Cow<'_, str>) {
    let Ok(parsed) = phonenumber::parse(None, e164) else { return (Verdict::Invalid, Cow::Borrowed(e164)) };
    let verdict = match parsed.number_type(&DATABASE) {
        _ if line::of_no_country(e164).is_some() => Verdict::NotDialable,
        _ if !phonenumber::is_valid(&parsed) => Verdict::Invalid,
        Type::PremiumRate | Type::SharedCost | Type::Pager | Type::Voicemail | Type::Emergency | Type::ShortCode => Verdict::NotDialable,
        _ => Verdict::Dialable,
    };
    (verdict, Cow::Owned(parsed.format().mode(Mode::E164).to_string()))
}

/// One byte for each area code and exchange: 0 until it was asked for.
static KNOWN: [AtomicU8; 1_000_000] = [const { AtomicU8::new(0) }; 1_000_000];

pub(super) fn north_american_verdict(e164: &str) -> Verdict {
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
