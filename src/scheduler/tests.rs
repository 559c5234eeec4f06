//! The dispatcher over a real store: shares, schedules, and zones that cost nothing while they are closed.

mod broken_rows;
#[path = "../../tests/support/chaos.rs"]
#[expect(dead_code, reason = "shared with trials, which use the rest")]
mod chaos;
mod locked_rows;
mod paces;
mod recall;
mod silent_queue;
mod slow_ends;
mod unsent;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::kinds::DialLead;
use serde_json::json;

use super::alarm::AgeLimits;
use super::{Duty as _, Rests, Scheduler, SchedulerTimings, reap};
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::{CampaignId, WorkerId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::providers::{DialLine, ProviderCall, ProviderError, Telephony};
use crate::store::campaign::{CampaignChange, NewCampaign};
use crate::store::codec::JsonText;
use crate::store::contract::fixtures::{attempt, dnc_list, lead, new_lead, place};
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;
use crate::store::dnc::ReadList;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;
use crate::store::worker::{NewWorker, WorkerState};
use crate::store::{Store, StoreError, spend};

/// Monday, ten in the morning in Los Angeles.
const MORNING: &str = "2026-11-23T18:00:00Z";

/// A clock that is set by hand.
struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hand {
    fn forward(&self, seconds: f64) {
        let mut now = self.0.lock().unwrap();
        *now = *now + Duration::from_secs_f64(seconds);
    }
}

struct Nobody;

#[async_trait]
impl Telephony for Nobody {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
    async fn fetch(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
    async fn end(&self, _: &str) -> Result<(), ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
    async fn check(&self) -> Result<(), ProviderError> {
        unreachable!("the dispatcher does not ask the provider")
    }
}

struct Bench {
    store: Store,
    clock: Arc<Hand>,
    scheduler: Scheduler,
}

impl Bench {
    async fn new(store: Store, lines: u32) -> Self {
        Self::with_queue(store, lines, JobQueue::Memory(MemoryQueue::new(100))).await
    }

    async fn with_queue(store: Store, lines: u32, queue: JobQueue<DialLead>) -> Self {
        let clock = Arc::new(Hand(Mutex::new(MORNING.parse().unwrap())));
        let every = Duration::from_millis(200);
        let id = WorkerId::new();
        let scheduler = Scheduler {
            store: store.clone(),
            clock: Arc::clone(&clock) as _,
            telephony: Arc::new(Nobody),
            id,
            timings: DialTimings::default(),
            every: SchedulerTimings { lease: Duration::from_secs(10), tick: every, reconcile: every, poll: every },
            reserve: NanoUsd::ZERO,
            account_rate: 100.0,
            age_limits: AgeLimits::default(),
            live: Live::within(),
            lookout: Lookout::new(store.clone(), id, Arc::new(SystemClock), queue.clone()),
            active: Arc::default(),
            rests: Rests::default(),
            queue,
        };
        let worker = NewWorker { id: WorkerId::new(), host: "here", version: "1", lines };
        store.register_worker(worker, clock.now()).await.unwrap();
        Self { store, clock, scheduler }
    }

    async fn campaign(&self, name: &str, settings: serde_json::Value, state: CampaignState) -> CampaignId {
        let now = self.clock.now();
        let new = NewCampaign { name, settings: &settings, agent_version: None };
        let id = self.store.create_campaign(new, "test", now).await.unwrap().unwrap().id;
        let change = CampaignChange { from: CampaignState::Draft, to: state, reason: None, actor: "test" };
        assert!(self.store.change_campaign_state(id, change, now).await.unwrap().is_changed());
        id
    }

    /// `n` leads whose numbers begin with these digits.
    async fn leads(&self, campaign: CampaignId, area: &str, zone: &str, n: u64) {
        self.leads_of_priority(campaign, 0, area, zone, n).await;
    }

    async fn leads_of_priority(&self, campaign: CampaignId, priority: i32, area: &str, zone: &str, n: u64) {
        let lead = |n: u64| NewLead {
            phone_number: PhoneNumber::from_e164(&format!("+1{area}{n:04}")).unwrap(),
            zones: JsonText(vec![zone.to_owned()]),
            priority: priority.try_into().unwrap(),
            ..new_lead(n)
        };
        let leads: Vec<NewLead> = (0..n).map(lead).collect();
        self.store.insert_leads(place(campaign), &leads, self.clock.now()).await.unwrap();
    }

    async fn in_state(&self, campaign: CampaignId, state: LeadState) -> usize {
        let filter = LeadFilter { campaign: Some(campaign), state: Some(state), ..LeadFilter::default() };
        self.store.leads(&filter, None, 1_000).await.unwrap().len()
    }

    async fn state(&self, campaign: CampaignId) -> CampaignState {
        self.store.campaign(campaign).await.unwrap().unwrap().state
    }

    /// Calls of a campaign that ended just now, each with its disposition.
    async fn ended(&self, campaign: CampaignId, dispositions: &[&str]) {
        let lead = lead(&self.store, campaign, 9_000).await;
        for disposition in dispositions {
            let id = attempt(&self.store, campaign, lead).await;
            let sql = "UPDATE attempt SET state = 'ended', state_at = $2, placed_at = $2, disposition = $3,
                         attempt_no = (SELECT MAX(attempt_no) + 1 FROM attempt) WHERE id = $1";
            let now = self.clock.now();
            let done: Result<(), StoreError> = on_db!(self.store.db, statement, conn => {
                sqlx::query(sql).bind(id).bind(now).bind(*disposition).execute(conn).await?;
                Ok(())
            });
            done.unwrap();
        }
    }

    async fn spend(&self, campaign: CampaignId, usd: f64) {
        let spent: Result<(), StoreError> =
            on_db!(self.store.db, write, tx => spend::add(tx.into(), campaign, NanoUsd::from_usd(usd)).await);
        spent.unwrap();
    }

    fn set_clock(&self, now: &str) {
        *self.clock.0.lock().unwrap() = now.parse().unwrap();
    }
}

fn settings(weight: u32) -> serde_json::Value {
    json!({ "caller_numbers": ["+14155550200"], "pace": { "weight": weight, "lines": 50, "calls_per_second": 100.0 } })
}

on_both_engines! {
    async fn campaigns_share_the_lines_by_weight(store: Store) {
        let bench = Bench::new(store, 8).await;
        let small = bench.campaign("small", settings(1), CampaignState::Running).await;
        let large = bench.campaign("large", settings(3), CampaignState::Running).await;
        bench.leads(small, "415555", "America/Los_Angeles", 30).await;
        bench.leads(large, "415556", "America/Los_Angeles", 30).await;
        bench.scheduler.tick().await.unwrap();
        let active = (bench.in_state(small, LeadState::Active).await, bench.in_state(large, LeadState::Active).await);
        assert_eq!(active, (2, 6));
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(large, LeadState::Active).await, 6, "no line is free");
        assert_eq!(bench.store.withdraw_ready(large, &DialTimings::default(), bench.clock.now()).await.unwrap(), 6);
        bench.scheduler.tick().await.unwrap();
        let active = (bench.in_state(small, LeadState::Active).await, bench.in_state(large, LeadState::Active).await);
        assert_eq!(active, (2, 6), "what one gives back goes to whoever has least for its weight");
    }

    async fn whoever_drains_keeps_its_calls_to_itself(store: Store) {
        let bench = Bench::new(store, 3).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 9).await;
        bench.scheduler.tick().await.unwrap();
        let drains = bench.store.workers().await.unwrap()[0].id;
        let held: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
            sqlx::query("UPDATE attempt SET state = 'talking', held_by = $1").bind(drains).execute(conn).await?;
            Ok(())
        });
        held.unwrap();
        assert!(bench.store.set_worker_state(drains, WorkerState::Draining).await.unwrap());
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 3, "nobody takes calls");
        let next = NewWorker { id: WorkerId::new(), host: "here", version: "2", lines: 2 };
        bench.store.register_worker(next, bench.clock.now()).await.unwrap();
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 5, "both lines of the next one are free");
    }

    async fn a_worker_whose_heart_stands_still_is_found_dead_until_it_says_that_it_lives(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        bench.scheduler.timings.holder_silence = Duration::ZERO;
        let (mut reaper, id) = (reap::Reaper::new(bench.scheduler.clone()), bench.store.workers().await.unwrap()[0].id);
        for _ in 0..3 {
            reaper.round().await.unwrap();
            assert!(bench.store.heartbeat(id, 0).await.unwrap());
        }
        assert_eq!(bench.store.workers().await.unwrap().len(), 1, "its heart beat between two looks");
        reaper.round().await.unwrap();
        reaper.round().await.unwrap();
        assert_eq!(bench.store.workers().await.unwrap(), []);
        assert!(!bench.store.heartbeat(id, 0).await.unwrap());
        assert!(bench.store.set_worker_state(id, WorkerState::Running).await.unwrap());
        reaper.round().await.unwrap();
        assert!(bench.store.heartbeat(id, 0).await.unwrap());
        assert_eq!(bench.store.workers().await.unwrap()[0].state, WorkerState::Running);
    }

    async fn a_worker_of_another_version_may_not_know_how_to_come_back_and_is_found_dead_later(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        // ours is given forty times as long, another one 5,760 times
        bench.scheduler.timings.holder_silence = Duration::from_micros(500);
        let ours = NewWorker { id: WorkerId::new(), host: "here", version: env!("CARGO_PKG_VERSION"), lines: 3 };
        bench.store.register_worker(ours, bench.clock.now()).await.unwrap();
        let mut reaper = reap::Reaper::new(bench.scheduler.clone());
        for (millis, alive) in [(0, 2), (19, 2), (20, 1), (2_879, 1), (2_880, 0)] {
            reaper.look(|| Duration::from_millis(millis)).await.unwrap();
            let left: Vec<String> = bench.store.workers().await.unwrap().into_iter().map(|worker| worker.version).collect();
            assert!(left.len() == alive && (alive != 1 || left == ["1"]), "{left:?} after {millis} ms");
        }
    }

    async fn closed_zones_are_not_looked_at_until_they_open(store: Store) {
        let bench = Bench::new(store, 50).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads_of_priority(spring, 99, "808555", "Pacific/Honolulu", 5).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        bench.scheduler.tick().await.unwrap();
        let counts = (bench.in_state(spring, LeadState::Active).await, bench.in_state(spring, LeadState::New).await);
        assert_eq!(counts, (3, 5), "it is eight in Honolulu; nothing was written to its leads");
        bench.set_clock("2026-11-23T19:00:00Z");
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 8);
    }

    async fn a_list_that_is_too_old_stops_the_campaign_and_moves_no_lead(store: Store) {
        let bench = Bench::new(store, 50).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        let list = |scrub_date| ReadList { name: "national", registry: Some("us"), scrub_date };
        dnc_list(&bench.store, list("2026-10-20"), bench.clock.now()).await;
        bench.scheduler.tick().await.unwrap();
        assert_eq!((bench.in_state(spring, LeadState::New).await, bench.state(spring).await), (3, CampaignState::Running));
        dnc_list(&bench.store, list("2026-11-20"), bench.clock.now()).await;
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 3);
    }

    async fn a_campaign_most_of_whose_calls_fail_is_halted_and_a_resumed_one_begins_to_count_anew(store: Store) {
        let bench = Bench::new(store, 50).await;
        let mut strict = settings(1);
        strict["breaker"] = json!({ "failures": 0.5, "window": "10m", "min_calls": 4 });
        let spring = bench.campaign("spring", strict, CampaignState::Running).await;
        let calm = bench.campaign("calm", settings(1), CampaignState::Running).await;
        bench.ended(spring, &["busy", "failed", "failed"]).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Running, "three calls say nothing");
        bench.ended(spring, &["qualified"]).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!((bench.state(spring).await, bench.state(calm).await), (CampaignState::Halted, CampaignState::Running));
        let halted = bench.store.campaign(spring).await.unwrap().unwrap();
        assert!(halted.state_reason.unwrap().starts_with("circuit breaker: 2 of 4 calls in the last 10m failed"));

        bench.set_clock("2026-11-23T18:01:00Z");
        let resume = CampaignChange { from: CampaignState::Halted, to: CampaignState::Running, reason: None, actor: "test" };
        assert!(bench.store.change_campaign_state(spring, resume, bench.clock.now()).await.unwrap().is_changed());
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Running);
        bench.ended(spring, &["failed", "failed", "failed", "failed"]).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Halted);
    }

    async fn a_campaign_whose_money_is_spent_is_halted(store: Store) {
        let mut bench = Bench::new(store, 50).await;
        bench.scheduler.reserve = NanoUsd::from_usd(0.5);
        let mut poor = settings(1);
        poor["budget_usd"] = json!(1.0);
        let spring = bench.campaign("spring", poor, CampaignState::Running).await;
        bench.spend(spring, 0.5).await;
        bench.scheduler.break_circuits().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Running);
        bench.spend(spring, 0.1).await;
        bench.scheduler.break_circuits().await.unwrap();
        let halted = bench.store.campaign(spring).await.unwrap().unwrap();
        assert_eq!(halted.state, CampaignState::Halted);
        assert!(halted.state_reason.unwrap().starts_with("budget: $0.6"));
    }

    async fn a_campaign_begins_and_ends_at_its_times(store: Store) {
        let bench = Bench::new(store, 50).await;
        let mut timed = settings(1);
        timed["schedule"] = json!({ "start": "2026-11-23T11:00:00-08:00", "end": "2026-11-23T12:00:00-08:00" });
        let spring = bench.campaign("spring", timed, CampaignState::Scheduled).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 3).await;
        bench.scheduler.tick().await.unwrap();
        assert_eq!((bench.state(spring).await, bench.in_state(spring, LeadState::New).await), (CampaignState::Scheduled, 3));
        bench.set_clock("2026-11-23T19:00:00Z");
        bench.scheduler.tick().await.unwrap();
        assert_eq!((bench.state(spring).await, bench.in_state(spring, LeadState::Active).await), (CampaignState::Running, 3));
        bench.set_clock("2026-11-23T20:00:00Z");
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.state(spring).await, CampaignState::Draining);
    }
}
