//! Days that are not meant: a time that names no day of its own is on another one.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Here, LATER};
use crate::domain::callback::wish::{Day, Wish};
use crate::domain::time::Timestamp;

/// No minute of a day: asks whether the day is left out as a whole.
const WHOLE: Range<u16> = 0..0;

impl Here<'_> {
    /// Whether these minutes of a day are left out.
    pub(super) fn is_left_out(&self, date: Date, minutes: &Range<u16>, wish: &Wish) -> bool {
        wish.left_out.iter().any(|(day, part)| {
            let meets = part.is_none_or(|part| minutes.start < part.end && part.start < minutes.end);
            meets && self.is_on(date, *day)
        })
    }

    pub(super) fn is_day_left_out(&self, date: Date, wish: &Wish) -> bool {
        self.is_left_out(date, &WHOLE, wish)
    }

    pub(super) fn is_moment_left_out(&self, moment: Timestamp, wish: &Wish) -> bool {
        let (date, time) = (moment.in_zone(self.zone()).date(), moment.in_zone(self.zone()).time());
        let minute = u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs());
        self.is_left_out(date, &(minute..minute + 1), wish)
    }

    /// The first day of a span that is meant.
    pub(super) fn first_meant(&self, first: Date, last: Date, wish: &Wish) -> Date {
        let days = first.series(1.day()).take_while(|date| *date <= last);
        days.take(366).find(|date| !self.is_day_left_out(*date, wish)).unwrap_or(first)
    }

    /// The soonest that a call by some day may be: some time from now, unless today is left out.
    pub(super) fn soonest(&self, wish: &Wish) -> Option<Timestamp> {
        let in_a_week = self.today().checked_add(7.days()).ok()?;
        let date = self.first_meant(self.today(), in_a_week, wish);
        if date > self.today() { self.start(date, LATER) } else { Some(self.now + LATER) }
    }

    /// A weekday is left out of every week, and with this week its weekend.
    fn is_on(&self, date: Date, day: Day) -> bool {
        let plain = Wish::default();
        match day {
            Day::Weekday { day, weeks: 0 } => date.weekday() == day,
            Day::Week(0) => self.dates(Day::Weekend(0), &plain).is_some_and(|(_, sunday)| date <= sunday),
            day => self.dates(day, &plain).is_some_and(|(first, last)| (first..=last).contains(&date)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::callback::{PromiseHours, resolve};
    use crate::domain::time::Timestamp;
    use crate::domain::window::{CallingWindow, Hours};

    #[test]
    fn nothing_is_promised_for_a_day_that_is_left_out() {
        let window = CallingWindow { days: [Some(Hours { open: 540, close: 1_200 }); 7], holidays: Vec::new() };
        // a Monday, ten o'clock in New York
        let now: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let tomorrow: Timestamp = "2026-11-24T05:00:00Z".parse().unwrap();
        let wishes =
            ["after five", "at five", "call me at noon", "any evening", "some afternoon", "by Friday", "Monday at four", "this week"];
        for wish in wishes {
            for said in [format!("not today, {wish}"), format!("don't call me today, {wish}"), format!("{wish}, but not today")] {
                let resolved = resolve(&said, now, &PromiseHours::own(window.clone(), "America/New_York"));
                assert!(resolved.earliest.is_some_and(|earliest| earliest >= tomorrow), "{said}: {resolved:?}");
            }
        }
    }
}
