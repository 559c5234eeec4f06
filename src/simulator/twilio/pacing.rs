//! Real time in steps of 20 ms, by absolute deadlines: a late step does not make the next one later.
//!
//! Each call keeps the phase it began with, so hundreds of calls spread over the 20 ms instead of waking all at once.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::simulator::callee::FRAME_MS;

const STEP: Duration = Duration::from_millis(FRAME_MS);
/// A process that stood still longer than this (a debugger, a suspended machine) does not catch up.
const CATCH_UP: Duration = Duration::from_secs(2);

/// The clock of one call.
#[derive(Debug)]
pub(super) struct Pacer {
    next: Instant,
}

impl Pacer {
    pub(super) fn start() -> Self {
        Self { next: Instant::now() + STEP }
    }

    /// Waits for the next step without taking it, so a wait may be dropped at any time.
    pub(super) async fn due(&self) {
        sleep_until(self.next).await;
    }

    /// Takes the step.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        self.next += STEP;
        if now.saturating_duration_since(self.next) > CATCH_UP {
            self.next = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_late_step_does_not_delay_the_others() {
        let begun = Instant::now();
        let mut pacer = Pacer::start();
        for step in 0..50 {
            pacer.due().await;
            if step == 10 {
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            pacer.advance();
        }
        assert_eq!(begun.elapsed().as_millis(), 50 * 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_standstill_is_not_caught_up() {
        let mut pacer = Pacer::start();
        tokio::time::sleep(Duration::from_secs(60)).await;
        pacer.advance();
        pacer.due().await;
        pacer.advance();
        let resumed = Instant::now();
        pacer.due().await;
        assert_eq!(resumed.elapsed(), STEP);
    }
}
