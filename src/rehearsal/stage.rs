//! One run: the real dispatcher over the copy, on a clock that jumps to whatever happens next.
//!
//! A round plays what is due now, lets the dispatcher look, and takes its tickets. Then the clock goes to the next event: a
//! ticket's turn, the end of a call, the next lead that is due and may be called, or the campaign's own start and end.

mod next;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::backend::redis::WINDOW;
use callfleet_jobs::kinds::DialLead;

use super::RehearsalError;
use super::agenda::{Agenda, Event};
use super::clock::HandClock;
use super::line::Line;
use super::nobody::Nobody;
use super::order::Order;
use super::progress::Progress;
use super::tally::{Ending, Run};
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{DialTimings, LeadStep, spacing};
use crate::domain::hours_class::HoursClass;
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::scheduler::alarm::AgeLimits;
use crate::scheduler::{Rests, Rotation, Scheduler, SchedulerTimings};
use crate::store::worker::NewWorker;
use crate::store::{Store, StoreError};

/// The made-up worker announces itself once and lives as long as a run may take on the real clock.
const WORKER_LIVES: Duration = Duration::from_secs(7 * 86_400);

/// Between two looks of the dispatcher.
const TICK: Duration = Duration::from_millis(200);

/// What a run begins with.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// Its seed.
    pub seed: u64,
    /// Leads to call.
    pub leads: u64,
    /// Spent before.
    pub spent: NanoUsd,
}

/// A run at work.
pub struct Stage {
    store: Store,
    clock: Arc<HandClock>,
    scheduler: Scheduler,
    tickets: MemoryQueue<DialLead>,
    line: Line,
    order: Arc<Order>,
    progress: Progress,
    classes: Vec<HoursClass>,
    agenda: Agenda,
    run: Run,
    outlook: Outlook,
    /// Leads whose calls made an end of them.
    ended: u64,
    /// No dial before this.
    free_at: Timestamp,
    halted: Option<String>,
    /// Rounds in a row without a ticket, a tick apart at most.
    idle_rounds: u64,
}

impl Stage {
    /// Over a copy of its own.
    pub async fn open(folder: &Path, order: Arc<Order>, outlook: Outlook, progress: Progress) -> Result<Self, RehearsalError> {
        let store = Store::scratch(folder).await?;
        let (clock, worker) = (Arc::new(HandClock::at(order.from)), WorkerId::new());
        let new = NewWorker { id: worker, host: "rehearsal", version: env!("CARGO_PKG_VERSION"), lines: order.deployment.lines };
        store.register_worker(new, order.from).await?;
        let tickets = MemoryQueue::new(WINDOW);
        let scheduler = scheduler(&store, &clock, &tickets, worker, &order);
        Ok(Self {
            classes: store.hours_classes(order.campaign.id).await?,
            line: Line::new(store.clone(), Arc::clone(&order), worker, outlook.seed),
            run: Run::new(outlook.seed, order.from),
            free_at: order.from,
            agenda: Agenda::default(),
            ended: 0,
            halted: None,
            idle_rounds: 0,
            store,
            clock,
            scheduler,
            tickets,
            order,
            progress,
            outlook,
        })
    }

    /// To the end.
    pub async fn play(mut self) -> Result<Run, RehearsalError> {
        self.run.ending = loop {
            self.happen().await?;
            self.scheduler.tick().await?;
            self.take_tickets().await;
            self.happen().await?;
            match self.next().await? {
                Ok(next) => self.clock.set(next),
                Err(ending) => break ending,
            }
        };
        self.sum_up().await?;
        self.store.close().await;
        Ok(self.run)
    }

    /// Everything whose time has come.
    async fn happen(&mut self) -> Result<(), StoreError> {
        let (now, mut has_ended) = (self.clock.now(), false);
        while let Some(event) = self.agenda.take(now) {
            match event {
                Event::Dial { attempt, send_no } => {
                    if let Some(call) = self.line.dial(attempt, send_no, now).await? {
                        self.run.placed.push(now);
                        self.agenda.note(call.ends_at(), Event::End(Box::new(call)));
                    }
                }
                Event::End(call) => {
                    let Some(ended) = self.line.end(&call, now).await? else { continue };
                    self.run.count(&ended, now);
                    has_ended = true;
                    let is_last = !matches!(ended.finished.next, LeadStep::Waiting { .. });
                    self.ended += u64::from(is_last);
                    self.progress.done(u64::from(is_last));
                }
            }
        }
        if has_ended { self.look_at_circuits().await } else { Ok(()) }
    }

    /// What failed, or what it cost, may halt the campaign.
    async fn look_at_circuits(&mut self) -> Result<(), StoreError> {
        self.scheduler.break_circuits().await?;
        let campaign = self.store.campaign(self.order.campaign.id).await?;
        let halted = campaign.filter(|campaign| campaign.state == CampaignState::Halted);
        self.halted = halted.map(|campaign| campaign.state_reason.unwrap_or_default());
        Ok(())
    }

    /// Each ticket gets its turn, as the pacer would give it.
    async fn take_tickets(&mut self) {
        let (now, apart) = (self.clock.now(), spacing(self.order.settings.calls_per_second, self.order.deployment.account_rate));
        let tickets = self.tickets.take_all().await;
        self.idle_rounds = if tickets.is_empty() { self.idle_rounds + 1 } else { 0 };
        for DialLead { attempt, send_no } in tickets {
            let turn = self.free_at.max(now);
            self.free_at = turn + apart;
            self.agenda.note(turn, Event::Dial { attempt: AttemptId(attempt), send_no });
        }
    }

    async fn sum_up(&mut self) -> Result<(), StoreError> {
        let campaign = self.order.campaign.id;
        let standings = self.store.standings(campaign).await?;
        self.run.sort_leads(&standings);
        if self.run.ending == Ending::EndTime && self.run.open.is_empty() {
            self.run.ending = Ending::Completed;
        }
        self.run.held_back = self.store.held_back().await?;
        self.run.callbacks = self.store.callback_fidelity(campaign, self.order.settings.callbacks.tolerance, self.clock.now()).await?;
        if self.run.placed.is_empty() {
            self.run.over_at = self.clock.now();
        }
        self.progress.done(self.outlook.leads.saturating_sub(self.ended));
        Ok(())
    }
}

/// The real one, with a worker that never falls silent, a queue that nobody else reads, and no provider.
fn scheduler(store: &Store, clock: &Arc<HandClock>, tickets: &MemoryQueue<DialLead>, id: WorkerId, order: &Order) -> Scheduler {
    let queue = JobQueue::Memory(tickets.clone());
    Scheduler {
        store: store.clone(),
        clock: Arc::clone(clock) as _,
        telephony: Arc::new(Nobody),
        id,
        timings: DialTimings { holder_silence: WORKER_LIVES, ..order.deployment.timings },
        every: SchedulerTimings { tick: TICK, reconcile: TICK, poll: TICK, lease: WORKER_LIVES },
        reserve: order.deployment.reserve,
        account_rate: order.deployment.account_rate,
        age_limits: AgeLimits::default(),
        live: Live::within(),
        lookout: Lookout::new(store.clone(), id, Arc::new(SystemClock), queue.clone()),
        active: Arc::default(),
        rests: Rests::default(),
        rotation: Rotation::default(),
        queue,
    }
}
