//! What stops a campaign by itself: too many of its calls fail, or its money is spent. Both halt it until a person has looked.

use std::time::Duration;

use crate::domain::campaign::duration;
use crate::domain::count::counted;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;

/// The circuit breaker: so large a share of failed calls among the last ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// From this share on, 0 to 1; 0 turns the breaker off.
    pub failures: f64,
    /// Calls that ended within this long.
    pub window: Duration,
    /// Fewer calls say nothing.
    pub min_calls: u32,
}

impl Breaker {
    /// Half of twenty calls in ten minutes.
    pub const HOUSE: Self = Self { failures: 0.5, window: Duration::from_secs(600), min_calls: 20 };
    /// Never trips.
    pub const OFF: Self = Self { failures: 0.0, ..Self::HOUSE };

    /// Calls that ended before this are not looked at: they are too old, or a person has resumed the campaign since.
    #[must_use]
    pub fn looks_back_to(&self, running_since: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let back = now - self.window;
        running_since.map_or(back, |since| since.max(back))
    }

    /// What it sees, for a person.
    #[must_use]
    pub fn told(&self, recent: Recent) -> String {
        let Recent { calls, failed } = recent;
        format!("{failed} of {} in the last {} failed", counted(calls, "call"), duration::text(self.window))
    }

    /// Why the campaign has to stand still, if it has to.
    #[must_use]
    pub fn trips(&self, recent: Recent) -> Option<String> {
        let Recent { calls, failed } = recent;
        let is_on = self.failures > 0.0 && calls >= self.min_calls.max(1);
        (is_on && f64::from(failed) >= f64::from(calls) * self.failures)
            .then(|| format!("circuit breaker: {}; callfleet call list shows them, then resume", self.told(recent)))
    }
}

/// A campaign's calls that ended within the breaker's window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recent {
    /// All that were placed, and numbers the provider refused.
    pub calls: u32,
    /// Those that the network, the provider or our own side failed.
    pub failed: u32,
}

/// Why a campaign has to stand still when so much is spent for good and another call may cost `reserve`. What is only reserved
/// comes back, so it is waited for.
#[must_use]
pub fn spent_out(spent: NanoUsd, budget: Option<NanoUsd>, reserve: NanoUsd) -> Option<String> {
    let budget = budget.filter(|budget| spent + reserve > *budget)?;
    Some(format!("budget: {spent} of {budget} are spent and another call may need {reserve}; raise budget_usd, then resume"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_breaker_waits_for_enough_calls_and_trips_at_its_share() {
        let trips = |calls, failed| Breaker::HOUSE.trips(Recent { calls, failed }).is_some();
        assert_eq!([trips(19, 19), trips(20, 9), trips(20, 10), trips(1_000, 499), trips(1_000, 500)], [false, false, true, false, true]);
        let why = Breaker::HOUSE.trips(Recent { calls: 20, failed: 12 }).unwrap();
        assert!(why.starts_with("circuit breaker: 12 of 20 calls in the last 10m failed"), "{why}");
    }

    #[test]
    fn a_breaker_that_is_off_never_trips() {
        assert_eq!(Breaker::OFF.trips(Recent { calls: 1_000, failed: 1_000 }), None);
        let from_the_first = Breaker { min_calls: 0, ..Breaker::HOUSE };
        assert_eq!(from_the_first.trips(Recent::default()), None, "no call is no failure");
        assert!(from_the_first.trips(Recent { calls: 1, failed: 1 }).is_some());
    }

    #[test]
    fn what_is_spent_for_good_halts_and_no_budget_never_does() {
        let usd = NanoUsd::from_usd;
        assert_eq!(spent_out(usd(9.5), Some(usd(10.0)), usd(0.5)), None);
        assert!(spent_out(usd(9.6), Some(usd(10.0)), usd(0.5)).unwrap().starts_with("budget: $9.6"));
        assert_eq!(spent_out(usd(99.0), None, usd(0.5)), None);
    }
}
