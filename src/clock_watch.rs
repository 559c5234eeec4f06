//! This machine's clock against the database's. Calling hours are read from the one, leases and deadlines from the other: when
//! they are too far apart, nothing is dialed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::SharedClock;
use crate::domain::time::Timestamp;
use crate::store::{Store, StoreError};

/// How far they may be apart.
pub const LARGEST_DRIFT: Duration = Duration::from_secs(5);

/// How far this clock is from the database's, at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    apart: Duration,
    ahead: bool,
}

impl Drift {
    /// When the database was asked after `before` and had answered by `after`.
    fn between(before: Timestamp, there: Timestamp, after: Timestamp) -> Self {
        let (ahead, behind) = (before.since(there), there.since(after));
        Self { apart: ahead.max(behind), ahead: ahead > behind }
    }

    /// Whether both clocks can be worked by.
    #[must_use]
    pub fn fits(self) -> bool {
        self.apart <= LARGEST_DRIFT
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.ahead { "ahead of" } else { "behind" };
        write!(f, "its clock is {:.1} s {side} the database's", self.apart.as_secs_f64())
    }
}

/// Looks at both clocks and remembers what it saw. Clones share it.
#[derive(Clone)]
pub struct ClockWatch {
    store: Store,
    host: SharedClock,
    fits: Arc<AtomicBool>,
}

impl ClockWatch {
    /// `host` is the machine's own clock, not a demo's.
    #[must_use]
    pub fn new(store: Store, host: SharedClock) -> Self {
        Self { store, host, fits: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether the clocks fitted at the last look.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.fits.load(Ordering::Relaxed)
    }

    /// Looks, and says so when it has changed.
    ///
    /// # Errors
    /// The database does not answer; what was seen before stands.
    pub async fn look(&self) -> Result<Drift, StoreError> {
        let before = self.host.now();
        let there = self.store.database_now().await?;
        let drift = Drift::between(before, there, self.host.now());
        let fits = drift.fits();
        match (self.fits.swap(fits, Ordering::Relaxed), fits) {
            (true, false) => {
                tracing::error!(drift_ms = drift.apart.as_millis(), "this clock and the database's are too far apart; nothing is dialed");
            }
            (false, true) => tracing::info!(drift_ms = drift.apart.as_millis(), "this clock and the database's fit again; dialing goes on"),
            _ => {}
        }
        Ok(drift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::store::contract::support::with_sqlite;

    struct Off(i64);

    impl Clock for Off {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(SystemClock.now().as_millis() + self.0)
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_dialed_by_a_clock_that_is_more_than_five_seconds_off() {
        with_sqlite(async |store| {
            for (off_ms, fits) in [(0, true), (4_000, true), (-4_000, true), (6_500, false), (-6_500, false)] {
                let watch = ClockWatch::new(store.clone(), Arc::new(Off(off_ms)));
                let drift = watch.look().await.unwrap();
                assert_eq!((watch.fits(), drift.fits()), (fits, fits), "{off_ms} ms off: {drift}");
            }
        })
        .await;
    }

    #[test]
    fn a_slow_answer_is_no_drift() {
        let at = Timestamp::from_millis;
        assert!(Drift::between(at(0), at(9_000), at(10_000)).fits());
        let told = |drift: Drift| drift.to_string();
        assert_eq!(told(Drift::between(at(0), at(17_000), at(10_000))), "its clock is 7.0 s behind the database's");
        assert_eq!(told(Drift::between(at(17_500), at(10_000), at(18_000))), "its clock is 7.5 s ahead of the database's");
    }
}
