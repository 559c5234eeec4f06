//! What a process that dials looks at besides its work: whether its clock fits the database's, and whether its queue answers.
//! What keeps it from dialing it says in the database, where `campaign explain` reads it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callfleet_jobs::JobQueue;
use callfleet_jobs::kinds::DialLead;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::clock_watch::ClockWatch;
use crate::domain::ids::WorkerId;
use crate::domain::obstacle::Obstacle;
use crate::store::{Store, StoreError};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// A word is repeated with every look, so one that two looks did not repeat is old.
const HOLDS: Duration = Duration::from_secs(15);
/// A queue that takes longer than this for one question is as good as silent.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks, and remembers what it said. Clones share it.
#[derive(Clone)]
pub struct Lookout {
    store: Store,
    process: WorkerId,
    clocks: ClockWatch,
    queue: JobQueue<DialLead>,
    said: Arc<Mutex<HashSet<Obstacle>>>,
    queue_silent: Arc<AtomicBool>,
}

impl Lookout {
    /// For a process and the queue it dials by. `host` is the machine's own clock, not a demo's.
    #[must_use]
    pub fn new(store: Store, process: WorkerId, host: SharedClock, queue: JobQueue<DialLead>) -> Self {
        let clocks = ClockWatch::new(store.clone(), host);
        Self { store, process, clocks, queue, said: Arc::default(), queue_silent: Arc::default() }
    }

    /// Whether the clocks fitted at the last look.
    #[must_use]
    pub fn clock_fits(&self) -> bool {
        self.clocks.fits()
    }

