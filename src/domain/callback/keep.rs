//! Keeping a promised callback: when it is due, what becomes of it when it was missed, and how well it was kept.
//!
//! A callback may be dialed until a tolerance after the last moment that was promised. Later, nobody expects it any more, and
//! the campaign's [`KeepRules`] say what happens: it moves to the same time of day on the callee's clock until a person has to
//! look, or the lead is called like any that is tried again, or it is closed.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::time::Timestamp;
use crate::word_enum;

word_enum! {
    /// What happens to a callback that was not dialed in time.
    pub enum Missed {
        /// It moves to the same time of the next day; after some moves a person has to look.
        NextDay = "next_day",
        /// The lead is called as soon as the gates allow, in the queue of retries and within its caps.
        Retry = "retry",
        /// The lead is finished as `callback`.
        Close = "close",
    }
}

/// How a campaign keeps its promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRules {
    /// So much later still counts as kept.
    pub tolerance: Duration,
    /// What happens to a callback that was missed.
    pub missed: Missed,
    /// So often a missed callback moves to another day, where it moves.
    pub moves: u32,
}

impl KeepRules {
    /// A quarter of an hour is what contact centres grant a promised time.
    pub const HOUSE: Self = Self { tolerance: Duration::from_secs(15 * 60), missed: Missed::NextDay, moves: 2 };
}

/// When a promise is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Not before.
    pub at: Timestamp,
    /// Not after, where the words said so.
    pub until: Option<Timestamp>,
    /// How often it moved.
    pub moves: u32,
}

/// What to do with a promise whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Dial.
    Dial,
    /// Too late for today.
    Move(Due),
    /// Call it like any lead that is tried again.
    Retry,
    /// The lead is finished.
    Close,
    /// A person has to look.
    GiveUp,
}

/// Decides whether a promise may still be dialed at `now`. `zone` is the clock it was promised on.
#[must_use]
pub fn keep(due: Due, rules: &KeepRules, zone: &TimeZone, now: Timestamp) -> Keep {
    if now <= deadline(due.at, due.until, rules.tolerance) {
        return Keep::Dial;
    }
    match rules.missed {
        Missed::Retry => Keep::Retry,
        Missed::Close => Keep::Close,
        Missed::NextDay => (due.moves < rules.moves).then(|| next_day(due, zone, now)).flatten().map_or(Keep::GiveUp, Keep::Move),
    }
}

fn deadline(at: Timestamp, until: Option<Timestamp>, tolerance: Duration) -> Timestamp {
    until.unwrap_or(at) + tolerance
}

/// The next day on which the same wall-clock time is still to come.
fn next_day(due: Due, zone: &TimeZone, now: Timestamp) -> Option<Due> {
    let promised = due.at.in_zone(zone).datetime();
    let today = now.in_zone(zone).date();
    let on = |moment: Timestamp, days: i64| {
        let local = moment.in_zone(zone).datetime().checked_add(days.days()).ok()?;
        Some(Timestamp::from_zoned(&local.to_zoned_datetime(zone.clone()).ok()?))
    };
    let passed = i64::from((today - promised.date()).get_days());
    (passed.max(1)..=passed.max(1) + 1).find_map(|days| {
        let at = on(due.at, days).filter(|at| *at > now)?;
        Some(Due { at, until: due.until.and_then(|until| on(until, days)), moves: due.moves + 1 })
    })
}

word_enum! {
    /// How a promise stands.
    pub enum Kept {
        /// Its time has not passed.
        Pending = "pending",
        /// Dialed within the tolerance.
        Kept = "kept",
        /// Dialed later, or not at all.
        Missed = "missed",
        /// Nobody is to be called any more: opted out, cancelled, the lead was finished otherwise, or its campaign was over in time.
        Dropped = "dropped",
    }
}

/// A promise and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// As it was said aloud; never changed by moving.
    pub earliest: Timestamp,
    /// The last moment that was promised.
    pub latest: Option<Timestamp>,
    /// When the call was placed.
    pub dialed_at: Option<Timestamp>,
    /// The lead may still be called, or was given up because its time had passed.
    pub wanted: bool,
    /// When its campaign was completed or cancelled. What was missed before stays missed.
    pub over_at: Option<Timestamp>,
}

impl Promise {
    /// How it stands at `now`.
    #[must_use]
    pub fn kept(&self, tolerance: Duration, now: Timestamp) -> Kept {
        let deadline = deadline(self.earliest, self.latest, tolerance);
        match self.dialed_at {
            Some(dialed) if dialed <= deadline => Kept::Kept,
            Some(_) => Kept::Missed,
            None if !self.wanted || self.over_at.is_some_and(|over| over <= deadline) => Kept::Dropped,
            None if now <= deadline => Kept::Pending,
            None => Kept::Missed,
        }
    }

    /// How long after the promised beginning it was dialed.
    #[must_use]
    pub fn late(&self) -> Option<Duration> {
        self.dialed_at.map(|dialed| dialed.since(self.earliest))
    }
}

/// How well promises were kept: promised against dialed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Fidelity {
    /// All of them.
    pub promised: usize,
    /// Still to come.
    pub pending: usize,
    /// Dialed within the tolerance.
    pub kept: usize,
    /// Dialed later, or not at all.
    pub missed: usize,
    /// Not wanted any more.
    pub dropped: usize,
    /// Of those kept or missed, the share that was kept; `None` before there are any.
    pub share_kept: Option<f64>,
    /// Half of the dialed ones began at most so many seconds after the promised beginning.
    pub late_p50_s: Option<u64>,
    /// 95 of 100 did.
    pub late_p95_s: Option<u64>,
    /// So many seconds later counted as kept.
    pub tolerance_s: u64,
}

/// Counts promises at `now`.
#[must_use]
pub fn fidelity(promises: &[Promise], tolerance: Duration, now: Timestamp) -> Fidelity {
    let mut sum = Fidelity { promised: promises.len(), tolerance_s: tolerance.as_secs(), ..Fidelity::default() };
    for promise in promises {
        match promise.kept(tolerance, now) {
            Kept::Pending => sum.pending += 1,
            Kept::Kept => sum.kept += 1,
            Kept::Missed => sum.missed += 1,
            Kept::Dropped => sum.dropped += 1,
        }
    }
    let decided = sum.kept + sum.missed;
    #[allow(clippy::cast_precision_loss, reason = "a share of counts far below 2^52")]
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    sum.share_kept = (decided > 0).then(|| share(sum.kept, decided));
    let mut late: Vec<u64> = promises.iter().filter_map(Promise::late).map(|late| late.as_secs()).collect();
    late.sort_unstable();
    (sum.late_p50_s, sum.late_p95_s) = (at_percent(&late, 50), at_percent(&late, 95));
    sum
}

/// Nearest rank.
fn at_percent(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;
