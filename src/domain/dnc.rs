//! How old a do-not-call list may be.
//!
//! United States, 47 CFR 64.1200(c)(2)(i)(D): a caller works with a version of the national registry that was obtained no more
//! than 31 days before the call. Calls stop on the 31st day and not after it, so that a day's end in another zone, or a call
//! that was armed before midnight, is never too late.

use jiff::civil::Date;
use serde::Serialize;

/// From this age on, a list has to be renewed soon.
pub const WARN_DAYS: i64 = 25;

/// From this age on, nobody is called by it.
pub const STALE_DAYS: i64 = 31;

/// What the age of a list means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "freshness", rename_all = "snake_case")]
pub enum Freshness {
    /// New enough.
    Fresh,
    /// To be renewed before dialing stops.
    Warn {
        /// Its age.
        days: i64,
    },
    /// Too old to call anybody by it.
    Stale {
        /// Its age.
        days: i64,
    },
}

/// The age of a list that was written on `scrub_date`; a date that is still to come counts as today.
#[must_use]
pub fn freshness(scrub_date: Date, today: Date) -> Freshness {
    match scrub_date.duration_until(today).as_hours() / 24 {
        days @ STALE_DAYS.. => Freshness::Stale { days },
        days @ WARN_DAYS.. => Freshness::Warn { days },
        _ => Freshness::Fresh,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn lists_age_by_the_day() {
        let scrubbed = date(2026, 11, 1);
        let cases = [
            (date(2026, 10, 30), Freshness::Fresh),
            (date(2026, 11, 1), Freshness::Fresh),
            (date(2026, 11, 25), Freshness::Fresh),
            (date(2026, 11, 26), Freshness::Warn { days: 25 }),
            (date(2026, 12, 1), Freshness::Warn { days: 30 }),
            (date(2026, 12, 2), Freshness::Stale { days: 31 }),
            (date(2027, 11, 1), Freshness::Stale { days: 365 }),
        ];
        for (today, expected) in cases {
            assert_eq!(freshness(scrubbed, today), expected, "{today}");
        }
    }

    #[test]
    fn a_leap_day_and_the_turn_of_the_year_count_as_days() {
        assert_eq!(freshness(date(2028, 2, 15), date(2028, 3, 11)), Freshness::Warn { days: 25 });
        assert_eq!(freshness(date(2026, 12, 15), date(2027, 1, 15)), Freshness::Stale { days: 31 });
    }
}
