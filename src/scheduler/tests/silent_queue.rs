//! A Redis that takes every byte and answers none: it costs a round one short wait, and nobody else anything.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callfleet_jobs::backend::redis::{RedisQueue, RedisSettings};
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::{Handler, JobQueue, Runner, Verdict};
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::Bench;
use super::chaos::{ChaosProxy, Fault};
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::DialTimings;
use crate::domain::lead::LeadState;
use crate::domain::obstacle::Obstacle;
use crate::domain::phone::PhoneNumber;
use crate::providers::{DialLine, ProviderCall, ProviderError, Telephony, Transfer};
use crate::scheduler::{Duty as _, gauge, sweep};
use crate::store::contract::support::with_sqlite;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

const LEADS: u64 = 200;
/// What a round may wait for its queue, and some time for its rows.
const ROUND: Duration = Duration::from_secs(4);
const LEASE: Duration = Duration::from_secs(2);

/// A provider that has no calls, and counts how often it is asked.
#[derive(Default)]
struct Empty {
    lists: AtomicUsize,
}

#[async_trait]
impl Telephony for Empty {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        unreachable!("schedulers do not dial")
    }
    async fn fetch(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Ok(None)
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        Ok(Vec::new())
    }
    async fn end(&self, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn transfer(&self, _: &str, _: &Transfer) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Ok(None)
    }
    async fn check(&self) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// Takes tickets and remembers whose they were.
struct Taker {
    taken: Mutex<HashSet<uuid::Uuid>>,
    many: watch::Sender<usize>,
}

#[async_trait]
impl Handler<DialLead> for Taker {
    async fn handle(&self, ticket: DialLead) -> Verdict {
        let mut taken = self.taken.lock().unwrap();
        taken.insert(ticket.attempt);
        self.many.send_replace(taken.len());
        Verdict::Done
    }
}

fn redis() -> SocketAddr {
    let url = std::env::var("CALLFLEET_TEST_REDIS").expect("CALLFLEET_TEST_REDIS names a server; ./test starts one");
    let url = url::Url::parse(&url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap()).parse().unwrap()
}

async fn queue(at: SocketAddr, prefix: &str) -> JobQueue<DialLead> {
    let settings = RedisSettings { url: format!("redis://{at}"), prefix: prefix.to_owned() };
    JobQueue::Redis(RedisQueue::connect(settings).await.unwrap())
}

/// As if nothing had ever been rung.
async fn forget(prefix: &str) {
    let client = redis::Client::open(format!("redis://{}", redis())).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg(format!("*{prefix}*")).query_async(&mut conn).await.unwrap();
    redis::cmd("DEL").arg(keys).query_async::<()>(&mut conn).await.unwrap();
}

/// One dial of which nobody heard any more.
async fn lose_one(store: &Store) {
    let sql = "UPDATE attempt SET state = 'sending', intent_at = created_at, intent_at_db = 1, send_deadline_db = 1
               WHERE id = (SELECT id FROM attempt WHERE state = 'ready' ORDER BY id LIMIT 1)";
    let lost: Result<u64, StoreError> = on_db!(store.db, statement, conn => Ok(sqlx::query(sql).execute(conn).await?.rows_affected()));
    assert_eq!(lost.unwrap(), 1);
}

