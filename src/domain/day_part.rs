//! Nobody answered in the morning: try the afternoon or the evening, not the next morning.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar, Hours, opening_on};

/// Shorter waits are meant as they are written.
const LEAST_WAIT: Duration = Duration::from_secs(3_600);

/// How far ahead another part of the day is looked for.
const DAYS_AHEAD: i64 = 3;

/// Morning, afternoon, evening, in minutes of the callee's day.
const PARTS: [Hours; 3] =
    [Hours { open: 0, close: 12 * 60 }, Hours { open: 12 * 60, close: 17 * 60 }, Hours { open: 17 * 60, close: 24 * 60 }];

/// The first moment at or after `at` in a part of the day in which the callee was tried least, inside the calling hours. `at`
/// itself when the wait is short, or when no such part opens in the next days.
#[must_use]
pub fn elsewhere<C: Calendar>(tried: &[Timestamp], ended_at: Timestamp, at: Timestamp, zone: &TimeZone, hours: &C) -> Timestamp {
    if at.since(ended_at) < LEAST_WAIT {
        return at;
    }
    let today = at.in_zone(zone).date();
    let days = (0..=DAYS_AHEAD).filter_map(|ahead| today.checked_add(ahead.days()).ok());
    let openings = days.flat_map(|date| (0..PARTS.len()).filter_map(move |part| Some((part, opening(date, part, at, zone, hours)?))));
    let tries = |part: usize| tried.iter().filter(|moment| part_of(**moment, zone) == part).count();
    openings.min_by_key(|(part, moment)| (tries(*part), *moment)).map_or(at, |(_, moment)| moment)
}

fn part_of(moment: Timestamp, zone: &TimeZone) -> usize {
    let time = moment.in_zone(zone).time();
    PARTS.iter().position(|part| part.contains(time)).unwrap_or(0)
}

/// When a part of a day begins to be open, not before `at`; `None` when it is closed or over by then.
fn opening<C: Calendar>(date: Date, part: usize, at: Timestamp, zone: &TimeZone, hours: &C) -> Option<Timestamp> {
    let open = hours.hours_on(date)?.and(PARTS[part])?;
    let moment = opening_on(date, open, zone)?.max(at);
    let local = moment.in_zone(zone);
    (local.date() == date && open.contains(local.time())).then_some(moment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::window::CallingWindow;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(tried: &[&str], open: u16, close: u16) -> String {
        let zone = TimeZone::get("America/New_York").unwrap();
        let window = CallingWindow { days: [Some(Hours { open: open * 60, close: close * 60 }); 7], holidays: Vec::new() };
        let tried: Vec<Timestamp> = tried.iter().map(|text| at(text)).collect();
        let ended = *tried.last().unwrap();
        let moment = elsewhere(&tried, ended, ended + Duration::from_secs(7_200), &zone, &window);
        moment.in_zone(&zone).strftime("%a %H:%M").to_string()
    }

    #[test]
    fn each_try_goes_to_a_part_that_was_tried_least() {
        // Monday 2026-11-23; New York is five hours behind.
        let (nine, two, six) = ("2026-11-23T14:30:00Z", "2026-11-23T19:00:00Z", "2026-11-23T23:00:00Z");
        assert_eq!(next(&[nine], 9, 20), "Mon 12:00");
        assert_eq!(next(&[nine, two], 9, 20), "Mon 17:00");
        assert_eq!(next(&[two], 9, 20), "Mon 17:00");
        assert_eq!(next(&[two, six], 9, 20), "Tue 09:00");
        assert_eq!(next(&[nine, two, six], 9, 20), "Tue 09:00");
        assert_eq!(next(&[nine, "2026-11-24T14:30:00Z"], 9, 20), "Tue 12:00");
    }

    #[test]
    fn parts_that_are_closed_are_not_waited_for() {
        assert_eq!(next(&["2026-11-23T14:30:00Z"], 9, 12), "Mon 11:30");
        assert_eq!(next(&["2026-11-23T14:30:00Z"], 9, 13), "Mon 12:00");
    }

    #[test]
    fn short_waits_are_meant_as_written() {
        let (zone, now) = (TimeZone::get("America/New_York").unwrap(), at("2026-11-23T14:30:00Z"));
        let window = CallingWindow { days: [Some(Hours { open: 540, close: 1_200 }); 7], holidays: Vec::new() };
        let soon = now + Duration::from_secs(5);
        assert_eq!(elsewhere(&[now], now, soon, &zone, &window), soon);
    }
    proptest! {
        #[test]
        fn another_part_is_never_earlier_than_the_wait_and_inside_the_hours(
            started in 0_i64..525_600,
            tried in proptest::collection::vec(0_i64..10_000, 1..6),
            wait in 0_u64..100_000,
            (open, long) in (0_u16..1_380, 30_u16..1_440),
            which in 0_usize..3,
        ) {
            let zone = TimeZone::get(["America/New_York", "Europe/London", "Asia/Kathmandu"][which]).unwrap();
            let hours = Hours { open, close: (open + long).min(1_440) };
            let window = CallingWindow { days: [Some(hours); 7], holidays: Vec::new() };
            let ended = at("2026-01-08T00:00:00Z") + Duration::from_secs(started.unsigned_abs() * 60);
            let tried: Vec<Timestamp> = tried.iter().map(|ago| Timestamp::from_millis(ended.as_millis() - ago * 60_000)).collect();
            let after = ended + Duration::from_secs(wait);
            let moment = elsewhere(&tried, ended, after, &zone, &window);
            prop_assert!(moment >= after, "{moment} is before {after}");
            prop_assert!(moment == after || window.is_open(moment, &zone), "{moment} is closed");
            prop_assert!(moment.since(after) < Duration::from_secs(5 * 86_400), "{moment} is too long after {after}");
            let tries = |moment| tried.iter().filter(|at| part_of(**at, &zone) == part_of(moment, &zone)).count();
            let worn = moment != after && window.is_open(after, &zone) && tries(after) < tries(moment);
            prop_assert!(!worn, "{after} was in a part that was tried less than that of {moment}");
        }
    }
}
