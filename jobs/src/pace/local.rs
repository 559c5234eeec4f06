//! Pacing within one process. A turn's slot is when its caller was awake to take it, so nobody's turn grows old in its sleep.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::{PaceError, Pacer, Turn};

type Limiter = RateLimiter<NotKeyed, InMemoryState, Elapsed, NoOpMiddleware<Nanos>>;

/// One governor per key and rate.
#[derive(Debug, Default)]
pub struct LocalPacer(Mutex<Keys>);

#[derive(Debug, Default)]
struct Keys {
    /// The first caller's time: what a process before this one gave out is not known, of those keys that nobody told of.
    since: Option<Instant>,
    told: HashMap<String, Instant>,
    limiters: HashMap<(String, u64), Limiter>,
    held: HashMap<String, Instant>,
}

impl Keys {
    /// Takes the turn that is free now, or tells when it may be worth to ask again.
    fn take(&mut self, key: &str, per_second: f64, slots: u32) -> Result<Turn, Instant> {
        let turn = Turn::now();
        let (now, closed) = (Instant::now(), self.closed_until(key, per_second));
        if now < closed {
            return Err(closed);
        }
        let limiter = self.limiter(key, per_second);
        limiter.check().map_err(|taken| now + taken.wait_time_from(limiter.clock().now()))?;
        if slots > 1 {
            self.close(key, now + interval(per_second) * slots);
        }
        Ok(turn)
    }

    /// Nothing begins before then: somebody holds everyone back, or what an earlier process gave out is not known.
    fn closed_until(&mut self, key: &str, per_second: f64) -> Instant {
        let now = Instant::now();
        self.held.retain(|_, until| *until > now);
        let since = *self.since.get_or_insert(now);
        let known = self.told.get(key).copied().unwrap_or(since + interval(per_second));
        self.held.get(key).map_or(known, |held| known.max(*held))
    }

    fn limiter(&mut self, key: &str, per_second: f64) -> &Limiter {
        let start = || Limiter::direct_with_clock(quota(per_second), Elapsed(Instant::now()));
        self.limiters.entry((key.to_owned(), per_second.to_bits())).or_insert_with(start)
    }

    fn close(&mut self, key: &str, until: Instant) {
        let held = self.held.entry(key.to_owned()).or_insert(until);
        *held = (*held).max(until);
    }
}

/// Governor's time on the runtime's clock, so that sleepers and turns agree.
#[derive(Debug)]
struct Elapsed(Instant);

impl Clock for Elapsed {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

fn interval(per_second: f64) -> Duration {
    Duration::from_secs_f64(1.0 / per_second.clamp(1e-3, 1e6))
}

/// One at a time, `1 / rate` apart.
fn quota(per_second: f64) -> Quota {
    Quota::with_period(interval(per_second)).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(NonZeroU32::MIN)
}

impl LocalPacer {
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Pacer for LocalPacer {
    async fn turn(&self, key: &str, per_second: f64, slots: u32, patience: Duration) -> Result<Option<Turn>, PaceError> {
        let begun = Instant::now();
        loop {
            let taken = self.keys().take(key, per_second, slots);
            match taken {
                Ok(turn) => return Ok(Some(turn)),
                Err(next) if next.saturating_duration_since(begun) > patience => return Ok(None),
                Err(next) => tokio::time::sleep_until(next).await,
            }
        }
    }

    fn remember(&self, key: &str, per_second: f64, ago: Duration) {
        let free = Instant::now() + interval(per_second).saturating_sub(ago);
        self.keys().told.insert(key.to_owned(), free);
    }

    fn asks_about(&self, key: &str) -> bool {
        !self.keys().told.contains_key(key)
    }

    async fn hold_back(&self, key: &str, pause: Duration) -> Result<(), PaceError> {
        self.keys().close(key, Instant::now() + pause);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 10.0;

    #[tokio::test(start_paused = true)]
    async fn a_wide_turn_puts_off_the_next_one_and_a_late_caller_has_a_fresh_turn() {
        let (pacer, begun, ms) = (LocalPacer::default(), Instant::now(), Duration::from_millis);
        for (slots, at) in [(1, 100), (3, 200), (1, 500), (1, 600)] {
            let turn = pacer.turn("send", RATE, slots, Duration::MAX).await.unwrap().unwrap();
            assert_eq!((begun.elapsed(), turn.age()), (ms(at), ms(0)));
        }
        let (late, ()) = tokio::join!(pacer.turn("send", RATE, 1, Duration::MAX), async {
            tokio::time::sleep(ms(10)).await;
            // nobody is woken meanwhile
            tokio::time::advance(ms(400)).await;
        });
        assert_eq!((begun.elapsed(), late.unwrap().unwrap().age()), (ms(1_010), ms(0)));
    }
    #[tokio::test(start_paused = true)]
    async fn what_a_process_before_gave_out_is_waited_for_as_far_as_it_is_not_known() {
        let (pacer, begun, ms) = (LocalPacer::default(), Instant::now(), Duration::from_millis);
        for (key, ago) in [("never", Duration::MAX), ("just now", ms(30))] {
            assert!(pacer.asks_about(key));
            pacer.remember(key, RATE, ago);
            assert!(!pacer.asks_about(key));
        }
        for (key, at) in [("never", 0), ("just now", 70), ("unknown", 100), ("never", 100)] {
            assert!(pacer.acquire(key, RATE, Duration::MAX).await.unwrap());
            assert_eq!(begun.elapsed(), ms(at), "{key}");
        }
    }
}
