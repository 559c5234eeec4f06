//! How long a dial's ticket is worked on, from when it was taken to its request. Waiting for turns of the pacer is no work.

use std::time::{Duration, Instant};

use crate::telemetry::names;

/// A ticket in a worker's hand.
pub(super) struct InHand {
    taken: Instant,
    paced: Duration,
}

impl InHand {
    pub fn begin() -> Self {
        Self { taken: Instant::now(), paced: Duration::ZERO }
    }

    /// Waits, and leaves the wait out.
    pub async fn aside<T>(&mut self, turn: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let turn = turn.await;
        self.paced += begun.elapsed();
        turn
    }

    /// The request begins.
    pub fn record(&self) {
        metrics::histogram!(names::TICKET_TO_POST).record(self.work().as_secs_f64());
    }

    fn work(&self) -> Duration {
        self.taken.elapsed().saturating_sub(self.paced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_a_turn_is_no_work() {
        let mut in_hand = InHand::begin();
        let wait = Duration::from_millis(300);
        in_hand.aside(tokio::time::sleep(wait)).await;
        in_hand.aside(tokio::time::sleep(wait)).await;
        assert!(in_hand.work() < wait, "{:?}", in_hand.work());
    }
}
