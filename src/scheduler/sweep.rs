//! Rows that stood still: lost tickets ring again, ended waits are armed again, ends without an outcome are folded.

use std::time::Duration;

use async_trait::async_trait;

use super::bell::Bell;
use super::{Duty, Scheduler};
use crate::follow_up;
use crate::store::StoreError;
use crate::store::dial::Swept;

/// Rows moved in one round.
const AT_ONCE: u32 = 500;

/// A call that ended just now is in the hands of whoever heard of it.
const IN_HAND: Duration = Duration::from_secs(1);

/// The sweeper.
pub struct Sweeper {
    scheduler: Scheduler,
}

impl Sweeper {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler }
    }
}

#[async_trait]
impl Duty for Sweeper {
    const NAME: &'static str = "sweep";

    async fn round(&mut self) -> Result<(), StoreError> {
        let (scheduler, now) = (&self.scheduler, self.scheduler.clock.now());
        let mut again = Vec::new();
        for row in scheduler.store.sweep(AT_ONCE, &scheduler.timings, now).await? {
            match row.swept {
                Swept::Ring { send_no } => again.push((row.attempt, send_no)),
                Swept::Withdrawn => tracing::debug!(attempt.id = %row.attempt, "given back: its campaign does not dial"),
                Swept::Unsure => tracing::warn!(attempt.id = %row.attempt, "no answer to a dial before its deadline; it is reconciled"),
            }
        }
        for attempt in scheduler.store.unfinished(now - IN_HAND, AT_ONCE).await? {
            follow_up::finish(&scheduler.store, attempt, now).await?;
        }
        // last: whatever needs the database alone does not wait for the queue
        Bell::of_round(&scheduler.queue).ring_all(again).await;
        Ok(())
    }
}
