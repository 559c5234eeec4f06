//! Days that are not meant: a time that names no day of its own is on another one.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;

use super::Here;
use crate::domain::callback::wish::{Day, Wish};
use crate::domain::time::Timestamp;

/// No minute of a day: asks whether the day is left out as a whole.
const WHOLE: Range<u16> = 0..0;

impl Here<'_> {
    /// Whether these minutes of a day are left out.
    pub(super) fn is_left_out(&self, date: Date, minutes: &Range<u16>, wish: &Wish) -> bool {
        wish.left_out.iter().any(|(day, part)| {
            let meets = part.is_none_or(|part| minutes.start < part.end && part.start < minutes.end);
            meets && self.is_on(date, *day, wish)
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

    /// A weekday is left out of every week, and with this week its weekend.
    fn is_on(&self, date: Date, day: Day, wish: &Wish) -> bool {
        match day {
            Day::Weekday { day, weeks: 0 } => date.weekday() == day,
            Day::Week(0) => self.dates(Day::Weekend(0), wish).is_some_and(|(_, sunday)| date <= sunday),
            day => self.dates(day, wish).is_some_and(|(first, last)| (first..=last).contains(&date)),
        }
    }
}
