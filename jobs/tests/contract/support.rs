//! The backends under test, and a worker that tells what it was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use apalis_redis::ConnectionManager;
use async_trait::async_trait;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::backend::redis::{RedisQueue, RedisSettings};
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::{Handler, JobQueue, Runner, Verdict};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn settings() -> RedisSettings {
    let url = std::env::var("CALLFLEET_TEST_REDIS").expect("CALLFLEET_TEST_REDIS is not set: run ./test, which starts a Redis");
    RedisSettings { url, prefix: format!("contract:{}", Uuid::now_v7()) }
}

pub async fn backends() -> Vec<JobQueue<DialLead>> {
    let redis = RedisQueue::connect(settings()).await.expect("the test Redis answers");
    vec![JobQueue::Memory(MemoryQueue::new(500)), JobQueue::Redis(redis)]
}

/// Tells what it handles, counts how many run at once, and does what the test asks.
pub struct Probe {
    told: mpsc::UnboundedSender<u32>,
    pub running: AtomicUsize,
    pub most: AtomicUsize,
    takes: Duration,
    panics: bool,
}

impl Probe {
    pub fn new(takes: Duration, panics: bool) -> (Arc<Self>, mpsc::UnboundedReceiver<u32>) {
        let (told, tells) = mpsc::unbounded_channel();
        (Arc::new(Self { told, running: AtomicUsize::new(0), most: AtomicUsize::new(0), takes, panics }), tells)
    }
}

#[async_trait]
impl Handler<DialLead> for Probe {
    async fn handle(&self, job: DialLead) -> Verdict {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.told.send(job.send_no).expect("the test listens");
        assert!(!self.panics || job.send_no != 0, "the first ticket panics");
        Verdict::Done
    }
}

pub fn ticket(send_no: u32) -> DialLead {
    DialLead { attempt: Uuid::now_v7(), send_no }
}

pub fn start(queue: &JobQueue<DialLead>, probe: &Arc<Probe>, lines: usize) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let worker = work(queue, Arc::clone(probe) as _, lines, &stop);
    (stop, worker)
}

pub fn work(queue: &JobQueue<DialLead>, handler: Arc<dyn Handler<DialLead>>, lines: usize, stop: &CancellationToken) -> JoinHandle<()> {
    let runner = Runner { timeout: Duration::from_secs(30) };
    tokio::spawn(queue.clone().work(runner, handler, Arc::new(Semaphore::new(lines)), stop.clone()))
}

pub async fn told(tells: &mut mpsc::UnboundedReceiver<u32>, count: usize) -> Vec<u32> {
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(tokio::time::timeout(PATIENCE, tells.recv()).await.expect("a ticket in time").expect("the probe lives"));
    }
    seen.sort_unstable();
    seen
}

/// What a flush does to these keys, without hurting the tests beside it.
pub async fn forget(settings: &RedisSettings) {
    let (keys, mut conn) = keys(settings).await;
    assert!(!keys.is_empty());
    redis::cmd("DEL").arg(&keys).query_async::<()>(&mut conn).await.unwrap();
}

pub async fn keys(settings: &RedisSettings) -> (Vec<String>, ConnectionManager) {
    let mut conn = apalis_redis::connect(settings.url.as_str()).await.unwrap();
    let keys = redis::cmd("KEYS").arg(format!("{}*", settings.prefix)).query_async(&mut conn).await.unwrap();
    (keys, conn)
}
