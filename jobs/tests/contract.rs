//! The promises of the crate, against every backend. Redis is a real one: `./test` starts it and names it in
//! `CALLFLEET_TEST_REDIS`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use apalis_redis::ConnectionManager;
use async_trait::async_trait;
use callfleet_jobs::backend::memory::MemoryQueue;
use callfleet_jobs::backend::redis::{RedisQueue, RedisSettings};
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::pace::{LocalPacer, Pacer, RedisPacer};
use callfleet_jobs::{Handler, JobQueue, QueueError, Runner, Verdict};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);

fn settings() -> RedisSettings {
    let url = std::env::var("CALLFLEET_TEST_REDIS").expect("CALLFLEET_TEST_REDIS is not set: run ./test, which starts a Redis");
    RedisSettings { url, prefix: format!("contract:{}", Uuid::now_v7()) }
}

async fn backends() -> Vec<JobQueue<DialLead>> {
    let redis = RedisQueue::connect(settings()).await.expect("the test Redis answers");
    vec![JobQueue::Memory(MemoryQueue::new(500)), JobQueue::Redis(redis)]
}

/// Tells what it handles, counts how many run at once, and does what the test asks.
struct Probe {
    told: mpsc::UnboundedSender<u32>,
    running: AtomicUsize,
    most: AtomicUsize,
    takes: Duration,
    panics: bool,
}

