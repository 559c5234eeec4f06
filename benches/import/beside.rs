//! What an import costs the others: how long a small write waits for the database meanwhile.

use std::time::{Duration, Instant};

use callfleet::clock::{Clock, SystemClock};
use callfleet::store::Store;
use callfleet::store::idempotency::KeyedRequest;

/// Between two writes.
const PAUSE: Duration = Duration::from_millis(23);

/// Writes one row again and again until the future `until` is done, and keeps how long each write took.
pub async fn small_writes<T>(store: &Store, until: impl Future<Output = T>) -> anyhow::Result<(T, Vec<Duration>)> {
    let request = KeyedRequest { scope: "bench".to_owned(), key: "beside".to_owned(), sha256: "0".repeat(64) };
    let mut waits = Vec::new();
    let writes = async {
        loop {
            tokio::time::sleep(PAUSE).await;
            let begun = Instant::now();
            if let Err(error) = store.take_key(&request, SystemClock.now()).await {
                break error;
            }
            waits.push(begun.elapsed());
        }
    };
    let done = tokio::select! {
        done = until => done,
        error = writes => return Err(error.into()),
    };
    waits.sort_unstable();
    Ok((done, waits))
}

/// How many there were, and their times.
pub fn told(waits: &[Duration]) -> String {
    let ms = |share: usize| {
        waits.get((waits.len() * share / 100).min(waits.len().saturating_sub(1))).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1_000.0)
    };
    format!("{}, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", waits.len(), ms(50), ms(99), ms(100))
}
