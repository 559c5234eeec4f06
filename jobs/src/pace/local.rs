//! Pacing within one process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::{PaceError, Pacer};

/// One governor per key and rate.
#[derive(Debug, Default)]
pub struct LocalPacer {
    keys: Mutex<HashMap<(String, u64), Arc<DefaultDirectRateLimiter>>>,
    held: Mutex<HashMap<String, Instant>>,
}

impl LocalPacer {
    fn limiter(&self, key: &str, per_second: f64) -> Arc<DefaultDirectRateLimiter> {
        let mut keys = self.keys.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let limiter =
            keys.entry((key.to_owned(), per_second.to_bits())).or_insert_with(|| Arc::new(RateLimiter::direct(quota(per_second))));
        Arc::clone(limiter)
    }
}

impl LocalPacer {
    fn held_until(&self, key: &str) -> Option<Instant> {
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        held.retain(|_, until| *until > Instant::now());
        held.get(key).copied()
    }
}

/// One at a time, `1 / rate` apart.
fn quota(per_second: f64) -> Quota {
    let interval = Duration::from_secs_f64(1.0 / per_second.clamp(1e-3, 1e6));
    Quota::with_period(interval).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(NonZeroU32::MIN)
}

#[async_trait]
impl Pacer for LocalPacer {
    async fn acquire(&self, key: &str, per_second: f64) -> Result<(), PaceError> {
        while let Some(until) = self.held_until(key) {
            tokio::time::sleep_until(until).await;
        }
        self.limiter(key, per_second).until_ready().await;
        Ok(())
    }

    async fn hold_back(&self, key: &str, pause: Duration) -> Result<(), PaceError> {
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let until = held.entry(key.to_owned()).or_insert_with(Instant::now);
        *until = (*until).max(Instant::now() + pause);
        Ok(())
    }
}
