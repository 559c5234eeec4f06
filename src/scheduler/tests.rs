//! The scheduler over a real store, and what a campaign gets of the lines.

mod broken_rows;
#[path = "../../tests/support/chaos.rs"]
#[expect(dead_code, reason = "shared with trials, which use the rest")]
mod chaos;
mod halts;
mod locked_rows;
mod look_again;
mod paces;
mod recall;
mod round_trips;
mod silent_queue;
mod slow_ends;
mod unsent;
mod workers;
mod zones;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::kinds::DialLead;
use serde_json::json;

use super::alarm::AgeLimits;
use super::{Rests, Rotation, Scheduler, SchedulerTimings};
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::DialTimings;
use crate::domain::ids::{CampaignId, WorkerId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::live::Live;
use crate::lookout::Lookout;
use crate::providers::{DialLine, ProviderCall, ProviderError, Telephony, Transfer};
use crate::store::campaign::{CampaignChange, NewCampaign};
use crate::store::codec::JsonText;
use crate::store::contract::fixtures::{attempt, lead, new_lead, place};
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;
use crate::store::worker::NewWorker;
use crate::store::{Store, StoreError};

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
    async fn transfer(&self, _: &str, _: &Transfer) -> Result<(), ProviderError> {
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
            reserve: CallReserve::flat(NanoUsd::ZERO),
            account_rate: 100.0,
            age_limits: AgeLimits::default(),
            live: Live::within(),
            lookout: Lookout::new(store.clone(), id, Arc::new(SystemClock), queue.clone()),
            active: Arc::default(),
            rests: Rests::default(),
            rotation: Rotation::default(),
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
}
