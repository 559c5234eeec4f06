//! Shares of a whole, by word: `human=25,voicemail=45`. Any scale will do; what is not named has no share.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// Shares that sum to 1, at least one of them above 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares<T>(Vec<(T, f64)>);

impl<T: Copy + PartialEq + Display + FromStr<Err: Display>> Shares<T> {
    /// Out of weights on any scale.
    ///
    /// # Errors
    /// What is wrong: a weight below 0 or without an end, or nothing above 0.
    pub fn of(weights: &[(T, f64)]) -> Result<Self, String> {
        if let Some((word, weight)) = weights.iter().find(|(_, weight)| !weight.is_finite() || *weight < 0.0) {
            return Err(format!("{word}={weight}: a share is 0 or more"));
        }
        let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
        if sum <= 0.0 {
            return Err("nothing has a share above 0".to_owned());
        }
        Ok(Self(weights.iter().map(|(word, weight)| (*word, weight / sum)).collect()))
    }

    /// Out of words and weights.
    ///
    /// # Errors
    /// A word that is not known, or as [`Shares::of`].
    pub fn read(weights: &BTreeMap<String, f64>) -> Result<Self, String> {
        let known: Result<Vec<(T, f64)>, String> =
            weights.iter().map(|(word, weight)| Ok((word.parse().map_err(|error: T::Err| error.to_string())?, *weight))).collect();
        Self::of(&known?)
    }

    /// The one whose part of the whole holds `share`, which is at least 0 and less than 1.
    pub fn at(&self, share: f64) -> T {
        let mut left = share;
        let found = self.0.iter().find(|(_, part)| {
            left -= part;
            left < 0.0
        });
        // rounding may leave a sliver at the end: it belongs to the last that has a part
        found.or_else(|| self.0.iter().rev().find(|(_, part)| *part > 0.0)).map_or(self.0[0].0, |(word, _)| *word)
    }

    /// Each word with its share, rounded to a thousandth.
    pub fn by_word(&self) -> BTreeMap<String, f64> {
        self.0.iter().map(|(word, part)| (word.to_string(), (part * 1000.0).round() / 1000.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::permit::Gate;

    fn weights(text: &[(&str, f64)]) -> BTreeMap<String, f64> {
        text.iter().map(|(word, weight)| ((*word).to_owned(), *weight)).collect()
    }

    #[test]
    fn any_scale_will_do_and_every_share_is_met() {
        let shares: Shares<Gate> = Shares::read(&weights(&[("hours", 3.0), ("zone", 1.0), ("budget", 0.0)])).unwrap();
        let at = |share| shares.at(share);
        assert_eq!((at(0.0), at(0.74), at(0.76), at(0.999_999)), (Gate::Hours, Gate::Hours, Gate::Zone, Gate::Zone));
        assert_eq!(shares.by_word()["hours"], 0.75);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let read = |text: &[(&str, f64)]| Shares::<Gate>::read(&weights(text)).unwrap_err();
        assert!(read(&[("ours", 1.0)]).contains("ours"));
        assert!(read(&[("hours", -1.0)]).contains("hours=-1"));
        assert!(read(&[("hours", f64::NAN)]).contains("hours=NaN"));
        assert!(read(&[("hours", 0.0)]).contains("above 0"));
        assert!(read(&[]).contains("above 0"));
    }
}