    /// Looks again and again until `stop` fires; what it said then goes with it.
    pub async fn run(self, stop: CancellationToken) {
        let mut looks = tokio::time::interval(EVERY);
        loop {
            tokio::select! { biased; () = stop.cancelled() => break, _ = looks.tick() => {} }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the database did not tell its time, or took no word; it is asked again");
            }
        }
        self.leave().await;
    }

    async fn look(&self) -> Result<(), StoreError> {
        self.look_at_clock().await?;
        self.look_at_queue().await
    }

    /// The queue failed whoever used it; whether that is news. It is used several times a second, and logged once.
    #[must_use]
    pub fn queue_failed(&self) -> bool {
        !self.queue_silent.swap(true, Ordering::Relaxed)
    }

    /// The queue answered whoever used it; whether that is news.
    #[must_use]
    pub fn queue_answered(&self) -> bool {
        self.queue_silent.swap(false, Ordering::Relaxed)
    }

    /// Compares the clocks.
    ///
    /// # Errors
    /// The database does not answer; what was seen before stands.
    pub async fn look_at_clock(&self) -> Result<(), StoreError> {
        let drift = self.clocks.look().await?;
        self.note(Obstacle::Clock, (!drift.fits()).then(|| drift.to_string()), HOLDS).await
    }

    /// Asks the queue something.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn look_at_queue(&self) -> Result<(), StoreError> {
        let problem = match tokio::time::timeout(PATIENCE, self.queue.waiting()).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("the queue did not answer within {} s", PATIENCE.as_secs())),
        };
        self.note(Obstacle::Queue, problem, HOLDS).await
    }

    /// A dial found the way to the provider, or did not. Only dials look for it, so the word holds until the `next` one had its time.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn found_provider(&self, problem: Option<String>, next: Duration) -> Result<(), StoreError> {
        self.note(Obstacle::Unreachable, problem, next + HOLDS).await
    }

    /// Says what is seen, and takes it back once it is over.
    async fn note(&self, obstacle: Obstacle, detail: Option<String>, holds: Duration) -> Result<(), StoreError> {
        match detail {
            Some(detail) => {
                self.said().insert(obstacle);
                self.store.say_obstacle(self.process, obstacle, &detail, holds).await
            }
            None if self.said().contains(&obstacle) => {
                self.store.unsay_obstacle(self.process, obstacle).await?;
                self.said().remove(&obstacle);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes everything back: the process does not dial any more.
    pub async fn leave(&self) {
        let said: Vec<Obstacle> = self.said().iter().copied().collect();
        for obstacle in said {
            if let Err(error) = self.note(obstacle, None, HOLDS).await {
                tracing::warn!(%error, "the last word of this process was not taken back; it grows old by itself");
            }
        }
    }

    fn said(&self) -> std::sync::MutexGuard<'_, HashSet<Obstacle>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use callfleet_jobs::backend::memory::MemoryQueue;

    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::domain::time::Timestamp;
    use crate::store::contract::support::with_sqlite;

    /// A clock that can be put right.
    struct Off(AtomicI64);

    impl Clock for Off {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(SystemClock.now().as_millis() + self.0.load(Ordering::Relaxed))
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_clock_that_is_off_is_said_until_it_is_right() {
        with_sqlite(async |store| {
            let (process, clock) = (WorkerId::new(), Arc::new(Off(AtomicI64::new(60_000))));
            let lookout = Lookout::new(store.clone(), process, Arc::clone(&clock) as _, JobQueue::Memory(MemoryQueue::new(1)));
            lookout.look().await.unwrap();
            let words = store.obstacles().await.unwrap();
            assert_eq!(words.iter().map(|said| (said.process, said.obstacle)).collect::<Vec<_>>(), [(process, Obstacle::Clock)]);
            assert!(words[0].detail.ends_with(" s ahead of the database's") && !words[0].holds.is_zero(), "{words:?}");
            assert!(!lookout.clock_fits());
            clock.0.store(0, Ordering::Relaxed);
            lookout.look().await.unwrap();
            assert_eq!((store.obstacles().await.unwrap(), lookout.clock_fits()), (vec![], true));
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_provider_out_of_reach_is_said_until_a_dial_finds_it() {
        with_sqlite(async |store| {
            let queue = JobQueue::Memory(MemoryQueue::new(1));
            let (lookout, lease) = (Lookout::new(store.clone(), WorkerId::new(), Arc::new(SystemClock), queue), Duration::from_secs(60));
            lookout.found_provider(Some("nobody answers".to_owned()), lease).await.unwrap();
            lookout.look().await.unwrap();
            let words = store.obstacles().await.unwrap();
            assert_eq!(words.iter().map(|said| said.obstacle).collect::<Vec<_>>(), [Obstacle::Unreachable], "no look takes it back");
            assert!(words[0].holds > lease, "the next dial may be as far away: {words:?}");
            lookout.found_provider(None, lease).await.unwrap();
            assert_eq!(store.obstacles().await.unwrap(), []);
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_silent_queue_is_news_once_and_so_is_its_end() {
        with_sqlite(async |store| {
            let lookout = Lookout::new(store, WorkerId::new(), Arc::new(SystemClock), JobQueue::Memory(MemoryQueue::new(1)));
            let other_duty = lookout.clone();
            assert!(!lookout.queue_answered(), "it never was silent");
            assert_eq!([lookout.queue_failed(), other_duty.queue_failed(), lookout.queue_failed()], [true, false, false]);
            assert_eq!([other_duty.queue_answered(), lookout.queue_answered()], [true, false]);
            assert!(lookout.queue_failed());
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_stops_takes_its_words_along() {
        with_sqlite(async |store| {
            let clock = Arc::new(Off(AtomicI64::new(-60_000)));
            let lookout = Lookout::new(store.clone(), WorkerId::new(), clock, JobQueue::Memory(MemoryQueue::new(1)));
            lookout.look().await.unwrap();
            assert!(store.obstacles().await.unwrap()[0].detail.ends_with(" s behind the database's"));
            let stopped = CancellationToken::new();
            stopped.cancel();
            lookout.run(stopped).await;
            assert_eq!(store.obstacles().await.unwrap(), []);
        })
        .await;
    }
}
