//! One look of the dispatcher over a million leads, nine in ten of them in closed zones or capped until tomorrow, and all of those
//! of a higher priority than the others.
//!
//! `cargo bench --bench dispatch_tick [-- --leads N --ticks N --priorities N --zones N --postgres URL]` fills a database of its own
//! (a temporary folder, or a schema that is dropped afterwards), then runs the real dispatcher and prints the median and the 99th
//! percentile of a tick. Attempts that were armed are closed between two ticks, outside the measurement. The figure to hold is 20 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use callfleet::clock::{Clock, SystemClock};
use callfleet::domain::campaign::{CampaignState, file::CampaignFile};
use callfleet::domain::dialing::DialTimings;
use callfleet::domain::ids::{CampaignId, WorkerId};
use callfleet::domain::money::NanoUsd;
use callfleet::domain::phone::PhoneNumber;
use callfleet::domain::priority::Priority;
use callfleet::domain::reserve::CallReserve;
use callfleet::domain::time::Timestamp;
use callfleet::domain::zone::{Address, zones_for};
use callfleet::live::Live;
use callfleet::lookout::Lookout;
use callfleet::providers::{DialLine, ProviderCall, ProviderError, Telephony, Transfer};
use callfleet::scheduler::alarm::AgeLimits;
use callfleet::scheduler::{Rests, Rotation, Scheduler, SchedulerTimings};
use callfleet::store::campaign::{CampaignChange, NewCampaign};
use callfleet::store::codec::JsonText;
use callfleet::store::lead_insert::{ListPlace, NewLead, OnDuplicate};
use callfleet::store::worker::NewWorker;
use callfleet::store::{Store, Target};
use callfleet_jobs::JobQueue;
use callfleet_jobs::backend::memory::MemoryQueue;
use sqlx::{Connection as _, Executor as _};

/// Monday, half past nine in the evening in New York: the East and the Middle are closed, the Pacific and what lies beyond is open.
const NOW: &str = "2026-11-24T02:30:00Z";
const BATCH: usize = 5_000;

/// Area codes of closed zones (eight in ten leads), and of open ones: a class of hours each.
const CLOSED: [&str; 8] = ["212", "305", "404", "617", "713", "214", "615", "312"];
const OPEN: [&str; 4] = ["415", "206", "907", "808"];

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW.parse().expect("a moment")
    }
}

struct Options {
    leads: usize,
    ticks: usize,
    priorities: usize,
    zones: usize,
    postgres: Option<String>,
}

impl Options {
    fn read() -> Self {
        let mut options = Self { leads: 1_000_000, ticks: 300, priorities: 9, zones: 1, postgres: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            match word.as_str() {
                "--leads" => options.leads = value().parse().expect("a number"),
                "--ticks" => options.ticks = value().parse().expect("a number"),
                "--priorities" => options.priorities = value().parse().expect("a number"),
                "--zones" => options.zones = value().parse().expect("1 to 4"),
                "--postgres" => options.postgres = Some(value()),
                "--bench" => {}
                other => panic!("unknown option {other}"),
            }
        }
        options
    }
}