/// A fleet whose leads are all armed and rung, with its queue behind a proxy.
async fn armed(store: Store, proxy: &ChaosProxy, prefix: &str) -> (Bench, Arc<Empty>) {
    let mut bench = Bench::with_queue(store, 300, queue(proxy.addr(), prefix).await).await;
    let provider = Arc::new(Empty::default());
    bench.scheduler.telephony = Arc::clone(&provider) as _;
    bench.scheduler.timings = DialTimings { ticket_lease: LEASE, ..DialTimings::default() };
    let settings = json!({ "caller_numbers": ["+14155550200"], "pace": { "lines": 300, "calls_per_second": 100.0 } });
    let spring = bench.campaign("spring", settings, CampaignState::Running).await;
    bench.leads(spring, "415555", "America/Los_Angeles", LEADS).await;
    bench.scheduler.tick().await.unwrap();
    assert_eq!(bench.in_state(spring, LeadState::Active).await, usize::try_from(LEADS).unwrap());
    (bench, provider)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_waits_once_for_a_queue_that_is_silent() {
    with_sqlite(async |store| {
        let prefix = format!("silent-{}", uuid::Uuid::now_v7().simple());
        let proxy = ChaosProxy::start(redis(), |_| Fault::None).await.unwrap();
        let (bench, _) = armed(store, &proxy, &prefix).await;
        lose_one(&bench.store).await;
        proxy.black_hole(true);
        let mut sweeper = sweep::Sweeper::new(bench.scheduler.clone());
        tokio::time::sleep(LEASE).await;

        let begun = Instant::now();
        sweeper.round().await.unwrap();
        assert!(begun.elapsed() < ROUND, "the sweep took {:?}", begun.elapsed());
        let begun = Instant::now();
        bench.scheduler.tick().await.unwrap();
        assert!(begun.elapsed() < ROUND, "the dispatcher took {:?}", begun.elapsed());
        forget(&prefix).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_duties_go_on_and_everything_is_rung_once_the_queue_is_back() {
    with_sqlite(async |store| {
        let prefix = format!("silent-{}", uuid::Uuid::now_v7().simple());
        let proxy = ChaosProxy::start(redis(), |_| Fault::None).await.unwrap();
        let (bench, provider) = armed(store, &proxy, &prefix).await;
        lose_one(&bench.store).await;
        proxy.black_hole(true);
        forget(&prefix).await;
        let stop = CancellationToken::new();
        let scheduler = tokio::spawn(bench.scheduler.clone().run(stop.clone()));

        // the sweep finds the lost dial, the reconciler asks for it, five times in a second
        let asked = async {
            while provider.lists.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(10), asked).await.expect("the lost dial is looked for while the queue is silent");
        let before = provider.lists.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let looks = provider.lists.load(Ordering::Relaxed) - before;
        assert!(looks >= 10, "the reconciler looked {looks} times in four seconds");

        let (many, mut seen) = watch::channel(0);
        let taker = Arc::new(Taker { taken: Mutex::default(), many });
        let work = queue(redis(), &prefix).await.work(
            Runner { timeout: ROUND },
            Arc::clone(&taker) as _,
            Arc::new(Semaphore::new(64)),
            stop.clone(),
        );
        let worker = tokio::spawn(work);
        proxy.black_hole(false);
        let wanted = usize::try_from(LEADS).unwrap() - 1;
        let healed = Instant::now();
        let all = timeout(LEASE * 2 + ROUND, seen.wait_for(|taken| *taken >= wanted)).await;
        assert!(all.is_ok(), "{} of {wanted} attempts were rung within {:?}", taker.taken.lock().unwrap().len(), healed.elapsed());
        drop(all);
        stop.cancel();
        let (_, _) = tokio::join!(scheduler, worker);
        forget(&prefix).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_why_nothing_is_dialed_learns_of_a_silent_queue() {
    with_sqlite(async |store| {
        let prefix = format!("silent-{}", uuid::Uuid::now_v7().simple());
        let proxy = ChaosProxy::start(redis(), |_| Fault::None).await.unwrap();
        let (bench, _) = armed(store, &proxy, &prefix).await;
        let mut gauge = gauge::Gauge::new(bench.scheduler.clone());
        gauge.round().await.unwrap();
        assert_eq!(bench.store.obstacles().await.unwrap(), []);
        proxy.black_hole(true);
        gauge.round().await.unwrap();
        let said = bench.store.obstacles().await.unwrap().remove(0);
        assert_eq!((said.process, said.obstacle), (bench.scheduler.id, Obstacle::Queue), "{said:?}");
        proxy.black_hole(false);
        let healed = Instant::now();
        while !bench.store.obstacles().await.unwrap().is_empty() {
            assert!(healed.elapsed() < ROUND * 5, "it is still said that the queue is silent");
            gauge.round().await.unwrap();
        }
        forget(&prefix).await;
    })
    .await;
}
