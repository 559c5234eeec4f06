//! Calling hours on the callee's own clock: may a call begin now, and if not, when next.
//!
//! A lead may be in one of several zones (a number says little about where a phone is today). Then every one of them has to
//! be open: [`all_open`] is the intersection, and a zone nobody knows keeps the window shut.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{ToSpan, ZonedDateTime};
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// How far ahead an opening is looked for.
const HORIZON_DAYS: i64 = 366;

/// Hours of one weekday, in minutes after local midnight, half open: `[open, close)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// First minute in which a call may begin.
    pub open: u16,
    /// First minute in which it may not.
    pub close: u16,
}

impl Hours {
    /// Whether a time of day lies inside.
    #[must_use]
    pub fn contains(self, time: Time) -> bool {
        let minute = minute_of(time);
        self.open <= minute && minute < self.close
    }

    /// What both allow; `None` when that is nothing.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { open: self.open.max(other.open), close: self.close.min(other.close) };
        (both.open < both.close).then_some(both)
    }
}

impl fmt::Display for Hours {
    /// `09:00-20:00`, as it is written in a campaign's settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.open / 60, self.open % 60, self.close / 60, self.close % 60)
    }
}

/// When calls may begin, per weekday (Monday first), in the callee's zone. `None`: not on that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingWindow {
    /// Monday to Sunday.
    pub days: [Option<Hours>; 7],
    /// Local dates without calls.
    pub holidays: Vec<Date>,
}

/// Whether a moment lies inside the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Calls may begin now.
    Yes,
    /// Closed; the next moment it opens, `None` when it never does within a year.
    Until(Option<Timestamp>),
}

/// Hours by local date: a campaign's own window, what the law says, or both at once.
pub trait Calendar {
    /// The hours of one local date; `None` when there are no calls that day.
    fn hours_on(&self, date: Date) -> Option<Hours>;

    /// Whether calls may begin now in one zone, without a look at when they may otherwise.
    fn is_open(&self, now: Timestamp, zone: &TimeZone) -> bool {
        let local = now.in_zone(zone);
        self.hours_on(local.date()).is_some_and(|hours| hours.contains(local.time()))
    }

    /// Whether calls may begin now in one zone; otherwise when next.
    fn at(&self, now: Timestamp, zone: &TimeZone) -> Open {
        if self.is_open(now, zone) { Open::Yes } else { Open::Until(next_opening(self, now, now.in_zone(zone).date(), zone)) }
    }
}

impl CallingWindow {
    /// Whether calls may begin now in one zone.
    #[must_use]
    pub fn at(&self, now: Timestamp, zone: &TimeZone) -> Open {
        Calendar::at(self, now, zone)
    }

    /// The hours of one local date; `None` when there are no calls that day.
    #[must_use]
    pub fn hours_on(&self, date: Date) -> Option<Hours> {
        Calendar::hours_on(self, date)
    }
}

impl Calendar for CallingWindow {
    fn hours_on(&self, date: Date) -> Option<Hours> {
        if self.holidays.contains(&date) {
            return None;
        }
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        self.days.get(day).copied().flatten().filter(|hours| hours.open < hours.close)
    }
}

fn next_opening<C: Calendar + ?Sized>(calendar: &C, now: Timestamp, today: Date, zone: &TimeZone) -> Option<Timestamp> {
    (0..=HORIZON_DAYS).find_map(|ahead| {
        let date = today.checked_add(ahead.days()).ok()?;
        let hours = calendar.hours_on(date)?;
        opening_on(date, hours, zone).filter(|opens| *opens > now)
    })
}

/// Whether calls may begin now in *every* zone; otherwise the next moment all of them are open.
///
/// An empty list and a name that is no zone keep it shut for good: nobody knows what time it is there.
#[must_use]
pub fn all_open<C: Calendar>(zones: &[String], window: &C, now: Timestamp) -> Open {
    let known: Option<Vec<TimeZone>> = zones.iter().map(|name| TimeZone::get(name).ok()).collect();
    match known {
        Some(zones) if !zones.is_empty() => open_in_all(&zones, window, now),
        _ => Open::Until(None),
    }
}

