//! Chance that can be repeated: what a call draws follows from the seed, the lead and the number of the try, never from the
//! order in which calls are made.

use uuid::Uuid;

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of one try at one lead.
    #[must_use]
    pub fn of(seed: u64, lead: Uuid, attempt_no: u32) -> Self {
        let (high, low) = lead.as_u64_pair();
        let parts = [high, low, u64::from(attempt_no)];
        Self(parts.into_iter().fold(scramble(seed), |state, part| scramble(state ^ part)))
    }

    /// At least 0 and less than 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (scramble(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number from `least` to `most`.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
    pub fn between(&mut self, (least, most): (u64, u64)) -> u64 {
        let span = most.saturating_sub(least) + 1;
        least + ((self.share() * span as f64) as u64).min(span - 1)
    }

    /// Normally distributed, with mean 0 and deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}

const fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(seed: u64, lead: u128, attempt_no: u32) -> Vec<f64> {
        let mut dice = Dice::of(seed, Uuid::from_u128(lead), attempt_no);
        (0..4).map(|_| dice.share()).collect()
    }

    #[test]
    fn the_same_try_draws_the_same_and_any_other_something_else() {
        assert_eq!(draws(1, 7, 1), draws(1, 7, 1));
        for other in [draws(2, 7, 1), draws(1, 8, 1), draws(1, 7, 2)] {
            assert_ne!(other, draws(1, 7, 1));
        }
    }

    #[test]
    fn draws_are_spread_as_they_should_be() {
        let (mut dice, n) = (Dice::of(1, Uuid::nil(), 1), 20_000);
        let mean = (0..n).map(|_| dice.share()).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let below = (0..n).filter(|_| dice.normal() < 1.2816).count() as f64 / f64::from(n);
        assert!((below - 0.9).abs() < 0.01, "{below}");
        assert!((0..1_000).all(|_| (3..=5).contains(&dice.between((3, 5)))));
    }
}
