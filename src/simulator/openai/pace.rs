//! When an answer's tokens come: a first wait, then an even flow.

use std::time::Duration;

use super::OpenAi;
use super::scenario::Latency;
use crate::simulator::dice::{mix, unit};

/// The pace of one answer.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    first: Duration,
    each: Duration,
}

impl Pace {
    /// The pace for a request: the same request in the same run gets the same jitter.
    pub fn of(openai: &OpenAi, request: &[u8]) -> Self {
        Self::new(&openai.scenario.latency, unit(mix(openai.seed, &[b"jitter", request])))
    }

    #[expect(clippy::cast_precision_loss, reason = "a wait of milliseconds")]
    fn new(latency: &Latency, chance: f64) -> Self {
        let first = latency.first_token_ms as f64 + chance * latency.jitter_ms as f64;
        let each = if latency.tokens_per_second > 0.0 { 1.0 / latency.tokens_per_second } else { 0.0 };
        Self { first: Duration::from_secs_f64(first / 1000.0), each: Duration::from_secs_f64(each) }
    }

    /// When the token of this index is due, from the request's arrival.
    pub fn due(&self, index: u64) -> Duration {
        self.first + self.each.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Latency, Pace};

    #[test]
    fn tokens_flow_evenly_after_the_first() {
        let pace = Pace::new(&Latency { first_token_ms: 200, jitter_ms: 100, tokens_per_second: 50.0 }, 0.5);
        assert_eq!(pace.due(0), Duration::from_millis(250));
        assert_eq!(pace.due(10), Duration::from_millis(450));
        let at_once = Pace::new(&Latency::default(), 0.9);
        assert_eq!(at_once.due(1000), Duration::ZERO);
    }
}