impl Probe {
    fn new(takes: Duration, panics: bool) -> (Arc<Self>, mpsc::UnboundedReceiver<u32>) {
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

/// Has as many tickets in hand as it gets, until the stop ends them all at once: dials that wait for their turns.
struct UntilStopped {
    stop: CancellationToken,
    in_hand: watch::Sender<u32>,
}

#[async_trait]
impl Handler<DialLead> for UntilStopped {
    async fn handle(&self, _: DialLead) -> Verdict {
        self.in_hand.send_modify(|in_hand| *in_hand += 1);
        self.stop.cancelled().await;
        Verdict::Done
    }
}

fn ticket(send_no: u32) -> DialLead {
    DialLead { attempt: Uuid::now_v7(), send_no }
}

fn start(queue: &JobQueue<DialLead>, probe: &Arc<Probe>, lines: usize) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let worker = work(queue, Arc::clone(probe) as _, lines, &stop);
    (stop, worker)
}

fn work(queue: &JobQueue<DialLead>, handler: Arc<dyn Handler<DialLead>>, lines: usize, stop: &CancellationToken) -> JoinHandle<()> {
    let runner = Runner { timeout: Duration::from_secs(30) };
    tokio::spawn(queue.clone().work(runner, handler, Arc::new(Semaphore::new(lines)), stop.clone()))
}

async fn told(tells: &mut mpsc::UnboundedReceiver<u32>, count: usize) -> Vec<u32> {
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(tokio::time::timeout(PATIENCE, tells.recv()).await.expect("a ticket in time").expect("the probe lives"));
    }
    seen.sort_unstable();
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ticket_is_delivered() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::ZERO, false);
        let (stop, worker) = start(&queue, &probe, 8);
        for n in 0..50 {
            queue.push(ticket(n)).await.unwrap();
        }
        assert_eq!(told(&mut tells, 50).await, (0..50).collect::<Vec<_>>(), "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 0);
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_rung_at_once_as_far_as_the_window_goes() {
    for queue in backends().await {
        assert_eq!(queue.push_all((0..40).map(ticket).collect()).await.unwrap(), 40, "{queue:?}");
        assert_eq!(queue.push_all((0..600).map(ticket).collect()).await.unwrap(), 460, "{queue:?}");
        assert_eq!(queue.push_all((0..3).map(ticket).collect()).await.unwrap(), 0, "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrency_is_a_permit() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::from_millis(30), false);
        for n in 0..20 {
            queue.push(ticket(n)).await.unwrap();
        }
        let (stop, worker) = start(&queue, &probe, 3);
        told(&mut tells, 20).await;
        let most = probe.most.load(Ordering::SeqCst);
        assert!((2..=3).contains(&most), "{most} at once on {queue:?}");
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_ticket_and_is_not_redelivered() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::ZERO, true);
        let (stop, worker) = start(&queue, &probe, 2);
        for n in 0..5 {
            queue.push(ticket(n)).await.unwrap();
        }
        assert_eq!(told(&mut tells, 5).await, vec![0, 1, 2, 3, 4], "{queue:?}");
        assert!(tokio::time::timeout(Duration::from_secs(2), tells.recv()).await.is_err(), "retries are rows, not redeliveries");
        stop.cancel();
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_waits_for_what_runs_and_takes_nothing_new() {
    for queue in backends().await {
        let (probe, mut tells) = Probe::new(Duration::from_millis(300), false);
        let (stop, worker) = start(&queue, &probe, 1);
        queue.push(ticket(1)).await.unwrap();
        while probe.running.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        queue.push(ticket(2)).await.unwrap();
        stop.cancel();
        tokio::time::timeout(PATIENCE, worker).await.expect("drained").unwrap();
        assert_eq!(told(&mut tells, 1).await, vec![1], "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 1, "the second ticket waits for another worker on {queue:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_ends_however_many_end_at_once() {
    const IN_HAND: u32 = 24;
    for queue in backends().await {
        let (stop, (count, mut in_hand)) = (CancellationToken::new(), watch::channel(0));
        let handler = Arc::new(UntilStopped { stop: stop.clone(), in_hand: count });
        let worker = work(&queue, handler, IN_HAND as usize, &stop);
        assert_eq!(queue.push_all((0..IN_HAND).map(ticket).collect()).await.unwrap(), IN_HAND as usize);
        let all = tokio::time::timeout(PATIENCE, in_hand.wait_for(|in_hand| *in_hand == IN_HAND)).await;
        assert!(all.is_ok_and(|seen| seen.is_ok()), "{queue:?} did not hand everything out");
        stop.cancel();
        let drained = tokio::time::timeout(PATIENCE, worker).await;
        assert!(drained.is_ok_and(|ended| ended.is_ok()), "{queue:?} was not drained");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_handled_ticket_stays_in_redis() {
    let settings = settings();
    let queue = JobQueue::Redis(RedisQueue::connect(settings.clone()).await.unwrap());
    let (probe, mut tells) = Probe::new(Duration::ZERO, false);
    let (stop, worker) = start(&queue, &probe, 8);
    for _ in 0..2 {
        assert_eq!(queue.push_all((0..300).map(ticket).collect()).await.unwrap(), 300);
        told(&mut tells, 300).await;
    }
    stop.cancel();
    tokio::time::timeout(PATIENCE, worker).await.expect("drained").unwrap();
    // a list of workers and a sign that something waits are kept of the queue itself
    let of_queue = ["workers", "signal"].map(|kept| format!("{}:dial_lead:{kept}", settings.prefix));
    let (mut kept, _) = keys(&settings).await;
    kept.retain(|key| !of_queue.iter().any(|queue| key.starts_with(queue)));
    assert_eq!(kept, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_another_worker_was_given_is_left_to_it() {
    let settings = settings();
    let queue = JobQueue::Redis(RedisQueue::connect(settings.clone()).await.unwrap());
    let (probe, mut tells) = Probe::new(Duration::from_millis(500), false);
    let (stop, worker) = start(&queue, &probe, 1);
    queue.push(ticket(1)).await.unwrap();
    while probe.running.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    give_to_another(&settings).await;
    worker.await.unwrap();
    let (stop, worker) = start(&queue, &probe, 1);
    assert_eq!(told(&mut tells, 2).await, vec![1, 1]);
    stop.cancel();
    worker.await.unwrap();
}

/// What apalis does with the tickets of a worker whose heart has stood still for five minutes.
async fn give_to_another(settings: &RedisSettings) {
    let (keys, mut conn) = keys(settings).await;
    let held = keys.iter().find(|key| key.contains(":inflight:")).expect("a ticket is in hand");
    let tickets: Vec<String> = redis::cmd("SMEMBERS").arg(held).query_async(&mut conn).await.unwrap();
    let active = format!("{}:dial_lead:active", settings.prefix);
    redis::pipe().rpush(active, tickets).ignore().del(held).ignore().query_async::<()>(&mut conn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_bounded() {
    let redis = RedisQueue::connect(settings()).await.unwrap();
    for queue in [JobQueue::Memory(MemoryQueue::new(500)), JobQueue::Redis(redis)] {
        for n in 0..500 {
            queue.push(ticket(n)).await.unwrap();
        }
        assert_eq!(queue.push(ticket(500)).await, Err(QueueError::Full(500)), "{queue:?}");
        assert_eq!(queue.waiting().await.unwrap(), 500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_ticket_is_parked_and_the_next_one_handled() {
    use apalis_core::backend::TaskSink;
    let settings = settings();
    let queue = JobQueue::Redis(RedisQueue::connect(settings.clone()).await.unwrap());
    let conn = apalis_redis::connect(settings.url.as_str()).await.unwrap();
    let name = format!("{}:dial_lead", settings.prefix);
    let mut raw = apalis_redis::RedisStorage::<String>::new(conn.clone()).with_config(apalis_redis::Config::default().queue(&name));
    raw.push("not an envelope".to_owned()).await.unwrap();
    queue.push(ticket(7)).await.unwrap();
    let (probe, mut tells) = Probe::new(Duration::ZERO, false);
    let (stop, worker) = start(&queue, &probe, 1);
    assert_eq!(told(&mut tells, 1).await, vec![7]);
    let parked: Vec<String> =
        redis::cmd("LRANGE").arg(format!("{name}:parked")).arg(0).arg(-1).query_async(&mut conn.clone()).await.unwrap();
    assert_eq!(parked, vec!["not an envelope"]);
    stop.cancel();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_redis_is_only_a_lost_doorbell() {
    let settings = settings();
    let queue = JobQueue::Redis(RedisQueue::connect(settings.clone()).await.unwrap());
    let (probe, mut tells) = Probe::new(Duration::ZERO, false);
    let (stop, worker) = start(&queue, &probe, 2);
    queue.push(ticket(1)).await.unwrap();
    told(&mut tells, 1).await;
    forget(&settings).await;
    queue.push(ticket(2)).await.unwrap();
    assert_eq!(told(&mut tells, 1).await, vec![2], "the worker was built anew");
    stop.cancel();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pacing_keeps_its_interval_across_callers() {
    let redis = RedisPacer::connect(&settings()).await.unwrap();
    let pacers: [Arc<dyn Pacer>; 2] = [Arc::new(LocalPacer::default()), Arc::new(redis)];
    for pacer in pacers {
        let (begun, mut callers) = (Instant::now(), tokio::task::JoinSet::new());
        for _ in 0..11 {
            let pacer = Arc::clone(&pacer);
            callers.spawn(async move { pacer.acquire("account", 50.0, Duration::MAX).await });
        }
        while let Some(acquired) = callers.join_next().await {
            acquired.unwrap().unwrap();
        }
        assert!(begun.elapsed() >= Duration::from_millis(199), "11 starts at 50/s took {:?}", begun.elapsed());
    }
}

/// The two turns of a dial at one call per second: the account's before its row is claimed, the sender's after it.
const TURN: (&str, f64) = ("account", 0.95);
const SEND: (&str, f64) = ("send", 0.975);

#[tokio::test(flavor = "multi_thread")]
async fn after_idling_the_last_step_does_not_wait_again() {
    let redis = RedisPacer::connect(&settings()).await.unwrap();
    let pacers: [Arc<dyn Pacer>; 2] = [Arc::new(LocalPacer::default()), Arc::new(redis)];
    for pacer in pacers {
        for _ in 0..2 {
            pacer.acquire(TURN.0, TURN.1, Duration::MAX).await.unwrap();
            let turn = Instant::now();
            pacer.acquire(SEND.0, SEND.1, Duration::MAX).await.unwrap();
            assert!(turn.elapsed() < Duration::from_millis(200), "sent {:?} after its turn", turn.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_comes_too_late_is_left_to_the_next_caller() {
    let redis = RedisPacer::connect(&settings()).await.unwrap();
    let pacers: [Arc<dyn Pacer>; 2] = [Arc::new(LocalPacer::default()), Arc::new(redis)];
    for pacer in pacers {
        pacer.acquire("send", 0.5, Duration::MAX).await.unwrap();
        let taken = Instant::now();
        for _ in 0..20 {
            assert!(!pacer.acquire("send", 0.5, Duration::from_millis(100)).await.unwrap());
        }
        assert!(taken.elapsed() < Duration::from_millis(1_500), "told after {:?}", taken.elapsed());
        assert!(pacer.acquire("send", 0.5, Duration::from_secs(5)).await.unwrap());
        let next = taken.elapsed();
        assert!((Duration::from_millis(1_950)..Duration::from_millis(3_900)).contains(&next), "the next one began after {next:?}");
    }
}

/// Also the first of all callers: what a loss cost him, it costs nobody after him.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_for_lost_memory_still_begins_the_new_one() {
    let redis = RedisPacer::connect(&settings()).await.unwrap();
    let pacers: [Arc<dyn Pacer>; 2] = [Arc::new(LocalPacer::default()), Arc::new(redis)];
    for pacer in pacers {
        assert!(!pacer.acquire("send", 1.0, Duration::from_millis(500)).await.unwrap());
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(pacer.acquire("send", 1.0, Duration::from_millis(500)).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pacer_without_memory_waits_a_full_interval_whatever_is_asked_for_first() {
    for (key, per_second) in [TURN, SEND, ("campaign", 2.0)] {
        let settings = settings();
        let redis = RedisPacer::connect(&settings).await.unwrap();
        redis.acquire(key, per_second, Duration::MAX).await.unwrap();
        forget(&settings).await;
        let pacers: [Arc<dyn Pacer>; 2] = [Arc::new(LocalPacer::default()), Arc::new(redis)];
        for pacer in pacers {
            let lost = Instant::now();
            pacer.acquire(key, per_second, Duration::MAX).await.unwrap();
            let interval = Duration::from_secs_f64(1.0 / per_second);
            assert!(lost.elapsed() + Duration::from_millis(5) >= interval, "{key} began {:?} after the loss", lost.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_second_has_more_than_the_rate_and_one_when_the_memory_is_lost_under_way() {
    const RATE: f64 = 5.0;
    let settings = settings();
    let pacer = RedisPacer::connect(&settings).await.unwrap();
    let (begun, mut callers) = (Instant::now(), tokio::task::JoinSet::new());
    for _ in 0..30 {
        let pacer = pacer.clone();
        callers.spawn(async move {
            pacer.acquire(TURN.0, RATE * TURN.1, Duration::MAX).await.unwrap();
            pacer.acquire(SEND.0, RATE * SEND.1, Duration::MAX).await.unwrap();
            begun.elapsed()
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        if callers.len() == 15 {
            forget(&settings).await;
        }
    }
    let mut sent = callers.join_all().await;
    sent.sort_unstable();
    let in_its_second = |first: usize| sent[first..].partition_point(|at| *at < sent[first] + Duration::from_secs(1));
    let most = (0..sent.len()).map(in_its_second).max().unwrap();
    assert!(most <= 6, "{most} in one second at {RATE}/s: {sent:?}");
}

/// What a flush does to these keys, without hurting the tests beside it.
async fn forget(settings: &RedisSettings) {
    let (keys, mut conn) = keys(settings).await;
    assert!(!keys.is_empty());
    redis::cmd("DEL").arg(&keys).query_async::<()>(&mut conn).await.unwrap();
}

async fn keys(settings: &RedisSettings) -> (Vec<String>, ConnectionManager) {
    let mut conn = apalis_redis::connect(settings.url.as_str()).await.unwrap();
    let keys = redis::cmd("KEYS").arg(format!("{}*", settings.prefix)).query_async(&mut conn).await.unwrap();
    (keys, conn)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_provider_holds_everyone_back() {
    let redis = RedisPacer::connect(&settings()).await.unwrap();
    let pacers: [Arc<dyn Pacer>; 2] = [Arc::new(LocalPacer::default()), Arc::new(redis)];
    for pacer in pacers {
        pacer.acquire("account", 1000.0, Duration::MAX).await.unwrap();
        pacer.hold_back("account", Duration::from_millis(300)).await.unwrap();
        let begun = Instant::now();
        pacer.acquire("account", 1000.0, Duration::MAX).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(290), "began after {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_nothing_begins() {
    let nowhere = RedisSettings { url: "redis://127.0.0.1:1/".to_owned(), prefix: "x".to_owned() };
    assert!(RedisPacer::connect(&nowhere).await.is_err());
    assert!(matches!(RedisQueue::<DialLead>::connect(nowhere).await, Err(QueueError::Transport(_))));
}
