//! What keeps a process from dialing though leads are due and lines are free. Whoever meets it says so where
//! `campaign explain` can read it; here it is decided what the words of all processes mean for the fleet.

use std::time::Duration;

use crate::domain::ids::WorkerId;
use crate::word_enum;

word_enum! {
    /// What is in the way.
    pub enum Obstacle {
        /// The process's clock does not fit the database's.
        Clock = "clock",
        /// The queue does not answer the process: it can neither ring nor take tickets, nor ask for a turn.
        Queue = "queue",
        /// The provider said that it is full, and the fleet holds back.
        Provider = "provider",
        /// The process finds no way to the provider.
        Unreachable = "unreachable",
    }
}

/// One process's last word about one obstacle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who said it.
    pub process: WorkerId,
    /// About what.
    pub obstacle: Obstacle,
    /// What it saw.
    pub detail: String,
    /// How long ago it said so for the last time.
    pub age: Duration,
    /// How long its word still holds; zero when it should have said it again and has not.
    pub holds: Duration,
}

/// The processes without which nothing is dialed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialers {
    /// Holds the lease.
    pub scheduler: Option<WorkerId>,
    /// Live and taking calls.
    pub workers: Vec<WorkerId>,
}

/// How far an obstacle stands in the fleet's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nobody meets it.
    Clear,
    /// Somebody met it who has fallen silent since, or does not dial any more.
    Stale(&'a Said),
    /// So many workers of those that live do not dial; the others do.
    Some(&'a Said, usize),
    /// No worker dials.
    Workers(&'a Said),
    /// The active scheduler rings nothing.
    Scheduler(&'a Said),
}

impl Standing<'_> {
    /// Whether anything can be dialed past it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Workers(_) | Self::Scheduler(_))
    }
}

impl Dialers {
    /// What the words about one obstacle mean, the latest word first.
    #[must_use]
    pub fn meet<'a>(&self, obstacle: Obstacle, words: &'a [Said]) -> Standing<'a> {
        let about = || words.iter().filter(move |said| said.obstacle == obstacle);
        let held = || about().filter(|said| !said.holds.is_zero());
        // only dials look for the provider: a process that is scheduler and worker in one says so as a worker
        let scheduler = self.scheduler.filter(|_| obstacle != Obstacle::Unreachable);
        if let Some(said) = held().find(|said| Some(said.process) == scheduler) {
            return Standing::Scheduler(said);
        }
        let by_workers: Vec<&Said> = held().filter(|said| self.workers.contains(&said.process)).collect();
        match by_workers.first() {
            Some(said) if by_workers.len() == self.workers.len() => Standing::Workers(said),
            Some(said) => Standing::Some(said, by_workers.len()),
            None => about().next().map_or(Standing::Clear, Standing::Stale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDS: Duration = Duration::from_secs(15);

    /// What was said, what it has to mean, and whether the gate is open then.
    type Case = (Vec<Said>, fn(&Standing<'_>) -> bool, bool);

    fn said(process: WorkerId, obstacle: Obstacle, holds: Duration) -> Said {
        Said { process, obstacle, detail: "seen".to_owned(), age: Duration::from_secs(1), holds }
    }

    #[test]
    fn who_says_it_decides_what_it_means() {
        let (scheduler, one, other, gone) = (WorkerId::new(), WorkerId::new(), WorkerId::new(), WorkerId::new());
        let dialers = Dialers { scheduler: Some(scheduler), workers: vec![one, other] };
        let clock = |process| said(process, Obstacle::Clock, HOLDS);
        let old = |process| said(process, Obstacle::Clock, Duration::ZERO);
        let elsewhere = said(scheduler, Obstacle::Queue, HOLDS);
        let table: [Case; 7] = [
            (vec![], |standing| *standing == Standing::Clear, true),
            (vec![elsewhere], |standing| *standing == Standing::Clear, true),
            (vec![clock(gone)], |standing| matches!(standing, Standing::Stale(_)), true),
            (vec![old(scheduler), old(one), old(other)], |standing| matches!(standing, Standing::Stale(_)), true),
            (vec![clock(one), old(other)], |standing| matches!(standing, Standing::Some(_, 1)), true),
            (vec![clock(one), clock(other)], |standing| matches!(standing, Standing::Workers(_)), false),
            (vec![clock(one), clock(scheduler)], |standing| matches!(standing, Standing::Scheduler(_)), false),
        ];
        for (words, means, open) in table {
            let standing = dialers.meet(Obstacle::Clock, &words);
            assert!(means(&standing) && standing.is_open() == open, "{words:?}: {standing:?}");
        }
        let (all_in_one, words) = (Dialers { scheduler: Some(one), workers: vec![one] }, [said(one, Obstacle::Unreachable, HOLDS)]);
        assert_eq!(all_in_one.meet(Obstacle::Unreachable, &words), Standing::Workers(&words[0]), "its dials find no way");
        let alone = Dialers::default().meet(Obstacle::Clock, &[]);
        assert_eq!(alone, Standing::Clear, "that nobody lives is told by gates of its own");
    }
}
