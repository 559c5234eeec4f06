//! Rows that stood still: lost tickets ring again, ended waits are armed again, ends without an outcome are folded.

use std::time::Duration;

use async_trait::async_trait;

use super::bell::Bell;
use super::passed_by::PassedBy;
use super::{Duty, Scheduler};
use crate::domain::time::Timestamp;
use crate::follow_up;
use crate::store::StoreError;
use crate::store::dial::{Swept, SweptRow};

/// Rows moved in one round.
const AT_ONCE: u32 = 500;

/// A call that ended just now is in the hands of whoever heard of it.
const IN_HAND: Duration = Duration::from_secs(1);

/// The sweeper.
pub struct Sweeper {
    scheduler: Scheduler,
    still: PassedBy,
    ended: PassedBy,
}

impl Sweeper {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, still: PassedBy::default(), ended: PassedBy::default() }
    }
}

#[async_trait]
impl Duty for Sweeper {
    const NAME: &'static str = "sweep";

    async fn round(&mut self) -> Result<(), StoreError> {
        let now = self.scheduler.clock.now();
        let mut again = Vec::new();
        for row in self.sweep(now).await? {
            match row.swept {
                Swept::Ring { send_no } => again.push((row.attempt, send_no)),
                Swept::Withdrawn => tracing::debug!(attempt.id = %row.attempt, "given back: its campaign does not dial"),
                Swept::Unsure => tracing::warn!(attempt.id = %row.attempt, "no answer to a dial before its deadline; it is reconciled"),
            }
        }
        let ended = self.scheduler.store.unfinished(now - IN_HAND, AT_ONCE).await?;
        for attempt in self.ended.begin(ended, |id| *id) {
            self.ended.note(attempt, follow_up::finish(&self.scheduler.store, attempt, now).await)?;
        }
        // last: whatever needs the database alone does not wait for the queue
        Bell::of_round(&self.scheduler.queue, &self.scheduler.lookout).ring_all(again).await;
        Ok(())
    }
}

impl Sweeper {
    async fn sweep(&mut self, now: Timestamp) -> Result<Vec<SweptRow>, StoreError> {
        match self.scheduler.store.sweep(AT_ONCE, &self.scheduler.timings, now).await {
            Err(error) if !error.retry_helps() => self.sweep_one_by_one(now).await,
            swept => swept,
        }
    }

    /// One row that cannot be moved must not hold up the others of its batch.
    async fn sweep_one_by_one(&mut self, now: Timestamp) -> Result<Vec<SweptRow>, StoreError> {
        let (store, timings) = (&self.scheduler.store, &self.scheduler.timings);
        let mut moved = Vec::new();
        for attempt in self.still.begin(store.stale(AT_ONCE).await?, |id| *id) {
            let swept = store.sweep_one(attempt, timings, now).await;
            self.still.note(attempt, swept.map(|row| moved.extend(row)))?;
        }
        Ok(moved)
    }
}
