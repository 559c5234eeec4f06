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
    batches: Batches,
    still: PassedBy,
    ended: PassedBy,
}

impl Sweeper {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, batches: Batches::default(), still: PassedBy::default(), ended: PassedBy::default() }
    }
}

/// What became of the batches before.
#[derive(Debug, Default)]
struct Batches {
    /// So many were broken off one after another, although trying again helps.
    in_a_row: u32,
}

impl Batches {
    /// Whether the rows of this one are to be moved one by one. One lock that somebody else keeps breaks every batch off, and each begins
    /// with the same rows: after the second one they are tried by themselves.
    fn falls_apart<T>(&mut self, swept: &Result<T, StoreError>) -> bool {
        let retry_helps = swept.as_ref().is_err_and(StoreError::retry_helps);
        self.in_a_row = if retry_helps { self.in_a_row.saturating_add(1) } else { 0 };
        swept.is_err() && (!retry_helps || self.in_a_row > 1)
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
    /// What was `moved` stays so, however the round ends. Broken rows are left out of the batch, which would fail each time; those that
    /// are locked for long are passed by.
    async fn sweep(&mut self, now: Timestamp, moved: &mut Vec<SweptRow>) -> Result<(), StoreError> {
        let (scheduler, aside) = (&self.scheduler, self.still.broken());
        let swept = scheduler.store.sweep_all_but(&aside, AT_ONCE, &scheduler.timings, now).await;
        if self.batches.falls_apart(&swept) {
            let stale = scheduler.store.stale(&aside, AT_ONCE).await?;
            self.sweep_one_by_one(stale, now, moved).await?;
        } else {
            moved.extend(swept?);
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

    /// Those that cannot be finished are tried again behind the others, and rarely.
    async fn finish(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let mut ended = self.scheduler.store.unfinished(&self.ended.broken(), now - IN_HAND, AT_ONCE).await?;
        ended.extend(self.ended.due(BROKEN_AT_ONCE));
        for attempt in self.ended.begin(ended, |id| *id) {
            self.ended.note(attempt, follow_up::finish(&self.scheduler.store, attempt, now).await)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_falls_apart_by_a_broken_row_at_once_and_by_what_passes_when_it_comes_twice() {
        let (mut batches, broken) = (Batches::default(), || StoreError::Unusable { what: "row".to_owned(), problem: "broken".to_owned() });
        let late = || Err(StoreError::Late);
        let rounds = [late(), late(), late(), Ok(()), late(), Err(broken()), late(), late()];
        let apart = rounds.map(|swept| batches.falls_apart(&swept));
        assert_eq!(apart, [false, true, true, false, false, true, false, true]);
    }
}
