//! One run: the real dispatcher over the copy, on a clock that jumps to whatever happens next.
//!
//! A round plays what is due now, lets the dispatcher look, and takes its tickets. Then the clock goes to the next event: a
//! ticket's turn, the end of a call, the next lead that is due and may be called, or the campaign's own start and end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::backend::redis::WINDOW;
use callfleet_jobs::kinds::DialLead;
use jiff::tz::TimeZone;

use super::RehearsalError;
use super::agenda::{Agenda, Event};
use super::clock::HandClock;
use super::line::Line;
use super::nobody::Nobody;
use super::order::Order;
use super::progress::Progress;
use super::tally::{Ending, Limit, Run};
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{DialTimings, LeadStep, spacing};
use crate::domain::dnc::{self, ListDate};
use crate::domain::hours_class::HoursClass;
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::domain::window::Open;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::scheduler::alarm::AgeLimits;
use crate::scheduler::{Rests, Rotation, Scheduler, SchedulerTimings};
use crate::store::dnc::DncList;
use crate::store::worker::NewWorker;
use crate::store::{Store, StoreError};

/// The made-up worker announces itself once and lives as long as a run may take on the real clock.
const WORKER_LIVES: Duration = Duration::from_secs(7 * 86_400);

/// Between two looks of the dispatcher.
const TICK: Duration = Duration::from_millis(200);
/// Every lead may need a look to be moved out of the way; more looks in a row than that move nothing.
const PATIENCE: u64 = 10;

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

/// When the next lead is due, and from when on it may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    at: Timestamp,
    opens: Timestamp,
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

    /// When something happens next; or how the run ended.
    async fn next(&mut self) -> Result<Result<Timestamp, Ending>, StoreError> {
        let (now, open) = (self.clock.now(), self.agenda.under_way());
        if let Some(start) = self.order.settings.starts_at.filter(|start| *start > now && open == 0) {
            return Ok(self.go(now, start, None));
        }
        let looks = self.halted.is_none() && self.agenda.dials() == 0 && open < self.order.lines();
        let due = if looks { self.due(now).await? } else { None };
        if open == 0 && (due.is_some() || self.halted.is_some()) && self.is_spent() {
            return Ok(Err(Ending::BudgetSpent));
        }
        if open == 0
            && self.idle_rounds > 0
            && due.is_some_and(|due| due.opens <= now)
            && let Some(list) = self.too_old(now).await?
        {
            return Ok(Err(Ending::ListTooOld(list)));
        }
        let end = self.order.settings.ends_at.filter(|end| *end > now && (due.is_some() || open > 0));
        // what is due now and was not taken is looked at again when the dispatcher would
        let opens = due.map(|due| if self.idle_rounds > 0 { due.opens.max(now + TICK) } else { due.opens });
        let opens = opens.map(|opens| self.rests_until().map_or(opens, |rested| opens.max(rested)));
        match [self.agenda.next(), opens, end].into_iter().flatten().min() {
            None => Ok(self.over().await?.map_or(Ok(now), Err)),
            Some(_) if self.idle_rounds > self.outlook.leads + PATIENCE => Ok(Err(Ending::Stuck)),
            Some(next) => Ok(self.go(now, next, due)),
        }
    }

    /// Until when the dispatcher arms nobody because the campaign's own pace is slow.
    fn rests_until(&self) -> Option<Timestamp> {
        self.scheduler.rests_until(self.order.campaign.id, &self.order.settings)
    }

    /// To the next moment, unless that is beyond the longest run.
    fn go(&mut self, now: Timestamp, next: Timestamp, due: Option<Due>) -> Result<Timestamp, Ending> {
        let until = self.order.until();
        self.account(now, next.min(until), due);
        if next > until {
            return Err(Ending::TooLong);
        }
        // a jump to somebody's time is no idle round
        if next > now + TICK {
            self.idle_rounds = 0;
        }
        Ok(next.max(now))
    }

    /// What is spent leaves no room for another call, and nothing is reserved any more.
    fn is_spent(&self) -> bool {
        let spent = self.outlook.spent + self.run.bill.sum();
        let settings = &self.order.settings;
        settings.budget.is_some_and(|budget| spent + self.order.deployment.reserve.of(settings) > budget)
    }

    /// A list by which the dispatcher calls nobody any more; nobody renews it in a rehearsal.
    async fn too_old(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        let lists: Vec<ListDate> = self.store.dnc_lists().await?.iter().map(DncList::date).collect();
        let today = now.in_zone(&TimeZone::UTC).date();
        let told = |list: dnc::StaleList| format!("on {today} the list {} is as old as it may not be ({} days)", list.name, list.most_days);
        Ok(dnc::too_old(&lists, &self.order.settings.countries, today).map(told))
    }

    /// The first lead that is due and may be called then, over all classes of hours.
    async fn due(&self, now: Timestamp) -> Result<Option<Due>, StoreError> {
        let settings = &self.order.settings;
        let drains = self.order.state() == CampaignState::Draining || settings.ends_at.is_some_and(|end| end <= now);
        let first = self.store.first_due_by_class(self.order.campaign.id, drains).await?;
        let opening = |(id, due): (i64, Timestamp)| {
            let class = self.classes.iter().find(|class| class.id == id)?;
            let at = due.max(now);
            match class.open(settings, at) {
                Open::Yes => Some(Due { at, opens: at }),
                Open::Until(opens) => opens.map(|opens| Due { at, opens }),
            }
        };
        Ok(first.into_iter().filter_map(opening).min_by_key(|due| (due.opens, due.at)))
    }

    /// Nothing will happen any more: why? `None` while the campaign has just begun to drain and is looked at once more.
    async fn over(&mut self) -> Result<Option<Ending>, StoreError> {
        if let Some(why) = self.halted.take() {
            return Ok(Some(Ending::Halted(why)));
        }
        let campaign = self.store.campaign(self.order.campaign.id).await?;
        let state = campaign.as_ref().map_or(CampaignState::Cancelled, |campaign| campaign.state);
        let has_ended = self.order.settings.ends_at.is_some_and(|end| end <= self.clock.now());
        Ok(match state {
            CampaignState::Completed if has_ended => Some(Ending::EndTime),
            CampaignState::Completed => Some(Ending::Completed),
            CampaignState::Halted => Some(Ending::Halted(campaign.and_then(|campaign| campaign.state_reason).unwrap_or_default())),
            CampaignState::Draining if self.idle_rounds < 3 => None,
            _ => Some(Ending::NeverOpens),
        })
    }

    /// Where the time from `now` to `next` goes.
    fn account(&mut self, now: Timestamp, next: Timestamp, due: Option<Due>) {
        let (open, span) = (self.agenda.under_way(), next.since(now));
        let left = self.outlook.leads.saturating_sub(self.ended + u64::from(open));
        let rests = due.is_some_and(|due| due.opens <= now) && self.rests_until().is_some();
        if self.agenda.dials() > 0 || rests {
            self.run.spend(Limit::Rate, span);
        } else if open > 0 && left == 0 {
            self.run.spend(Limit::LastCalls, span);
        } else if open >= self.order.lines() {
            self.run.spend(Limit::Lines, span);
        } else {
            // nobody is due until `at`, and from then until it opens hours are in the way
            let closes = due.map_or(next, |due| due.at.max(now).min(next));
            self.run.spend(Limit::Waiting, closes.since(now));
            self.run.spend(Limit::Hours, next.since(closes));
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
