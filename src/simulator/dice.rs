//! Chance and names that can be repeated: everything that looks random in a run follows from its seed.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that follows from the seed and the parts, and from nothing else.
#[must_use]
pub fn mix(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut hash = scramble(seed ^ 0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in *part {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash = scramble(hash);
    }
    hash
}

/// The next number of a stream: the finaliser of SplitMix64, a full-period permutation.
#[must_use]
pub const fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in `0.0..1.0`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
pub const fn unit(number: u64) -> f64 {
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

/// `len` letters and digits.
#[must_use]
pub fn letters(mut number: u64, len: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::with_capacity(len);
    for _ in 0..len {
        number = scramble(number);
        text.push(char::from(ALPHABET[usize::try_from(number % 62).unwrap_or(0)]));
    }
    text
}

/// Ids that never repeat within a run and are the same in the next run of the same seed and order of requests.
#[derive(Debug)]
pub struct Ids {
    seed: u64,
    given: AtomicU64,
}

impl Ids {
    /// A source of ids; `realm` keeps two vendors' ids apart.
    #[must_use]
    pub fn new(seed: u64, realm: &str) -> Self {
        Self { seed: mix(seed, &[realm.as_bytes()]), given: AtomicU64::new(0) }
    }

    /// `prefix` and `len` letters.
    #[must_use]
    pub fn name(&self, prefix: &str, len: usize) -> String {
        format!("{prefix}{}", letters(self.next(), len))
    }

    /// A version 4 UUID in form.
    #[must_use]
    pub fn uuid(&self) -> String {
        let high = self.next();
        let mut bytes = (u128::from(high) << 64 | u128::from(scramble(high))).to_be_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        uuid::Uuid::from_bytes(bytes).to_string()
    }

    /// The next number.
    #[must_use]
    pub fn next(&self) -> u64 {
        scramble(self.seed ^ scramble(self.given.fetch_add(1, Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Ids, letters, mix, unit};

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
        assert_eq!(mix(7, &[b"a", b"b"]), mix(7, &[b"a", b"b"]));
        assert_ne!(mix(7, &[b"a", b"b"]), mix(8, &[b"a", b"b"]));
        assert_ne!(mix(7, &[b"ab"]), mix(7, &[b"a", b"b"]), "parts are kept apart");
        assert!((0.0..1.0).contains(&unit(u64::MAX)));
    }

    #[test]
    fn ids_do_not_repeat_and_can_be_repeated() {
        let (first, second) = (Ids::new(7, "x"), Ids::new(7, "x"));
        let run: Vec<String> = (0..100).map(|_| first.name("req_", 8)).collect();
        assert_eq!(run, (0..100).map(|_| second.name("req_", 8)).collect::<Vec<_>>());
        assert_eq!(run.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
        assert_eq!(letters(1, 24).len(), 24);
        assert_eq!(uuid::Uuid::parse_str(&first.uuid()).unwrap().get_version_num(), 4);
    }
}
