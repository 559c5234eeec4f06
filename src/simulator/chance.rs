//! Choices left to chance, made alike by every run with the same seed: a choice depends on its name and its subject, never
//! on the order in which things happened.

use super::dice::{mix, unit};

/// The seed of a run.
#[derive(Debug, Clone, Copy)]
pub struct Chance(pub u64);

impl Chance {
    /// A number in `0.0..1.0` for this choice about this subject.
    pub fn draw(self, choice: &str, subject: &str) -> f64 {
        unit(self.hash(choice, subject))
    }

    /// Does something of this probability happen?
    pub fn happens(self, probability: f64, choice: &str, subject: &str) -> bool {
        probability > 0.0 && self.draw(choice, subject) < probability
    }

    /// A number from `least` to `most`, both included.
    pub fn between(self, least: u64, most: u64, choice: &str, subject: &str) -> u64 {
        let span = most.saturating_sub(least).saturating_add(1).max(1);
        least + self.hash(choice, subject) % span
    }

    /// One of several.
    pub fn pick<'a, T>(self, of: &'a [T], choice: &str, subject: &str) -> Option<&'a T> {
        let last = of.len().checked_sub(1)?;
        of.get(usize::try_from(self.between(0, last as u64, choice, subject)).unwrap_or(0))
    }

    fn hash(self, choice: &str, subject: &str) -> u64 {
        mix(self.0, &[choice.as_bytes(), subject.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_is_about_a_third_and_the_same_again() {
        let count = |seed| (0..3000).filter(|n| Chance(seed).happens(1.0 / 3.0, "busy", &n.to_string())).count();
        assert!((900..1100).contains(&count(7)), "{}", count(7));
        assert_eq!(count(7), count(7));
        assert!((0..50).any(|n| Chance(7).happens(0.5, "busy", &n.to_string()) != Chance(8).happens(0.5, "busy", &n.to_string())));
    }

    #[test]
    fn both_ends_are_reached() {
        let drawn: Vec<u64> = (0..200).map(|n| Chance(1).between(3, 6, "ring", &n.to_string())).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&6)));
    }
}
