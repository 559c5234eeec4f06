//! A turn: the moment from which something may begin, and how long ago that was.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A turn that was given out. Slots lie evenly; what begins long after its slot joins those that begin in time after theirs, so
/// whoever has to keep a rate to the letter looks at the turn's age just before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    slot: Instant,
}

impl Turn {
    /// A turn whose slot is now.
    #[must_use]
    pub fn now() -> Self {
        Self { slot: Instant::now() }
    }

    /// Waits for a slot of another clock, which lies `wait` after the answer to a question that was `asked` here. When the answer
    /// was made is not known: it begins as if that was just now, and is as old as if that was when it was asked. So a slow answer
    /// counts against the caller.
    pub async fn after(asked: Instant, wait: Duration) -> Self {
        sleep(wait).await;
        Self { slot: asked + wait }
    }

    /// Since its slot, at the most.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.slot.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_counts_against_the_caller() {
        let (asked, ms) = (Instant::now(), Duration::from_millis);
        sleep(ms(30)).await;
        let turn = Turn::after(asked, ms(200)).await;
        assert_eq!((asked.elapsed(), turn.age()), (ms(230), ms(30)), "not before its slot, and late as far as anybody knows");
        sleep(ms(12)).await;
        assert_eq!(turn.age(), ms(42));
    }
}
