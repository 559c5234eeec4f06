//! Decides who is called when, and looks after what fell silent. One scheduler is active by lease, others stand by.
//!
//! Each duty is a loop of its own at its own pace; all of them stop when the lease is lost. None keeps anything that a
//! successor could not read from the rows, except waiting times and the turns of classes of hours, which start again.

pub mod alarm;
mod bell;
mod breaker;
mod dispatch;
mod gauge;
mod passed_by;
mod poll;
mod prune;
mod reap;
mod recall;
mod reconcile;
mod rests;
mod rotation;
mod share;
mod sweep;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::JobQueue;
use callfleet_jobs::kinds::DialLead;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::alarm::AgeLimits;
pub use self::rests::Rests;
pub use self::rotation::Rotation;
use crate::clock::SharedClock;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::WorkerId;
use crate::domain::reserve::CallReserve;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::providers::Telephony;
use crate::store::lease::{self, Lease};
use crate::store::life::Settled;
use crate::store::{Store, StoreError};

/// How often each duty is done.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerTimings {
    /// Dispatch and sweep.
    pub tick: Duration,
    /// Looks at calls nobody is sure of.
    pub reconcile: Duration,
    /// Looks at silent calls and at holders.
    pub poll: Duration,
    /// A dead scheduler is followed by another one after this; renewed four times as often.
    pub lease: Duration,
}

impl SchedulerTimings {
    fn renew(&self) -> Duration {
        self.lease / 4
    }
}

/// Everything the duties need.
#[derive(Clone)]
pub struct Scheduler {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// Where tickets are rung.
    pub queue: JobQueue<DialLead>,
    /// The provider, for looks at its list and for ending calls without a holder.
    pub telephony: Arc<dyn Telephony>,
    /// This process.
    pub id: WorkerId,
    /// The protocol's times.
    pub timings: DialTimings,
    /// How often each duty is done.
    pub every: SchedulerTimings,
    /// Worst case of one call.
    pub reserve: CallReserve,
    /// Call starts per second of the account: nothing is armed long before it can be dialed.
    pub account_rate: f64,
    /// How long an attempt may stand in each state before a person is called.
    pub age_limits: AgeLimits,
    /// Those who look on.
    pub live: Live,
    /// Whether this machine's time can be trusted, and its queue answers.
    pub lookout: Lookout,
    /// Whether this one holds the lease.
    pub active: Arc<AtomicBool>,
    /// Slow campaigns between two of their dials.
    pub rests: Rests,
    /// Classes of calling hours that take turns.
    pub rotation: Rotation,
}

impl Scheduler {
    /// Stands by, works while it holds the lease, and gives it back when `stop` fires.
    pub async fn run(self, stop: CancellationToken) {
        // whoever stands by says so from the beginning
        gauge::tell_active(false);
        while !stop.is_cancelled() {
            match self.store.acquire_lease(lease::SCHEDULER, self.id, self.every.lease).await {
                Ok(Some(lease)) => self.lead(lease, &stop).await,
                Ok(None) => tracing::trace!("another scheduler is active"),
                Err(error) => tracing::warn!(%error, "the scheduler's lease cannot be asked for; trying again"),
            }
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(self.every.renew()) => {} }
        }
    }

    async fn lead(&self, lease: Lease, stop: &CancellationToken) {
        tracing::info!(lease.epoch, "this scheduler is active");
        if let Err(error) = self.look_around().await {
            tracing::warn!(%error, "the database did not tell who it is; it is asked again");
        }
        self.rests.forget();
        let leading = stop.child_token();
        let mut duties = self.duties(&leading);
        self.active.store(true, Ordering::Relaxed);
        gauge::tell_active(true);
        tokio::select! {
            () = self.keep(&lease, &leading) => {}
            // a duty ends with the lease or the process; else it broke, and a successor does better than a scheduler without it
            ended = duties.join_next() => if !leading.is_cancelled() {
                tracing::error!(?ended, "a duty of the scheduler broke off; the lease is given back");
            },
        }
        self.active.store(false, Ordering::Relaxed);
        leading.cancel();
        while duties.join_next().await.is_some() {}
        gauge::tell_active(false);
        self.lookout.leave().await;
        if let Err(error) = self.store.release_lease(&lease).await {
            tracing::warn!(%error, "the scheduler's lease was not given back; it runs out by itself");
        }
    }

    /// Before anything else, and from time to time: whose rows are these, and what time is it?
    async fn look_around(&self) -> Result<(), StoreError> {
        if let Settled::Other { attempts } = self.store.settle_life(self.timings.ticket_lease, self.clock.now()).await? {
            tracing::error!(attempts, "the database was promoted or restored; what it shows as not sent is reconciled before it is sent");
        }
        self.lookout.look_at_clock().await
    }

    /// Renews until the lease is lost, the database is away for too long, or the process stops.
    async fn keep(&self, lease: &Lease, leading: &CancellationToken) {
        let (every, mut renewed) = (self.every.renew(), tokio::time::Instant::now());
        while renewed.elapsed() + every < self.every.lease {
            tokio::select! { () = leading.cancelled() => return, () = tokio::time::sleep(every) => {} }
            match tokio::time::timeout(every, self.store.renew_lease(lease, self.every.lease)).await {
                Ok(Ok(true)) => renewed = tokio::time::Instant::now(),
                Ok(Ok(false)) => return tracing::warn!("another scheduler took over"),
                Ok(Err(error)) => tracing::warn!(%error, "the scheduler's lease was not renewed"),
                Err(_) => tracing::warn!("the scheduler's lease was not renewed in time"),
            }
        }
    }

    fn duties(&self, leading: &CancellationToken) -> JoinSet<()> {
        let (every, mut duties) = (self.every, JoinSet::new());
        let me = || self.clone();
        duties.spawn(repeat(every.tick, leading.clone(), dispatch::Dispatcher::new(me())));
        duties.spawn(repeat(every.tick, leading.clone(), sweep::Sweeper::new(me())));
        duties.spawn(repeat(every.reconcile, leading.clone(), reconcile::Reconciler::new(me())));
        duties.spawn(repeat(every.poll, leading.clone(), poll::Poller::new(me())));
        duties.spawn(repeat(reap::EVERY, leading.clone(), reap::Reaper::new(me())));
        duties.spawn(repeat(recall::EVERY, leading.clone(), recall::Recaller::new(me())));
        duties.spawn(repeat(breaker::EVERY, leading.clone(), breaker::Breaker::new(me())));
        duties.spawn(repeat(gauge::EVERY, leading.clone(), gauge::Gauge::new(me())));
        duties.spawn(repeat(prune::EVERY, leading.clone(), prune::Pruner::new(me())));
        duties
    }
}

/// One duty of the active scheduler.
#[async_trait]
trait Duty: Send + 'static {
    /// For the log.
    const NAME: &'static str;
    /// Does it once.
    async fn round(&mut self) -> Result<(), StoreError>;
}

/// A duty, again and again; a failed round is told and the next one comes at its time.
async fn repeat<D: Duty>(every: Duration, stop: CancellationToken, mut duty: D) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! { biased; () = stop.cancelled() => return, _ = ticks.tick() => {} }
        if let Err(error) = duty.round().await {
            tracing::warn!(duty = D::NAME, %error, "a scheduler's round failed; the next one follows");
        }
    }
}
