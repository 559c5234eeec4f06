//! How far the rehearsal is, for whoever waits for it; and that there is one at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Leads that are done, of all runs.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    /// So many leads will be done.
    pub fn set_work(&self, leads: u64) {
        self.0.1.store(leads, Ordering::Relaxed);
    }

    /// So many more are.
    pub fn done(&self, leads: u64) {
        self.0.0.fetch_add(leads, Ordering::Relaxed);
    }

    /// Done, 0 to 1.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "for a bar")]
    pub fn share(&self) -> f64 {
        let (done, work) = (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed));
        (done as f64 / work.max(1) as f64).min(1.0)
    }
}

/// The rehearsal of this process.
#[derive(Debug, Clone, Default)]
pub struct Rehearsals(Arc<Mutex<Option<(String, Progress)>>>);

impl Rehearsals {
    /// Begins one of a campaign; refused with the name of the one that runs.
    ///
    /// # Errors
    /// The campaign that is being rehearsed.
    pub fn begin(&self, campaign: &str) -> Result<Running, String> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((other, _)) = &*running {
            return Err(other.clone());
        }
        let progress = Progress::default();
        *running = Some((campaign.to_owned(), progress.clone()));
        Ok(Running { all: self.clone(), progress })
    }

    /// How far the one of a campaign is.
    #[must_use]
    pub fn of(&self, campaign: &str) -> Option<Progress> {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().filter(|(name, _)| name == campaign).map(|(_, progress)| progress.clone())
    }
}

/// A rehearsal that runs; dropped when it is over, or when nobody waits for it any more.
#[derive(Debug)]
pub struct Running {
    all: Rehearsals,
    /// How far it is.
    pub progress: Progress,
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.all.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_at_a_time_and_the_next_one_when_it_is_over() {
        let all = Rehearsals::default();
        let running = all.begin("spring").unwrap();
        running.progress.set_work(4);
        running.progress.done(1);
        assert_eq!(all.begin("autumn").unwrap_err(), "spring");
        assert_eq!((all.of("spring").map(|progress| progress.share()), all.of("autumn").is_none()), (Some(0.25), true));
        drop(running);
        assert!(all.of("spring").is_none() && all.begin("autumn").is_ok());
    }
}
