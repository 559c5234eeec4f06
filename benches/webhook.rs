//! What a callback costs, true or forged: `cargo bench --bench webhook`. Real sockets, a SQLite store, one process.

#[path = "../tests/public/deployment.rs"]
#[allow(dead_code, reason = "the corpus uses more of it than the measurement")]
mod deployment;
#[path = "../tests/public/wire.rs"]
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deployment::{BASE, Deployment, TOKEN, form, news, sign};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use wire::Wire;

const RATE: u64 = 200;
const SECONDS: u64 = 20;
const CONNECTIONS: usize = 16;
const REJECTS: u32 = 20_000;

type Request = (String, Vec<(String, String)>, Vec<u8>);

#[tokio::main]
async fn main() {
    let deployment = Arc::new(Deployment::start(None).await);
    println!("reject, wrong path code:  {}", rejects(&deployment, true).await);
    println!("reject, wrong signature:  {}", rejects(&deployment, false).await);
    println!("{RATE} true callbacks/s:      {}", true_callbacks(&deployment).await);
    let (stop, forged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let flood = flood(&deployment, &stop, &forged).await;
    let begun = Instant::now();
    let beside = true_callbacks(&deployment).await;
    let rate = forged.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    flood.join_all().await;
    println!("{RATE} true callbacks/s beside {rate:.0} forged/s: {beside}");
}

/// One after the other on one connection: the round trip, of which the server's part is less.
async fn rejects(deployment: &Deployment, by_path: bool) -> String {
    let (path, headers, body) = forgery(deployment, by_path).await;
    let mut wire = Wire::to(deployment.addr);
    let mut times = Vec::new();
    for _ in 0..REJECTS {
        let begun = Instant::now();
        assert!(matches!(wire.post(&path, &headers, &body).await, 403 | 404));
        times.push(begun.elapsed());
    }
    summary(times)
}

async fn forgery(deployment: &Deployment, by_path: bool) -> Request {
    let path = deployment.path(deployment.sending().await);
    let path = if by_path { format!("{}x", &path[..path.len() - 1]) } else { path };
    let fields = news("CA0123456789abcdef0123456789abcdef", "ringing", 1);
    let headers = vec![("X-Twilio-Signature".to_owned(), sign("another account", &format!("{BASE}{path}"), &fields))];
    (path, headers, form(&fields).into_bytes())
}

/// Calls that begin at an even rate, each told about four times in order.
async fn true_callbacks(deployment: &Arc<Deployment>) -> String {
    let count = RATE * SECONDS;
    let mut requests = Vec::new();
    for _ in 0..count / 4 {
        let path = deployment.path(deployment.sending().await);
        let sid = format!("CA{}", &path.rsplit('/').next().unwrap_or_default());
        let told = [("initiated", 0), ("ringing", 1), ("in-progress", 2), ("completed", 3)];
        requests.extend(told.map(|(status, n)| signed(&path, &sid, status, n)));
    }
    send_evenly(deployment, requests).await
}

fn signed(path: &str, sid: &str, status: &str, sequence: u32) -> Request {
    let fields = news(sid, status, sequence);
    let headers = vec![("X-Twilio-Signature".to_owned(), sign(TOKEN, &format!("{BASE}{path}"), &fields))];
    (path.to_owned(), headers, form(&fields).into_bytes())
}

/// Each is due at its own moment; what waits for a free connection counts as latency.
async fn send_evenly(deployment: &Arc<Deployment>, requests: Vec<Request>) -> String {
    let (due, queue) = tokio::sync::mpsc::channel::<(Instant, Request)>(requests.len());
    let (queue, mut senders) = (Arc::new(tokio::sync::Mutex::new(queue)), JoinSet::new());
    for _ in 0..CONNECTIONS {
        let (queue, mut wire) = (Arc::clone(&queue), Wire::to(deployment.addr));
        senders.spawn(async move {
            let mut times = Vec::new();
            loop {
                let next = queue.lock().await.recv().await;
                let Some((due, (path, headers, body))) = next else { return times };
                assert_eq!(wire.post(&path, &headers, &body).await, 204);
                times.push(due.elapsed());
            }
        });
    }
    let mut tick = interval(Duration::from_micros(1_000_000 / RATE));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for request in requests {
        let at = tick.tick().await;
        due.send((at.into_std(), request)).await.expect("the senders run");
    }
    drop(due);
    summary(senders.join_all().await.concat())
}

async fn flood(deployment: &Deployment, stop: &Arc<AtomicBool>, forged: &Arc<AtomicU64>) -> JoinSet<()> {
    let mut flood = JoinSet::new();
    for n in 0..4 {
        let (path, headers, body) = forgery(deployment, n % 2 == 0).await;
        let (mut wire, stop, forged) = (Wire::to(deployment.addr), Arc::clone(stop), Arc::clone(forged));
        flood.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                wire.post(&path, &headers, &body).await;
                forged.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    flood
}

fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    format!("n={} p50={:.3} ms p99={:.3} ms max={:.3} ms", times.len(), at(0.5), at(0.99), at(1.0))
}
