//! Calls whose holder died: ended at the provider, so that nobody listens to silence and nothing goes on costing money. And workers that
//! died, whether they held any: their rows say so after a while.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::{Duty, Scheduler};
use crate::boottime;
use crate::domain::dialing::{DialTimings, HeartbeatWatch, Reaped, reap};
use crate::domain::ids::{AttemptId, WorkerId};
use crate::store::StoreError;
use crate::store::dial::HeldCall;
use crate::store::worker::{Worker, WorkerState};

/// How often hearts are looked at. They beat every second; looks that are further apart than the protocol allows do not add up,
/// and one that comes late must not be such a look.
pub const EVERY: Duration = Duration::from_secs(1);

/// Calls that are ended at the same time.
pub const ABREAST: usize = 8;

/// A worker is found dead after so many times the silence that ends its calls: ten minutes as shipped. Its lines do not count meanwhile,
/// so nothing waits for it, and whoever was cut off may come back.
const FOUND_DEAD: u32 = 40;
/// One of another version after so many: a day. Whether it would say that it lives is not known, and until it does its heartbeats are
/// not taken: it would dial without lines, and its calls be ended as those of a dead one.
const OTHERS_FOUND_DEAD: u32 = 5_760;

/// The reaper. It counts a heart's stillness itself, and only while the database was there to take the beats.
pub struct Reaper {
    scheduler: Scheduler,
    watches: HashMap<WorkerId, HeartbeatWatch>,
    workers: HashMap<WorkerId, HeartbeatWatch>,
    burials: Burials,
}

impl Reaper {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, watches: HashMap::new(), workers: HashMap::new(), burials: Burials::default() }
    }
}

#[async_trait]
impl Duty for Reaper {
    const NAME: &'static str = "reap";

    async fn round(&mut self) -> Result<(), StoreError> {
        self.look(boottime::now).await
    }
}

/// Calls that are being ended at the provider. One that is slow to end them must not hold up the next look at the hearts: what is
/// not done by then goes on beside it, and what has not begun is chosen anew, for a heart may have moved. What is under way when the
/// lease is lost breaks off: the rows still show those calls as held, and the successor ends them.
#[derive(Default)]
struct Burials {
    running: JoinSet<Result<(), StoreError>>,
    attempts: HashMap<Id, AttemptId>,
}

impl Burials {
    /// Begins with those that are `left`, and goes on `until` the next look is due.
    async fn go_on(&mut self, scheduler: &Scheduler, mut left: Vec<HeldCall>, until: Instant) -> Result<(), StoreError> {
        // not those whose end is under way: what is ended in this round would begin anew in it
        left.retain(|call| !self.attempts.values().any(|under_way| *under_way == call.attempt));
        let (mut left, mut done) = (left.into_iter(), Ok(()));
        loop {
            while self.running.len() < ABREAST
                && let Some(call) = left.next()
            {
                self.begin(scheduler, call);
            }
            let Ok(Some(ended)) = timeout_at(until, self.running.join_next_with_id()).await else { return done };
            let (id, buried) = match ended {
                Ok(ended) => ended,
                Err(error) => {
                    tracing::error!(%error, "the end of a call without a holder broke off; trying again");
                    (error.id(), Ok(()))
                }
            };
            self.attempts.remove(&id);
            // one that could not be written down holds up no other
            done = done.and(buried);
        }
    }

    fn begin(&mut self, scheduler: &Scheduler, call: HeldCall) {
        let (attempt, scheduler) = (call.attempt, scheduler.clone());
        let task = self.running.spawn(async move { scheduler.bury(&call).await });
        self.attempts.insert(task.id(), attempt);
    }
}

impl Reaper {
    /// One round, by a clock that tells the time since boot.
    pub(super) async fn look(&mut self, since_boot: impl Fn() -> Duration + Send + Sync) -> Result<(), StoreError> {
        let next_look = Instant::now() + EVERY;
        let held = self.scheduler.store.held_calls().await?;
        let started = self.scheduler.store.database_start().await?;
        let dead = self.look_at_hearts(&held, started, &since_boot);
        let looked = self.look_at_workers(started, &since_boot).await;
        let left = held.into_iter().filter(|call| dead.contains(&call.worker)).collect();
        looked.and(self.burials.go_on(&self.scheduler, left, next_look).await)
    }

    fn look_at_hearts(&mut self, held: &[HeldCall], started: i64, since_boot: impl Fn() -> Duration) -> Vec<WorkerId> {
        let (mut dead, mut watches) = (Vec::new(), HashMap::new());
        for call in held {
            if watches.contains_key(&call.worker) {
                continue;
            }
            let before = self.watches.get(&call.worker).copied();
            let looked = reap(before, call.heartbeat.unwrap_or(-1), started, since_boot(), &self.scheduler.timings);
            if matches!(looked, Reaped::Dead(_)) {
                dead.push(call.worker);
            }
            let (Reaped::Alive(watch) | Reaped::Dead(watch)) = looked;
            watches.insert(call.worker, watch);
        }
        self.watches = watches;
        dead
    }

    async fn look_at_workers(&mut self, started: i64, since_boot: impl Fn() -> Duration + Send + Sync) -> Result<(), StoreError> {
        let store = &self.scheduler.store;
        let mut watches = HashMap::new();
        for worker in store.workers().await? {
            let before = self.workers.get(&worker.id).copied();
            let looked = reap(before, worker.heartbeat, started, since_boot(), &self.until_found_dead(&worker));
            if matches!(looked, Reaped::Dead(_)) && store.set_worker_state(worker.id, WorkerState::Stopped).await? {
                let (id, host) = (worker.id, worker.host);
                tracing::warn!(worker.id = %id, worker.host = %host, "a worker was found dead: its heart has stood still for long");
                continue;
            }
            let (Reaped::Alive(watch) | Reaped::Dead(watch)) = looked;
            watches.insert(worker.id, watch);
        }
        self.workers = watches;
        Ok(())
    }

    fn until_found_dead(&self, worker: &Worker) -> DialTimings {
        let times = if worker.version == env!("CARGO_PKG_VERSION") { FOUND_DEAD } else { OTHERS_FOUND_DEAD };
        DialTimings { holder_silence: self.scheduler.timings.holder_silence * times, ..self.scheduler.timings }
    }
}

impl Scheduler {
    /// Ends the call first: a provider that does not answer is asked again in the next round. A call waits for its place, and may have
    /// been handed to a person since it was seen: those two are not cut off.
    pub(super) async fn bury(&self, call: &HeldCall) -> Result<(), StoreError> {
        if !self.store.is_still_held(call).await? {
            return Ok(());
        }
        if let Some(call_sid) = &call.call_sid
            && let Err(error) = self.telephony.end(call_sid).await
        {
            tracing::warn!(attempt.id = %call.attempt, %error, "a call without a holder could not be ended; trying again");
            return Ok(());
        }
        let epoch = u32::try_from(call.epoch).unwrap_or(0);
        if self.store.bury_holder(call.attempt, epoch, self.clock.now()).await? {
            tracing::warn!(attempt.id = %call.attempt, worker.id = %call.worker, "the holder of a call died; the call was ended");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_comes_late_does_not_start_the_count_again() {
        assert!(EVERY * 3 < DialTimings::default().holder_look_gap);
    }
}
