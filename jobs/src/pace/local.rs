//! Pacing within one process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::Clock;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::{PaceError, Pacer};

/// One governor per key and rate.
#[derive(Debug, Default)]
pub struct LocalPacer {
    /// The first caller's time: what a process before this one gave out is not known.
    since: OnceLock<Instant>,
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

    /// Nothing begins before then: somebody holds everyone back, or what an earlier process gave out is not known.
    fn closed_until(&self, key: &str, per_second: f64) -> Instant {
        let known = *self.since.get_or_init(Instant::now) + interval(per_second);
        self.held_until(key).map_or(known, |held| held.max(known))
    }

    /// Takes the turn that is free now, or tells when it may be worth to ask again.
    fn take(&self, key: &str, per_second: f64) -> Result<(), Instant> {
        let closed = self.closed_until(key, per_second);
        if Instant::now() < closed {
            return Err(closed);
        }
        let limiter = self.limiter(key, per_second);
        limiter.check().map_err(|taken| Instant::now() + taken.wait_time_from(limiter.clock().now()))
    }
}

fn interval(per_second: f64) -> Duration {
    Duration::from_secs_f64(1.0 / per_second.clamp(1e-3, 1e6))
}

/// One at a time, `1 / rate` apart.
fn quota(per_second: f64) -> Quota {
    Quota::with_period(interval(per_second)).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(NonZeroU32::MIN)
}

#[async_trait]
impl Pacer for LocalPacer {
    async fn acquire(&self, key: &str, per_second: f64, patience: Duration) -> Result<bool, PaceError> {
        let begun = Instant::now();
        while let Err(next) = self.take(key, per_second) {
            if next.saturating_duration_since(begun) > patience {
                return Ok(false);
            }
            tokio::time::sleep_until(next).await;
        }
        Ok(true)
    }

    async fn hold_back(&self, key: &str, pause: Duration) -> Result<(), PaceError> {
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let until = held.entry(key.to_owned()).or_insert_with(Instant::now);
        *until = (*until).max(Instant::now() + pause);
        Ok(())
    }
}
