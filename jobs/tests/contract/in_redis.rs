//! What a queue keeps in Redis: nothing of a handled ticket, what cannot be read apart, and no more than a doorbell.

use std::sync::atomic::Ordering;
use std::time::Duration;

use callfleet_jobs::backend::redis::{RedisQueue, RedisSettings};
use callfleet_jobs::kinds::DialLead;
use callfleet_jobs::pace::RedisPacer;
use callfleet_jobs::{JobQueue, QueueError};
use futures_util::StreamExt as _;

use crate::support::{PATIENCE, Probe, forget, keys, settings, start, ticket, told};

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
async fn many_are_rung_by_one_script() {
    let settings = settings();
    let queue = JobQueue::Redis(RedisQueue::connect(settings.clone()).await.unwrap());
    queue.push(ticket(0)).await.unwrap(); // after this the server knows the script
    let (_, mut conn) = keys(&settings).await;
    let ear = redis::Client::open(settings.url.as_str()).unwrap().get_async_monitor().await.unwrap();
    assert_eq!(queue.push_all((1..=40).map(ticket).collect()).await.unwrap(), 40);
    let last = format!("{}:last", settings.prefix);
    redis::cmd("EXISTS").arg(&last).query_async::<()>(&mut conn).await.unwrap();
    let heard = ear.into_on_message::<String>().take_while(|line| std::future::ready(!line.contains(&last)));
    let scripts = heard.filter(|line| std::future::ready(line.contains("EVALSHA") && line.contains(&settings.prefix)));
    assert_eq!(tokio::time::timeout(PATIENCE, scripts.count()).await.expect("heard the last"), 1);
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
async fn without_redis_nothing_begins() {
    let nowhere = RedisSettings { url: "redis://127.0.0.1:1/".to_owned(), prefix: "x".to_owned() };
    assert!(RedisPacer::connect(&nowhere).await.is_err());
    assert!(matches!(RedisQueue::<DialLead>::connect(nowhere).await, Err(QueueError::Transport(_))));
}
