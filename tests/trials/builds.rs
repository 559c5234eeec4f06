//! The builds of the product in a trial: one, or an older one beside it, as while a fleet is being upgraded.

use callfleet::simulator::chance::Chance;

use super::plan::Role;
use super::process::Binary;

/// Who plays the fleet.
#[derive(Debug, Clone)]
pub struct Builds {
    /// The build that is tried. It migrates, makes the campaigns and plays the telephone network, as the first one that is upgraded.
    pub own: Binary,
    /// An older one that runs beside it.
    pub older: Option<Binary>,
}

impl Builds {
    /// The build of a role's `nth` process, counted from 0, in the trial of a seed.
    pub fn of(&self, seed: u64, role: Role, nth: u64) -> &Binary {
        self.older.as_ref().filter(|_| is_older(seed, role, nth)).unwrap_or(&self.own)
    }

    /// Which of a role's first processes were of the older build, in their order; none where there is no such build.
    pub fn line(&self, seed: u64, role: Role, processes: u64) -> Vec<bool> {
        (0..processes).filter(|_| self.older.is_some()).map(|nth| is_older(seed, role, nth)).collect()
    }
}

/// One scheduler and one worker begin as the older build, `web` does so in half of the trials: from the first call on each build finds
/// what the other one left. Whoever follows a process that ended is of either build: upgrades go on, and some are taken back. The choice
/// has a name of its own, so that a seed draws everything else as it does for one build.
fn is_older(seed: u64, role: Role, nth: u64) -> bool {
    let drawn = |subject: &str| Chance(seed).between(0, 1, "older build", subject);
    match role {
        Role::Scheduler(n) | Role::Worker(n) if nth == 0 => drawn(role.verb()) == n as u64,
        _ => drawn(&format!("{role:?} {nth}")) == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: std::ops::RangeInclusive<u64> = 1..=40;

    fn build(program: &str) -> Binary {
        Binary { program: program.into(), before: Vec::new() }
    }

    fn both() -> Builds {
        Builds { own: build("own"), older: Some(build("older")) }
    }

    fn begins_older(role: Role) -> usize {
        SEEDS.filter(|seed| both().of(*seed, role, 0).program == build("older").program).count()
    }

    #[test]
    fn one_of_each_pair_begins_as_the_older_build_and_it_is_not_always_the_same() {
        for pair in [[Role::Scheduler(0), Role::Scheduler(1)], [Role::Worker(0), Role::Worker(1)]] {
            for seed in SEEDS {
                assert_eq!(pair.map(|role| is_older(seed, role, 0)).iter().filter(|older| **older).count(), 1, "seed {seed}: {pair:?}");
            }
            assert!(pair.into_iter().all(|role| begins_older(role) > 5), "{pair:?}");
        }
        assert!((5..35).contains(&begins_older(Role::Web)), "{}", begins_older(Role::Web));
    }

    #[test]
    fn whoever_follows_is_of_either_build_and_alike_in_every_run() {
        for role in Role::ALL {
            let lines: Vec<Vec<bool>> = SEEDS.map(|seed| both().line(seed, role, 3)).collect();
            let turns =
                |from: bool| lines.iter().flat_map(|line| line.windows(2)).filter(|pair| pair[0] == from && pair[1] != from).count();
            assert!(turns(true) > 0 && turns(false) > 0, "{role:?}: {lines:?}");
            assert_eq!(lines, SEEDS.map(|seed| both().line(seed, role, 3)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn where_there_is_one_build_it_plays_every_process() {
        let one = Builds { older: None, ..both() };
        for role in Role::ALL {
            assert!((0..9).all(|nth| one.of(7, role, nth).program == one.own.program), "{role:?}");
            assert!(one.line(7, role, 9).is_empty());
        }
    }
}