#[tokio::main]
async fn main() {
    let options = Options::read();
    let folder = tempfile::tempdir().expect("a folder");
    let schema = format!("bench_{}", std::process::id());
    let target = match &options.postgres {
        Some(url) => {
            let mut server = sqlx::PgConnection::connect(url).await.expect("the server answers");
            server.execute(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.expect("a schema");
            let url = format!("{url}{}options[search_path]={schema}", if url.contains('?') { '&' } else { '?' });
            Target::Postgres { url: url.into(), max_connections: 8 }
        }
        None => Target::Sqlite { folder: folder.path().to_owned() },
    };
    let store = Store::open(target).await.expect("the database opens");
    store.migrate().await.expect("the schema");
    let engine = if options.postgres.is_some() { "postgres" } else { "sqlite" };
    run(&store, engine, &options).await;
    store.close().await;
    if let Some(url) = &options.postgres {
        let mut server = sqlx::PgConnection::connect(url).await.expect("the server answers");
        server.execute(sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.expect("the schema is dropped");
    }
}

async fn run(store: &Store, engine: &str, options: &Options) {
    let (campaign, worker) = (campaign(store).await, worker(store).await);
    let filled = Instant::now();
    fill(store, campaign, options).await;
    println!("{engine}: {} leads in {:.1} s", options.leads, filled.elapsed().as_secs_f64());
    let scheduler = scheduler(store);
    let (mut looks, mut armed) = (Vec::with_capacity(options.ticks), 0);
    for _ in 0..options.ticks {
        store.heartbeat(worker, 0).await.expect("a heartbeat");
        let begun = Instant::now();
        scheduler.tick().await.expect("a tick");
        looks.push(begun.elapsed());
        armed += store.withdraw_ready(campaign, &DialTimings::default(), Still.now()).await.expect("armed attempts are given back");
    }
    looks.sort_unstable();
    let at = |share: f64| looks[((looks.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{engine}: {} ticks, {armed} attempts armed; p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        looks.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    assert!(armed > 0, "a tick that arms nobody measures nothing");
}

async fn campaign(store: &Store) -> CampaignId {
    let mut file = CampaignFile { caller_numbers: vec!["+14155550200".to_owned()], budget_usd: Some(1e6), ..CampaignFile::default() };
    (file.pace.lines, file.pace.calls_per_second) = (100, 10.0);
    let settings = serde_json::to_value(&file).expect("settings");
    let new = NewCampaign { name: "bench", settings: &settings, agent_version: None };
    let id = store.create_campaign(new, "bench", Still.now()).await.expect("a campaign").expect("a new name").id;
    let change = CampaignChange { from: CampaignState::Draft, to: CampaignState::Running, reason: None, actor: "bench" };
    assert!(store.change_campaign_state(id, change, Still.now()).await.expect("a change").is_changed());
    id
}

/// A live worker with free lines, as the dispatcher sees one.
async fn worker(store: &Store) -> WorkerId {
    let id = WorkerId::new();
    let new = NewWorker { id, host: "bench", version: "bench", lines: 100 };
    store.register_worker(new, Still.now()).await.expect("a worker");
    id
}

/// Of ten leads eight are in closed zones, one waits for tomorrow because of a cap, one may be called.
async fn fill(store: &Store, campaign: CampaignId, &Options { leads, priorities, zones, .. }: &Options) {
    let place = ListPlace { campaign, import: None, on_duplicate: OnDuplicate::Skip };
    let tomorrow = Still.now() + Duration::from_secs(86_400);
    for first in (0..leads).step_by(BATCH) {
        let batch: Vec<NewLead> = (first..leads.min(first + BATCH)).map(|n| lead(n, priorities, zones, tomorrow)).collect();
        let stored = store.insert_leads(place, &batch, Still.now()).await.expect("leads");
        assert_eq!(stored.accepted as usize, batch.len());
    }
}

/// Those that are capped have so many priorities above the one that may be called, which a look has to pass in each open zone.
fn lead(n: usize, priorities: usize, zones: usize, tomorrow: Timestamp) -> NewLead {
    let tenth = n % 10;
    let area = CLOSED.get(tenth).copied().unwrap_or(OPEN[n / 10 % zones]);
    let phone_number =
        PhoneNumber::from_e164(&format!("+1{area}{:07}", 2_000_000 + n / 10 * 2 + usize::from(tenth == 9))).expect("a number");
    let priority = match tenth {
        9 => 0,
        8 => 1 + i32::try_from(n / 10 % priorities).expect("a small number"),
        _ => *Priority::ALL.end() as i32,
    };
    NewLead {
        external_id: None,
        zones: JsonText(zones_for(&phone_number, Address::default(), None).expect("zones")),
        phone_number,
        variables: JsonText(serde_json::Map::new()),
        consent_basis: Some("web form".to_owned()),
        consent_at: None,
        consent_ref: None,
        priority: Priority::try_from(priority).expect("a priority"),
        not_before: (tenth == 8).then_some(tomorrow),
    }
}

fn scheduler(store: &Store) -> Scheduler {
    let (every, id, queue) = (Duration::from_millis(200), WorkerId::new(), JobQueue::Memory(MemoryQueue::new(1_000)));
    Scheduler {
        store: store.clone(),
        clock: Arc::new(Still),
        telephony: Arc::new(Nobody),
        id,
        timings: DialTimings::default(),
        every: SchedulerTimings { lease: Duration::from_secs(10), tick: every, reconcile: every, poll: every },
        reserve: CallReserve::flat(NanoUsd::from_usd(0.5)),
        account_rate: 1.0,
        age_limits: AgeLimits::default(),
        live: Live::within(),
        lookout: Lookout::new(store.clone(), id, Arc::new(SystemClock), queue.clone()),
        active: Arc::default(),
        rests: Rests::default(),
        rotation: Rotation::default(),
        queue,
    }
}

/// The dispatcher never asks the provider.
struct Nobody;

fn unasked() -> ProviderError {
    unreachable!("the dispatcher does not ask the provider")
}

#[async_trait]
impl Telephony for Nobody {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        Err(unasked())
    }
    async fn fetch(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Err(unasked())
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        Err(unasked())
    }
    async fn end(&self, _: &str) -> Result<(), ProviderError> {
        Err(unasked())
    }
    async fn transfer(&self, _: &str, _: &Transfer) -> Result<(), ProviderError> {
        Err(unasked())
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        Err(unasked())
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Err(unasked())
    }
    async fn check(&self) -> Result<(), ProviderError> {
        Err(unasked())
    }
}
