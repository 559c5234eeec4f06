//! What a process does with an open application: one role of a fleet, or all of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use callfleet_jobs::envelope::seal;
use callfleet_jobs::kinds::{CollectBatch, GatherBatch};
use callfleet_jobs::table::{self, TableSettings};
use callfleet_jobs::{Envelope, Runner};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::crew::Crew;
use super::prices::reserve;
use super::{App, Listeners};
use crate::config::Alarms;
use crate::domain::attempt::AttemptState;
use crate::domain::ids::WorkerId;
use crate::mind::tokens;
use crate::scheduler::alarm::{AgeLimits, Watched};
use crate::scheduler::{Rests, Rotation, Scheduler, SchedulerTimings};
use crate::store::Store;
use crate::store::job::NewJob;
use crate::web::hooks::Hooks;
use crate::web::line::Line;
use crate::web::{self, public_routes};
use crate::work::fewer_dials::FewerDials;
use crate::work::local_journal::{LeftBehind, LocalJournal};

/// A dial that takes longer than this (pacing, claim, POST) is cut off; its row tells what has to be reconciled.
const LONGEST_DIAL: Duration = Duration::from_secs(120);
/// Between two looks at the job table.
const TABLE_POLL: Duration = Duration::from_millis(200);
/// A table job that takes longer is given up and tried again.
const LONGEST_JOB: Duration = Duration::from_secs(120);
/// How long a worker whose calls are over waits for their outcomes: the provider's last word of each is on its way.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Table jobs at the same time.
const TABLE_WIDTH: u32 = 16;
/// Between two tries to write what dead workers left behind.
const TAKE_OVER_AGAIN: Duration = Duration::from_secs(1);
/// Streams beyond the lines: such as turn out to be nobody's.
const SPARE_SOCKETS: usize = 64;
/// Sockets that have not said yet which stream they carry.
const OPENING_SOCKETS: usize = 8_192;

/// How a worker that stops treats the calls it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// Waits for them to end by themselves, as long as a call may take.
    Wait,
    /// Ends them politely at once.
    EndCalls,
}

/// A worker's journal, and what dead ones left beside it.
pub type OwnJournal = (LocalJournal, Vec<LeftBehind>);

impl App {
    /// Decides who is called when, until `stop` fires.
    pub async fn scheduler(self, stop: CancellationToken) {
        self.standing_jobs().await;
        let dialing = &self.config.dialing;
        let every = SchedulerTimings {
            tick: Duration::from_millis(dialing.tick_ms),
            reconcile: Duration::from_millis(dialing.reconcile_every_ms),
            poll: Duration::from_millis(dialing.poll_after_ms.div_ceil(4).clamp(250, 5_000)),
            lease: Duration::from_millis(dialing.scheduler_lease_ms),
        };
        let scheduler = Scheduler {
            store: self.steps.clone(),
            clock: Arc::clone(&self.clock),
            queue: self.queue.clone(),
            telephony: Arc::clone(&self.senses.telephony),
            id: self.id,
            timings: self.timings,
            every,
            reserve: reserve(&self.config, self.clock.now()),
            account_rate: self.config.twilio.calls_per_second,
            live: self.live.clone(),
            lookout: self.lookout.clone(),
            age_limits: age_limits(&self.config.alarms),
            active: Arc::clone(&self.active),
            rests: Rests::default(),
            rotation: Rotation::default(),
        };
        scheduler.run(stop).await;
    }

