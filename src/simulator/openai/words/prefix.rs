//! The prompt cache: a prefix seen before costs less. Prefixes count from 1,024 tokens, in steps of 128.

use std::collections::HashSet;

use super::tokens::pieces;
use crate::simulator::dice::scramble;

const SHORTEST: u64 = 1024;
const STEP: u64 = 128;
/// Beyond this many remembered prefixes the memory starts anew, as the real one forgets idle prefixes.
const MOST: usize = 1 << 18;

/// Prefixes seen in this run.
#[derive(Debug, Default)]
pub struct PrefixCache {
    seen: HashSet<u64>,
}

impl PrefixCache {
    /// How many tokens at the head of `prompt` were seen before for `model`; remembers this one.
    pub fn cached_tokens(&mut self, model: &str, prompt: &str) -> u64 {
        let mut hash = model.bytes().fold(0, |hash, byte| scramble(hash ^ u64::from(byte)));
        let (mut length, mut cached) = (0, 0);
        for piece in pieces(prompt) {
            hash = piece.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
            length += 1;
            if length >= SHORTEST && length % STEP == 0 && !self.remember(scramble(hash)) {
                cached = length;
            }
        }
        cached
    }

    /// Whether it is new.
    fn remember(&mut self, prefix: u64) -> bool {
        if self.seen.len() >= MOST {
            self.seen.clear();
        }
        self.seen.insert(prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::PrefixCache;

    #[test]
    fn a_long_prefix_is_cached_the_second_time_in_steps_of_128() {
        let mut cache = PrefixCache::default();
        let head = "word ".repeat(1200);
        assert_eq!(cache.cached_tokens("m", &format!("{head}one")), 0);
        assert_eq!(cache.cached_tokens("m", &format!("{head}two")), 1152);
        assert_eq!(cache.cached_tokens("other", &format!("{head}two")), 0, "each model has its own");
        assert_eq!(cache.cached_tokens("m", &"word ".repeat(900)), 0, "short prompts are never cached");
    }
}