/// The same for zones that were looked up already.
#[must_use]
pub fn open_in_all<C: Calendar>(zones: &[TimeZone], window: &C, now: Timestamp) -> Open {
    let last = now + std::time::Duration::from_secs(HORIZON_DAYS as u64 * 86_400);
    let mut moment = now;
    while moment <= last {
        match latest_opening(zones, window, moment) {
            Ok(None) if moment == now => return Open::Yes,
            Ok(None) => return Open::Until(Some(moment)),
            Ok(Some(later)) => moment = later,
            Err(NeverOpens) => break,
        }
    }
    Open::Until(None)
}

struct NeverOpens;

/// The latest of the next openings of all zones that are closed at this moment; `None` when none is.
fn latest_opening<C: Calendar>(zones: &[TimeZone], window: &C, moment: Timestamp) -> Result<Option<Timestamp>, NeverOpens> {
    let mut latest = None;
    for zone in zones {
        if let Open::Until(opens) = window.at(moment, zone) {
            latest = latest.max(Some(opens.ok_or(NeverOpens)?));
        }
    }
    Ok(latest)
}

/// The first moment of `hours` on that date. Where the clock jumps over it, the moment of the jump, if that is still inside.
pub(super) fn opening_on(date: Date, hours: Hours, zone: &TimeZone) -> Option<Timestamp> {
    let opens = local(date, hours.open)?;
    let ambiguous = zone.to_ambiguous_zoned_datetime(opens);
    let moment = match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => end_of_gap(&ambiguous.earlier().ok()?)?,
        _ => ambiguous.compatible().ok()?,
    };
    let inside = moment.date() == date && hours.contains(moment.time());
    inside.then(|| Timestamp::from_zoned(&moment))
}

fn end_of_gap(before: &ZonedDateTime) -> Option<ZonedDateTime> {
    let zone = before.time_zone();
    zone.following(before.timestamp()).next().map(|jump| jump.timestamp().to_zoned_datetime(zone.clone()))
}

fn local(date: Date, minute: u16) -> Option<DateTime> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok().map(|time| date.to_datetime(time))
}

