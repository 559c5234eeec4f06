//! A holder that died leaves its calls behind. Its heartbeat tells, but only while the database was there to take it.

use std::time::Duration;

use crate::domain::dialing::timings::DialTimings;

/// What the reaper remembers of one worker, on its own boot-time clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatWatch {
    heartbeat: i64,
    database_start: i64,
    still_since: Duration,
    looked_at: Duration,
}

/// What one look decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaped {
    /// The heart moved, or has not stood still long enough.
    Alive(HeartbeatWatch),
    /// Stood still for the whole silence while the database was up: end its calls. It stays so until the heart moves.
    Dead(HeartbeatWatch),
}

/// Decides one look at a worker's heartbeat. `database_start` names the database's present life (its start time): when it
/// changes, or when looks are further apart than the timings allow, counting starts again.
#[must_use]
pub fn reap(watch: Option<HeartbeatWatch>, heartbeat: i64, database_start: i64, now: Duration, timings: &DialTimings) -> Reaped {
    let fresh = HeartbeatWatch { heartbeat, database_start, still_since: now, looked_at: now };
    let Some(before) = watch else { return Reaped::Alive(fresh) };
    let gap = now.saturating_sub(before.looked_at) > timings.holder_look_gap;
    if before.heartbeat != heartbeat || before.database_start != database_start || gap {
        return Reaped::Alive(fresh);
    }
    if now.saturating_sub(before.still_since) >= timings.holder_silence {
        return Reaped::Dead(HeartbeatWatch { looked_at: now, ..before });
    }
    Reaped::Alive(HeartbeatWatch { looked_at: now, ..before })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks (second, heartbeat, database start); true when the last one finds the worker dead.
    fn dies(looks: &[(u64, i64, i64)]) -> bool {
        let mut watch = None;
        for (at, heartbeat, start) in looks {
            match reap(watch, *heartbeat, *start, Duration::from_secs(*at), &DialTimings::default()) {
                Reaped::Alive(next) => watch = Some(next),
                Reaped::Dead(_) => return true,
            }
        }
        false
    }

    #[test]
    fn fifteen_seconds_of_stillness_are_death() {
        assert!(dies(&[(0, 7, 1), (5, 7, 1), (10, 7, 1), (15, 7, 1)]));
        assert!(!dies(&[(0, 7, 1), (5, 7, 1), (10, 7, 1), (14, 7, 1)]));
    }

    #[test]
    fn the_dead_stay_dead_until_the_heart_moves() {
        let look = |watch, at, heartbeat| reap(watch, heartbeat, 1, Duration::from_secs(at), &DialTimings::default());
        let mut watch = None;
        for at in 0..15 {
            let Reaped::Alive(next) = look(watch, at, 7) else { panic!("dead after {at} s") };
            watch = Some(next);
        }
        for at in 15..20 {
            let Reaped::Dead(next) = look(watch, at, 7) else { panic!("alive again after {at} s") };
            watch = Some(next);
        }
        assert!(matches!(look(watch, 20, 8), Reaped::Alive(_)));
    }

    #[test]
    fn a_beat_a_restarted_database_or_a_missed_look_start_the_count_again() {
        assert!(!dies(&[(0, 7, 1), (5, 7, 1), (10, 8, 1), (15, 8, 1), (20, 8, 1)]));
        assert!(!dies(&[(0, 7, 1), (5, 7, 1), (10, 7, 2), (15, 7, 2), (20, 7, 2)]));
        assert!(!dies(&[(0, 7, 1), (5, 7, 1), (11, 7, 1), (16, 7, 1), (21, 7, 1)]));
    }
}
