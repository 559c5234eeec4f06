//! What goes wrong on purpose. Every probability is 0 unless a scenario says otherwise; the seed decides whom it hits.

use serde::Deserialize;

use super::chance::Chance;

/// The `[faults]` section of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Of the create request and its answer.
    pub create: CreateFaults,
    /// Of status and AMD callbacks.
    pub callbacks: CallbackFaults,
    /// Of media streams.
    pub stream: StreamFaults,
    /// A call is missing from lists for so long after its creation.
    pub list_lag_ms: u64,
}

/// Probabilities that a create request meets this; their sum is at most 1.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateFaults {
    /// The call is placed and the answer never comes.
    pub drop_answer: f64,
    /// The call is placed and the answer comes after `late_answer_ms`, when callbacks were already sent.
    pub late_answer: f64,
    /// How late.
    pub late_answer_ms: u64,
    /// The call is placed and the answer is a 500.
    pub error_accepted: f64,
    /// The call is not placed and the answer is a 503.
    pub error_refused: f64,
    /// The call is placed and the body of the 201 is not JSON.
    pub garbage: f64,
    /// The call is placed and the connection is reset.
    pub reset: f64,
    /// The call is not placed and the answer is 429.
    pub throttle: f64,
}

impl Default for CreateFaults {
    fn default() -> Self {
        Self {
            drop_answer: 0.0,
            late_answer: 0.0,
            late_answer_ms: 2_000,
            error_accepted: 0.0,
            error_refused: 0.0,
            garbage: 0.0,
            reset: 0.0,
            throttle: 0.0,
        }
    }
}

/// What happens to one create request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateFault {
    /// See [`CreateFaults::drop_answer`].
    DropAnswer,
    /// See [`CreateFaults::late_answer`].
    LateAnswer,
    /// See [`CreateFaults::error_accepted`].
    ErrorAccepted,
    /// See [`CreateFaults::error_refused`].
    ErrorRefused,
    /// See [`CreateFaults::garbage`].
    Garbage,
    /// See [`CreateFaults::reset`].
    Reset,
    /// See [`CreateFaults::throttle`].
    Throttle,
}

impl CreateFault {
    /// The scenario's key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DropAnswer => "drop_answer",
            Self::LateAnswer => "late_answer",
            Self::ErrorAccepted => "error_accepted",
            Self::ErrorRefused => "error_refused",
            Self::Garbage => "garbage",
            Self::Reset => "reset",
            Self::Throttle => "throttle",
        }
    }
}

impl CreateFaults {
    fn listed(&self) -> [(f64, CreateFault); 7] {
        [
            (self.drop_answer, CreateFault::DropAnswer),
            (self.late_answer, CreateFault::LateAnswer),
            (self.error_accepted, CreateFault::ErrorAccepted),
            (self.error_refused, CreateFault::ErrorRefused),
            (self.garbage, CreateFault::Garbage),
            (self.reset, CreateFault::Reset),
            (self.throttle, CreateFault::Throttle),
        ]
    }

    /// The fault of the request with this subject, if it meets one.
    pub fn strikes(&self, chance: Chance, subject: &str) -> Option<CreateFault> {
        let mut left = chance.draw("create fault", subject);
        self.listed().into_iter().find_map(|(probability, fault)| {
            left -= probability;
            (left < 0.0).then_some(fault)
        })
    }
}

/// Probabilities for each callback.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallbackFaults {
    /// Never sent.
    pub lose: f64,
    /// Sent twice.
    pub duplicate: f64,
    /// Sent after its successor.
    pub reorder: f64,
    /// Sent `delay_ms` later, while others pass it.
    pub delay: f64,
    /// How much later.
    pub delay_ms: u64,
    /// A stranger sends a false `completed` with a wrong signature just before it.
    pub forge: f64,
}

impl Default for CallbackFaults {
    fn default() -> Self {
        Self { lose: 0.0, duplicate: 0.0, reorder: 0.0, delay: 0.0, delay_ms: 2_000, forge: 0.0 }
    }
}

/// Probabilities for each media stream.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamFaults {
    /// The socket is never opened; the callee hears silence.
    pub never_starts: f64,
    /// The socket is torn after `cut_after_ms`, without `stop` or close.
    pub cut: f64,
    /// When.
    pub cut_after_ms: u64,
}

impl Default for StreamFaults {
    fn default() -> Self {
        Self { never_starts: 0.0, cut: 0.0, cut_after_ms: 3_000 }
    }
}

impl Faults {
    /// The first key whose value is no probability, with what is wrong about it.
    pub(super) fn invalid(&self) -> Option<(&'static str, String)> {
        let CallbackFaults { lose, duplicate, reorder, delay, forge, .. } = self.callbacks;
        let callbacks = [lose, duplicate, reorder, delay, forge];
        let streams = [self.stream.never_starts, self.stream.cut];
        let creates = self.create.listed().map(|(probability, _)| probability);
        let outside = |all: &[f64]| all.iter().any(|p| !(0.0..=1.0).contains(p));
        let wrong = |key| Some((key, "a probability must be between 0 and 1".to_owned()));
        if outside(&creates) {
            return wrong("faults.create");
        }
        if outside(&callbacks) {
            return wrong("faults.callbacks");
        }
        if outside(&streams) {
            return wrong("faults.stream");
        }
        let sum: f64 = creates.iter().sum();
        (sum > 1.0 + f64::EPSILON).then(|| ("faults.create", format!("the probabilities add up to {sum}, more than 1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_create_fault_can_strike_and_none_does_by_default() {
        assert_eq!(CreateFaults::default().strikes(Chance(1), "+14155550100/1"), None);
        let seventh = 1.0 / 7.0;
        let all = CreateFaults {
            drop_answer: seventh,
            late_answer: seventh,
            error_accepted: seventh,
            error_refused: seventh,
            garbage: seventh,
            reset: seventh,
            throttle: seventh,
            ..CreateFaults::default()
        };
        let struck: Vec<CreateFault> = (0..200).filter_map(|n| all.strikes(Chance(1), &n.to_string())).collect();
        for (_, fault) in all.listed() {
            assert!(struck.contains(&fault), "{fault:?}");
        }
    }
}
