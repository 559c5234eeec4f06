//! Starts keep their distance, whoever asks and whatever a pacer forgets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use callfleet_jobs::pace::{LocalPacer, Pacer, RedisPacer};
use tokio::time::timeout;

use crate::support::{PATIENCE, forget, settings};

/// The two turns of a dial at one call per second: the account's before its row is claimed, the sender's after it.
const TURN: (&str, f64) = ("account", 0.95);
const SEND: (&str, f64) = ("send", 0.975);
/// From one question to the next: a pacer tells nobody that its interval has passed.
const ASK_AGAIN: Duration = Duration::from_millis(10);

async fn pacers() -> [Arc<dyn Pacer>; 2] {
    let redis = RedisPacer::connect(&settings()).await.expect("the test Redis answers");
    [Arc::new(LocalPacer::default()), Arc::new(redis)]
}

#[tokio::test(flavor = "multi_thread")]
async fn pacing_keeps_its_interval_across_callers() {
    for pacer in pacers().await {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_full_provider_holds_everyone_back() {
    for pacer in pacers().await {
        pacer.acquire("account", 1000.0, Duration::MAX).await.unwrap();
        pacer.hold_back("account", Duration::from_millis(300)).await.unwrap();
        let begun = Instant::now();
        pacer.acquire("account", 1000.0, Duration::MAX).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(290), "began after {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_idling_the_last_step_does_not_wait_again() {
    for pacer in pacers().await {
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
    for pacer in pacers().await {
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

/// Also the first of all callers: what a loss cost him, it costs nobody after him. If each began the memory anew, nobody with less
/// patience than an interval would ever have a turn.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_for_lost_memory_still_begins_the_new_one() {
    for pacer in pacers().await {
        let first_turn = async {
            let mut refused = 0;
            while !pacer.acquire("send", 1.0, Duration::from_millis(500)).await.unwrap() {
                refused += 1;
                tokio::time::sleep(ASK_AGAIN).await;
            }
            refused
        };
        assert!(timeout(PATIENCE, first_turn).await.expect("a turn") > 0, "the first one does not wait for an interval");
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
        // nothing is waited for: twenty callers a second come, four times as many as may begin
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
