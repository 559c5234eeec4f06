//! Numbers with their nouns, as people say them.

use std::fmt::Display;

/// `1 call`, `2 calls`, `0 calls`: for nouns whose plural is made with an s.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let s = if is_one(&number) { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// The verb that goes with a number: `is` for one, `are` for any other.
#[must_use]
pub fn are<N: PartialEq + From<u8>>(number: &N) -> &'static str {
    if is_one(number) { "is" } else { "are" }
}

/// `has` for one, `have` for any other.
#[must_use]
pub fn have<N: PartialEq + From<u8>>(number: &N) -> &'static str {
    if is_one(number) { "has" } else { "have" }
}

fn is_one<N: PartialEq + From<u8>>(number: &N) -> bool {
    *number == N::from(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!([counted(0, "call"), counted(1, "call"), counted(2_u64, "failed job")], ["0 calls", "1 call", "2 failed jobs"]);
        assert_eq!((are(&1_i64), are(&0_u32)), ("is", "are"));
        assert_eq!((have(&1_i64), have(&0_u32)), ("has", "have"));
    }
}
