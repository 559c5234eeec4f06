//! How late this machine wakes those who sleep: what was sent evenly is seen as unevenly as that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const NAP: Duration = Duration::from_millis(5);

/// Watches until it is dropped.
pub struct Lateness {
    worst_us: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Lateness {
    pub fn watch() -> Self {
        let (worst_us, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (worst, stop) = (Arc::clone(&worst_us), Arc::clone(&over));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                let late = asleep.elapsed().saturating_sub(NAP);
                worst.fetch_max(u64::try_from(late.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self { worst_us, over }
    }

    /// The longest anybody was left asleep so far.
    pub fn worst(&self) -> Duration {
        Duration::from_micros(self.worst_us.load(Ordering::Relaxed))
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
