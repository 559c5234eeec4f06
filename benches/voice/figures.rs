//! Figures and goals.

use std::time::Duration;

/// One goal and what was measured.
#[derive(Debug, Clone)]
pub struct Goal {
    what: &'static str,
    unit: &'static str,
    at_most: f64,
    measured: Option<f64>,
}

impl Goal {
    /// A figure that should be at most so much; without a measurement it is not met.
    pub fn at_most(what: &'static str, at_most: f64, unit: &'static str, measured: Option<f64>) -> Self {
        Self { what, unit, at_most, measured }
    }

    fn is_met(&self) -> bool {
        self.measured.is_some_and(|measured| measured <= self.at_most)
    }
}

/// Prints every goal; true when all are met.
pub fn all_met(goals: &[Goal]) -> bool {
    println!();
    for goal in goals {
        let measured = goal.measured.map_or_else(|| "not measured".to_owned(), |measured| format!("{measured:.2} {}", goal.unit));
        let verdict = if goal.is_met() { "goal met" } else { "goal not met" };
        println!("{verdict:<13} {:<44} {measured:>14}   at most {} {}", goal.what, goal.at_most, goal.unit);
    }
    goals.iter().all(Goal::is_met)
}

/// Values in order of size.
#[derive(Debug, Clone)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// In any unit.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The value that this share of all values does not exceed (nearest rank).
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ranks of a short list")]
    pub fn at(&self, share: f64) -> Option<f64> {
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied()
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.at(0.5), self.at(0.95), self.at(0.99), self.0.last()) {
            (Some(p50), Some(p95), Some(p99), Some(most)) => {
                write!(f, "p50 {p50:.1}  p95 {p95:.1}  p99 {p99:.1}  most {most:.1} ms  ({} measured)", self.count())
            }
            _ => f.write_str("not measured"),
        }
    }
}

/// Milliseconds with their fraction.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
