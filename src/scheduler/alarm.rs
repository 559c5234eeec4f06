//! When an attempt has stood in one state for too long, a person should look: told once, and once more when it is over.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::attempt::AttemptState;

/// How long the oldest attempt may stand in each state; states without a limit never alarm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgeLimits(HashMap<AttemptState, Duration>);

impl AgeLimits {
    /// A limit per state.
    #[must_use]
    pub fn new(limits: impl IntoIterator<Item = (AttemptState, Duration)>) -> Self {
        Self(limits.into_iter().collect())
    }

    /// The limit of a state.
    #[must_use]
    pub fn of(&self, state: AttemptState) -> Option<Duration> {
        self.0.get(&state).copied()
    }
}

/// What a look at a state's age changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// It has become too old.
    Begins,
    /// It was too old and is not any more.
    Ends,
    /// As before.
    Same,
}

/// Remembers which states are too old.
#[derive(Debug, Default)]
pub struct Bells(HashMap<AttemptState, bool>);

impl Bells {
    /// One look; `age` is that of the oldest attempt, zero without one.
    pub fn look(&mut self, state: AttemptState, age: Duration, limits: &AgeLimits) -> Rung {
        let is = limits.of(state).is_some_and(|limit| age > limit);
        match (self.0.insert(state, is).unwrap_or(false), is) {
            (false, true) => Rung::Begins,
            (true, false) => Rung::Ends,
            _ => Rung::Same,
        }
    }

    /// Whether a state is too old now.
    #[must_use]
    pub fn rings(&self, state: AttemptState) -> bool {
        self.0.get(&state).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_told_once_and_taken_back_once() {
        let secs = Duration::from_secs;
        let (limits, mut bells) = (AgeLimits::new([(AttemptState::Unknown, secs(60))]), Bells::default());
        let ages = [60, 61, 300, 10, 0, 61];
        let rung = ages.map(|age| bells.look(AttemptState::Unknown, secs(age), &limits));
        assert_eq!(rung, [Rung::Same, Rung::Begins, Rung::Same, Rung::Ends, Rung::Same, Rung::Begins]);
        assert!(bells.rings(AttemptState::Unknown));
        assert_eq!(bells.look(AttemptState::Talking, secs(9_999), &limits), Rung::Same, "no limit was set");
    }
}