fn minute_of(time: Time) -> u16 {
    u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(open: u16, close: u16) -> CallingWindow {
        CallingWindow { days: [Some(Hours { open: open * 60, close: close * 60 }); 7], holidays: Vec::new() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn opens_and_closes_on_the_callees_clock() {
        let window = window(9, 20);
        let cases = [
            ("2026-11-23T13:59:59Z", "America/New_York", Open::Until(Some(at("2026-11-23T14:00:00Z")))),
            ("2026-11-23T14:00:00Z", "America/New_York", Open::Yes),
            ("2026-11-24T00:59:59Z", "America/New_York", Open::Yes),
            ("2026-11-24T01:00:00Z", "America/New_York", Open::Until(Some(at("2026-11-24T14:00:00Z")))),
            ("2026-11-23T14:00:00Z", "America/Los_Angeles", Open::Until(Some(at("2026-11-23T17:00:00Z")))),
            ("2026-11-23T03:30:00Z", "Asia/Kolkata", Open::Yes),
        ];
        for (now, name, expected) in cases {
            assert_eq!(window.at(at(now), &zone(name)), expected, "{now} {name}");
        }
    }

    #[test]
    fn skips_closed_days_and_holidays() {
        let mut window = window(9, 20);
        window.days[6] = None;
        window.holidays = vec!["2026-11-30".parse().unwrap()];
        // Saturday evening: Sunday is closed, Monday is a holiday.
        let expected = Open::Until(Some(at("2026-12-01T14:00:00Z")));
        assert_eq!(window.at(at("2026-11-29T01:30:00Z"), &zone("America/New_York")), expected);
    }

    #[test]
    fn a_window_without_days_never_opens() {
        let never = CallingWindow { days: [None; 7], holidays: Vec::new() };
        assert_eq!(never.at(at("2026-11-23T14:00:00Z"), &zone("America/New_York")), Open::Until(None));
        let empty = CallingWindow { days: [Some(Hours { open: 600, close: 600 }); 7], holidays: Vec::new() };
        assert_eq!(empty.at(at("2026-11-23T14:00:00Z"), &zone("America/New_York")), Open::Until(None));
    }

    #[test]
    fn daylight_saving_moves_the_opening_with_the_wall_clock() {
        let window = window(9, 20);
        let new_york = zone("America/New_York");
        // 2026-03-08: clocks go forward, 9:00 is 13:00 UTC instead of 14:00.
        assert_eq!(window.at(at("2026-03-08T05:00:00Z"), &new_york), Open::Until(Some(at("2026-03-08T13:00:00Z"))));
        // 2026-11-01: clocks go back, 9:00 is 14:00 UTC again.
        assert_eq!(window.at(at("2026-11-01T05:00:00Z"), &new_york), Open::Until(Some(at("2026-11-01T14:00:00Z"))));
    }

    #[test]
    fn an_opening_inside_the_jump_is_the_moment_of_the_jump() {
        let new_york = zone("America/New_York");
        let days = [Some(Hours { open: 150, close: 240 }); 7];
        let window = CallingWindow { days, holidays: Vec::new() };
        // 2:30 does not exist that night; 3:00 daylight time is the first minute inside.
        assert_eq!(window.at(at("2026-03-08T06:00:00Z"), &new_york), Open::Until(Some(at("2026-03-08T07:00:00Z"))));
        // A window that lies wholly inside the jump does not open that day.
        let swallowed = CallingWindow { days: [Some(Hours { open: 130, close: 170 }); 7], holidays: Vec::new() };
        assert_eq!(swallowed.at(at("2026-03-08T06:00:00Z"), &new_york), Open::Until(Some(at("2026-03-09T06:10:00Z"))));
    }

    #[test]
    fn all_zones_have_to_be_open() {
        let window = window(9, 20);
        let both = ["America/New_York".to_owned(), "America/Los_Angeles".to_owned()];
        assert_eq!(all_open(&both, &window, at("2026-11-23T15:00:00Z")), Open::Until(Some(at("2026-11-23T17:00:00Z"))));
        assert_eq!(all_open(&both, &window, at("2026-11-23T17:00:00Z")), Open::Yes);
        // New York closes while California is still open.
        assert_eq!(all_open(&both, &window, at("2026-11-24T01:00:00Z")), Open::Until(Some(at("2026-11-24T17:00:00Z"))));
        let never = ["Asia/Karachi".to_owned(), "America/Los_Angeles".to_owned()];
        assert_eq!(all_open(&never, &window, at("2026-11-23T17:00:00Z")), Open::Until(None));
    }

    #[test]
    fn unknown_zones_stay_shut() {
        let window = window(0, 24);
        for zones in [vec![], vec!["Mars/Olympus".to_owned()], vec!["America/New_York".to_owned(), String::new()]] {
            assert_eq!(all_open(&zones, &window, at("2026-11-23T17:00:00Z")), Open::Until(None), "{zones:?}");
        }
    }

    proptest! {
        #[test]
        fn the_next_opening_is_open_and_not_a_minute_earlier(
            minutes in 0_i64..525_600, open in 0_u16..1_380, length in 1_u16..60, which in 0_usize..4,
        ) {
            let zone = zone(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"][which]);
            let hours = Hours { open, close: (open + length).min(1_440) };
            let window = CallingWindow { days: [Some(hours); 7], holidays: Vec::new() };
            let now = at("2026-01-01T00:00:00Z") + std::time::Duration::from_secs(minutes as u64 * 60);
            if let Open::Until(opens) = window.at(now, &zone) {
                let opens = opens.unwrap();
                prop_assert!(opens > now);
                prop_assert_eq!(window.at(opens, &zone), Open::Yes);
                let before = Timestamp::from_millis(opens.as_millis() - 60_000);
                prop_assert!(before < now || window.at(before, &zone) != Open::Yes);
            }
        }
    }
}
