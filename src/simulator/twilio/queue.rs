//! Creates beyond the account's calls per second are accepted and wait their turn.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Hands out start times, evenly spaced.
#[derive(Debug)]
pub(super) struct StartQueue {
    spacing: Duration,
    next: Mutex<Option<Instant>>,
}

impl StartQueue {
    pub(super) fn new(calls_per_second: f64) -> Self {
        Self { spacing: Duration::from_secs_f64(1.0 / calls_per_second), next: Mutex::new(None) }
    }

    /// When a call created now may start.
    pub(super) fn take_turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + self.spacing);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_spread_and_a_pause_is_not_saved_up() {
        let queue = StartQueue::new(2.0);
        let now = Instant::now();
        let waits: Vec<u128> = (0..3).map(|_| (queue.take_turn(now) - now).as_millis()).collect();
        assert_eq!(waits, [0, 500, 1000]);
        let later = now + Duration::from_secs(60);
        assert_eq!(queue.take_turn(later), later);
        assert_eq!(queue.take_turn(later), later + Duration::from_millis(500));
    }
}