    /// Begins the worker's own journal. No worker works without one, so none is up before.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn journal(&self) -> anyhow::Result<OwnJournal> {
        let opened = LocalJournal::open(&self.config.data, self.id);
        opened.with_context(|| {
            format!("the local journal in {} cannot be opened; give a folder that can be written as `data`", self.config.data.display())
        })
    }

    /// Places calls, holds them, and works the job table. Returns once every call it held has ended, and has its outcome where the
    /// provider tells its end in time: the last worker's calls are folded by nobody else.
    ///
    /// # Errors
    /// When the worker cannot be registered.
    pub async fn worker(
        self,
        (local, left): OwnJournal,
        listener: TcpListener,
        stop: CancellationToken,
        drain: Drain,
    ) -> anyhow::Result<()> {
        // the token vocabulary takes a quarter of a second to load: not in the first call
        tokio::task::spawn_blocking(tokens::preload);
        let crew = Crew::new(&self, local, &stop);
        let port = listener.local_addr().context("the worker's own address is not known")?.port();
        crew.heartbeat.register(port).await.context("the worker cannot be registered")?;
        let (beating, serving, folding) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let mut duties = JoinSet::new();
        let heart = tokio::spawn(crew.heartbeat.clone().run(beating.clone()));
        let routes = public_routes(self.hooks(), Some(self.line(&crew)));
        let server = tokio::spawn(web::serve(listener, routes, serving.clone()));
        let dials = self.dial_slots();
        duties.spawn(FewerDials::of(Arc::clone(&dials), crew.dialer.turns.clone()).run(stop.clone()));
        duties.spawn(self.queue.clone().work(Runner { timeout: LONGEST_DIAL }, crew.dialer, dials, stop.clone()));
        let lease = Duration::from_millis(self.config.worker.job_lease_ms);
        let jobs = TableSettings { poll: TABLE_POLL, lease, longest: LONGEST_JOB, width: TABLE_WIDTH };
        let table = tokio::spawn(table::work(crew.rows, crew.table, jobs, folding.clone()));
        duties.spawn(take_over(self.store.clone(), left, stop.clone()));
        duties.spawn(self.lookout.clone().run(stop.clone()));
        self.active.store(true, Ordering::Relaxed);
        stop.cancelled().await;
        crew.heartbeat.drain().await;
        if drain == Drain::EndCalls {
            crew.end_calls.cancel();
        }
        while duties.join_next().await.is_some() {}
        crew.calls.close();
        crew.calls.wait().await;
        until_folded(&self.steps, self.id).await;
        folding.cancel();
        let _ = table.await;
        beating.cancel();
        serving.cancel();
        let _ = tokio::join!(heart, server);
        crew.heartbeat.stopped().await;
        Ok(())
    }

    /// Serves callbacks where no worker does (the fleet's `web` role).
    pub async fn callbacks(self, listener: TcpListener, stop: CancellationToken) {
        web::serve(listener, public_routes(self.hooks(), None), stop).await;
    }

    /// Everything in one process: the embedded mode. `api` is served on `listeners.api`. Leaves open what [`App::close`] closes.
    ///
    /// # Errors
    /// When a role cannot start.
    pub async fn everything(
        self,
        journal: OwnJournal,
        listeners: Listeners,
        api: Router,
        stop: CancellationToken,
        drain: Drain,
    ) -> anyhow::Result<()> {
        let serving = CancellationToken::new();
        let server = tokio::spawn(web::serve(listeners.api, api, serving.clone()));
        let scheduler = tokio::spawn(self.clone().scheduler(stop.clone()));
        let worked = self.clone().worker(journal, listeners.public, stop.clone(), drain).await;
        stop.cancel();
        let _ = scheduler.await;
        self.live.end();
        serving.cancel();
        let _ = server.await;
        worked
    }

    /// Jobs that are never done; enqueuing them again changes nothing.
    async fn standing_jobs(&self) {
        let now = self.clock.now();
        let jobs = [(GatherBatch::KIND, seal(&GatherBatch {})), (CollectBatch::KIND, seal(&CollectBatch {}))];
        for (kind, payload) in jobs {
            let payload = payload.expect("ids are always writable as JSON");
            let job = NewJob { kind, key: "standing", payload: &payload, run_at: now, max_attempts: u32::from(u16::MAX) };
            if let Err(error) = self.store.enqueue_job(job, now).await {
                tracing::warn!(kind, %error, "a standing job was not enqueued; the next start does it");
            }
        }
    }

    fn hooks(&self) -> Hooks {
        Hooks {
            store: self.steps.clone(),
            clock: Arc::clone(&self.clock),
            public: self.public.clone(),
            keys: Arc::clone(&self.keys),
            timings: self.timings,
            live: self.live.clone(),
        }
    }

    fn line(&self, crew: &Crew) -> Line {
        let sockets = Semaphore::new(self.config.worker.lines as usize + SPARE_SOCKETS);
        Line {
            desk: Arc::clone(&crew.holder) as _,
            keys: Arc::clone(&self.keys),
            media_url: self.public.media_url(),
            opening: Arc::new(Semaphore::new(OPENING_SOCKETS)),
            sockets: Arc::new(sockets),
        }
    }

    /// Dials at the same time: enough that connecting and claiming never hold the pace up.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is checked to lie between 0 and 1000")]
    fn dial_slots(&self) -> Arc<Semaphore> {
        let by_rate = (self.config.twilio.calls_per_second * 4.0).ceil() as usize;
        Arc::new(Semaphore::new(by_rate.clamp(2, 64).min(self.config.worker.lines as usize)))
    }
}

fn age_limits(alarms: &Alarms) -> AgeLimits {
    use AttemptState::{HandedOff, Placed, Ready, Refused, Ringing, Sending, Talking, Unknown};
    let states = [
        (Ready, alarms.ready_s),
        (Sending, alarms.sending_s),
        (Unknown, alarms.unknown_s),
        (Placed, alarms.placed_s),
        (Ringing, alarms.ringing_s),
        (Talking, alarms.talking_s),
        (HandedOff, alarms.handed_off_s),
        (Refused, alarms.refused_s),
    ];
    let states = states.map(|(state, seconds)| (Watched::State(state), seconds));
    let limits = states.into_iter().chain([(Watched::Unsent, alarms.unsent_s)]);
    AgeLimits::new(limits.map(|(watched, seconds)| (watched, Duration::from_secs(seconds))))
}

/// Waits until the calls that this worker held have their outcomes.
async fn until_folded(store: &Store, worker: WorkerId) {
    let looks = async {
        loop {
            match store.unfolded_calls(worker).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the outcomes of this worker's calls cannot be looked for; trying again"),
            }
            tokio::time::sleep(TABLE_POLL).await;
        }
    };
    if tokio::time::timeout(LAST_WORDS, looks).await.is_err() {
        tracing::warn!("calls of this worker have no outcome yet; another worker, or the next one that starts, folds it");
    }
}

/// Writes what dead workers left on this disk, as soon as the database takes it.
async fn take_over(store: Store, left: Vec<LeftBehind>, stop: CancellationToken) {
    for file in left {
        while let Err(error) = file.write(&store).await {
            tracing::warn!(%error, "a dead worker's journal is not written yet; trying again");
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(TAKE_OVER_AGAIN) => {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn whatever_has_an_age_has_a_limit() {
        let limits = age_limits(&Config::from_toml("").unwrap().alarms);
        let without: Vec<_> = Watched::all().filter(|watched| limits.of(*watched).is_none()).map(Watched::as_str).collect();
        assert!(without.is_empty(), "{without:?} never alarm");
    }
}
