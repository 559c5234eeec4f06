//! When to try again, by what came of the last try.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::outcome::Disposition;
use crate::domain::time::Timestamp;

/// One line of the table: how long to wait, and how often at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redial {
    /// Wait this long after the call ended.
    pub after: Duration,
    /// At most so many redials after tries that ended like this; 0 means never.
    pub times: u32,
}

/// Redials by disposition; a disposition without a line is not tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedialTable {
    /// After `no_answer` the next try is made in another part of the day.
    pub day_parts: bool,
    /// The line was busy.
    pub busy: Redial,
    /// Nobody answered.
    pub no_answer: Redial,
    /// A machine answered.
    pub voicemail: Redial,
    /// The network or provider failed (never for numbers that do not exist).
    pub failed: Redial,
    /// The conversation broke off.
    pub incomplete: Redial,
}

impl Default for RedialTable {
    /// Busy lines clear quickly; people who do not answer are tried at another part of the day; machines the next day; a
    /// failed call may mean that the number is dead, so once, and a day later.
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            day_parts: true,
            busy: Redial { after: minutes(15), times: 3 },
            no_answer: Redial { after: minutes(2 * 60), times: 3 },
            voicemail: Redial { after: minutes(24 * 60), times: 2 },
            failed: Redial { after: minutes(24 * 60), times: 1 },
            incomplete: Redial { after: minutes(2 * 60), times: 1 },
        }
    }
}

impl RedialTable {
    /// When to call again; `None` when this disposition is not tried again, or was tried often enough.
    ///
    /// `tries_like_this` counts the tries of this lead that ended with this disposition, this one included.
    #[must_use]
    pub fn next(&self, disposition: Disposition, tries_like_this: u32, ended_at: Timestamp) -> Option<Timestamp> {
        let redial = self.line(disposition)?;
        (tries_like_this <= redial.times).then(|| ended_at + redial.after)
    }

    const fn line(&self, disposition: Disposition) -> Option<Redial> {
        match disposition {
            Disposition::Busy => Some(self.busy),
            Disposition::NoAnswer => Some(self.no_answer),
            Disposition::Voicemail => Some(self.voicemail),
            Disposition::Failed => Some(self.failed),
            Disposition::Incomplete => Some(self.incomplete),
            Disposition::Qualified
            | Disposition::NotQualified
            | Disposition::Transferred
            | Disposition::Callback
            | Disposition::Unreached
            | Disposition::Dnc => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_disposition_has_its_rule() {
        let ended = Timestamp::from_millis(1_000_000);
        let minutes_later = |minutes: u64| Some(ended + Duration::from_secs(minutes * 60));
        for disposition in Disposition::ALL.iter().copied() {
            let (first, redials) = match disposition {
                Disposition::Busy => (minutes_later(15), 3),
                Disposition::NoAnswer => (minutes_later(120), 3),
                Disposition::Voicemail => (minutes_later(1_440), 2),
                Disposition::Failed => (minutes_later(1_440), 1),
                Disposition::Incomplete => (minutes_later(120), 1),
                _ => (None, 0),
            };
            let table = RedialTable::default();
            assert_eq!(table.next(disposition, 1, ended), first, "{disposition}");
            assert_eq!((1..10).filter(|tries| table.next(disposition, *tries, ended).is_some()).count(), redials, "{disposition}");
        }
    }

    #[test]
    fn zero_times_means_never() {
        let table = RedialTable { busy: Redial { after: Duration::ZERO, times: 0 }, ..RedialTable::default() };
        assert_eq!(table.next(Disposition::Busy, 1, Timestamp::from_millis(0)), None);
    }
    /// The lines of a table in their order.
    const LINES: [Disposition; 5] =
        [Disposition::Busy, Disposition::NoAnswer, Disposition::Voicemail, Disposition::Failed, Disposition::Incomplete];

    fn table(lines: [(u64, u32); 5]) -> RedialTable {
        let [busy, no_answer, voicemail, failed, incomplete] =
            lines.map(|(seconds, times)| Redial { after: Duration::from_secs(seconds), times });
        RedialTable { day_parts: false, busy, no_answer, voicemail, failed, incomplete }
    }

    proptest! {
        #[test]
        fn a_redial_comes_after_the_wait_of_its_own_line_and_as_often_as_it_says(
            lines in proptest::array::uniform5((0_u64..200_000, 0_u32..6)),
            which in 0..Disposition::ALL.len(),
            ended in 0_i64..4_000_000_000_000,
        ) {
            let (disposition, ended) = (Disposition::ALL[which], Timestamp::from_millis(ended));
            let own = LINES.iter().position(|line| *line == disposition).map(|line| lines[line]);
            let tries: Vec<Option<Timestamp>> = (1..10).map(|tries| table(lines).next(disposition, tries, ended)).collect();
            let redials = tries.iter().take_while(|next| next.is_some()).count();
            prop_assert_eq!(u32::try_from(redials).unwrap(), own.map_or(0, |(_, times)| times));
            prop_assert!(tries[redials..].iter().all(Option::is_none), "once it is enough it stays enough");
            for at in tries.into_iter().flatten() {
                prop_assert_eq!(Some(at.since(ended).as_secs()), own.map(|(seconds, _)| seconds));
            }
        }
    }
}
