//! When an attempt has stood in one state for too long, or waited for its call for too long, a person should look: told once, and
//! once more when it is over.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::attempt::AttemptState;

/// Whose age is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Watched {
    /// The attempt that has stood longest in this state.
    State(AttemptState),
    /// The attempt that was armed first of those no call was made of: one that is held back again and again is young in each of its
    /// states.
    Unsent,
}

impl Watched {
    /// All that can have an age.
    pub fn all() -> impl Iterator<Item = Self> {
        AttemptState::ALL.iter().copied().filter(|state| state.is_open()).map(Self::State).chain([Self::Unsent])
    }

    /// The word of the metrics' label `state`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State(state) => state.as_str(),
            Self::Unsent => "unsent",
        }
    }

    /// What an attempt does that is too old.
    #[must_use]
    pub const fn trouble(self) -> &'static str {
        match self {
            Self::State(_) => "stands still for too long",
            Self::Unsent => "waits for its call for too long",
        }
    }
}

/// How old the oldest may be; what has no limit never alarms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgeLimits(HashMap<Watched, Duration>);

impl AgeLimits {
    /// A limit for each of them.
    #[must_use]
    pub fn new(limits: impl IntoIterator<Item = (Watched, Duration)>) -> Self {
        Self(limits.into_iter().collect())
    }

    /// The limit of one.
    #[must_use]
    pub fn of(&self, watched: Watched) -> Option<Duration> {
        self.0.get(&watched).copied()
    }
}

/// What a look at an age changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// It has become too old.
    Begins,
    /// It was too old and is not any more.
    Ends,
    /// As before.
    Same,
}

/// Remembers who is too old.
#[derive(Debug, Default)]
pub struct Bells(HashMap<Watched, bool>);

impl Bells {
    /// One look; `age` is that of the oldest attempt, zero without one.
    pub fn look(&mut self, watched: Watched, age: Duration, limits: &AgeLimits) -> Rung {
        let is = limits.of(watched).is_some_and(|limit| age > limit);
        match (self.0.insert(watched, is).unwrap_or(false), is) {
            (false, true) => Rung::Begins,
            (true, false) => Rung::Ends,
            _ => Rung::Same,
        }
    }

    /// Whether it is too old now.
    #[must_use]
    pub fn rings(&self, watched: Watched) -> bool {
        self.0.get(&watched).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_told_once_and_taken_back_once() {
        let secs = Duration::from_secs;
        let unknown = Watched::State(AttemptState::Unknown);
        let (limits, mut bells) = (AgeLimits::new([(unknown, secs(60))]), Bells::default());
        let ages = [60, 61, 300, 10, 0, 61];
        let rung = ages.map(|age| bells.look(unknown, secs(age), &limits));
        assert_eq!(rung, [Rung::Same, Rung::Begins, Rung::Same, Rung::Ends, Rung::Same, Rung::Begins]);
        assert!(bells.rings(unknown) && !bells.rings(Watched::Unsent));
        assert_eq!(bells.look(Watched::State(AttemptState::Talking), secs(9_999), &limits), Rung::Same, "no limit was set");
    }

    #[test]
    fn every_age_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = Watched::all().map(Watched::as_str).collect();
        assert_eq!(words.len(), Watched::all().count());
        assert!(words.contains("unsent") && !words.contains("ended"));
    }
}
