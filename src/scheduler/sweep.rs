//! Rows that stood still: lost tickets ring again, ended waits are armed again, ends without an outcome are folded.

use std::time::Duration;

use async_trait::async_trait;

use super::bell::Bell;
use super::passed_by::PassedBy;
use super::{Duty, Scheduler};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::follow_up;
use crate::store::StoreError;
use crate::store::dial::{Swept, SweptRow};

/// Rows moved in one round.
const AT_ONCE: u32 = 500;
/// Broken rows that are tried again in one round.
const BROKEN_AT_ONCE: usize = 20;

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
        let (now, mut moved) = (self.scheduler.clock.now(), Vec::new());
        let swept = self.sweep(now, &mut moved).await;
        let finished = self.finish(now).await;
        // last: whatever needs the database alone does not wait for the queue. But in any case: what was moved is not found again
        // before its lease is over
        let rung: Vec<(AttemptId, u32)> = moved.iter().filter_map(rung).collect();
        Bell::of_round(&self.scheduler.queue, &self.scheduler.lookout).ring_all(rung).await;
        swept.and(finished)
    }
}

/// The send to ring for a row that was moved.
fn rung(row: &SweptRow) -> Option<(AttemptId, u32)> {
    match row.swept {
        Swept::Ring { send_no } => return Some((row.attempt, send_no)),
        Swept::Withdrawn => tracing::debug!(attempt.id = %row.attempt, "given back: its campaign does not dial"),
        Swept::Unsure => tracing::warn!(attempt.id = %row.attempt, "no answer to a dial before its deadline; it is reconciled"),
    }
    None
}

impl Sweeper {
    /// What was `moved` stays so, however the round ends. Broken rows are left out of the batch, which would fail each time.
    async fn sweep(&mut self, now: Timestamp, moved: &mut Vec<SweptRow>) -> Result<(), StoreError> {
        let (scheduler, aside) = (&self.scheduler, self.still.broken());
        match scheduler.store.sweep_all_but(&aside, AT_ONCE, &scheduler.timings, now).await {
            Err(error) if !error.retry_helps() => {
                let stale = scheduler.store.stale(&aside, AT_ONCE).await?;
                self.sweep_one_by_one(stale, now, moved).await?;
            }
            swept => moved.extend(swept?),
        }
        self.sweep_one_by_one(self.still.due(BROKEN_AT_ONCE), now, moved).await
    }

    /// One row that cannot be moved must not hold up the others of its batch.
    async fn sweep_one_by_one(&mut self, rows: Vec<AttemptId>, now: Timestamp, moved: &mut Vec<SweptRow>) -> Result<(), StoreError> {
        let (store, timings) = (&self.scheduler.store, &self.scheduler.timings);
        for attempt in self.still.begin(rows, |id| *id) {
            let swept = store.sweep_one(attempt, timings, now).await;
            self.still.note(attempt, swept.map(|row| moved.extend(row)))?;
        }
        Ok(())
    }

    async fn finish(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let ended = self.scheduler.store.unfinished(now - IN_HAND, AT_ONCE).await?;
        for attempt in self.ended.begin(ended, |id| *id) {
            self.ended.note(attempt, follow_up::finish(&self.scheduler.store, attempt, now).await)?;
        }
        Ok(())
    }
}
