//! Parts of the day, with a day or without; "first thing" is the first of the hours in which calls may begin.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{HALF_HOUR, Here, Settled, WHILE};
use crate::domain::callback::wish::{Bound, Part, Wish};
use crate::domain::time::Timestamp;
use crate::domain::window::Calendar as _;

impl Here<'_> {
    /// A part of a given day.
    pub(super) fn in_part(&self, date: Date, part: Part, bound: Bound) -> Option<Settled> {
        let (start, end) = (self.moment(date, part.start)?, self.moment(date, part.end)?);
        // An evening runs into the night; a morning that is over was not meant.
        if !part.pm && end <= self.now {
            return self.over(date);
        }
        let over = self.now + HALF_HOUR >= end;
        let soonest = match (self.now >= start, over) {
            (false, _) => start,
            (true, false) => (self.now + WHILE).min(end),
            (true, true) => self.now + HALF_HOUR,
        };
        let (earliest, latest) = match bound {
            Bound::At | Bound::From => (soonest, Some(end).filter(|end| *end > self.now)),
            Bound::After => (end.max(self.now), None),
            Bound::Before | Bound::By => (self.start(date, HALF_HOUR)?.min(start).max(self.now), Some(start)),
        };
        let latest = latest.filter(|latest| *latest > earliest);
        Some(Settled { earliest, latest, exact: over, confidence: 80, open_ended: false })
    }

    /// A part of the day without a day: today's, unless it runs, is over or is not meant.
    pub(super) fn next_part(&self, wish: &Wish, part: Part, bound: Bound) -> Option<Settled> {
        let running = self.moment(self.today(), part.start)? <= self.now;
        let nearly_over = self.moment(self.today(), part.end)? <= self.now + HALF_HOUR;
        let tomorrow = if part.pm { nearly_over } else { running };
        let mut days = (i64::from(tomorrow)..=7).filter_map(|ahead| self.today().checked_add(ahead.days()).ok());
        let date = days.find(|date| !self.is_left_out(*date, &(part.start..part.end), wish))?;
        if wish.first_thing { self.first_thing(date) } else { self.in_part(date, part, bound) }
    }

    /// "First thing" without a day: today's, unless it has begun or is not meant.
    pub(super) fn next_first_thing(&self, wish: &Wish) -> Option<Settled> {
        let mut days = (0_i64..=7).filter_map(|ahead| self.today().checked_add(ahead.days()).ok());
        let to_come = |date: Date| date > self.today() || self.opens(date).is_some_and(|opens| opens > self.now);
        self.first_thing(days.find(|date| to_come(*date) && !self.is_day_left_out(*date, wish))?)
    }

    /// The first hour of a day's calling hours.
    pub(super) fn first_thing(&self, date: Date) -> Option<Settled> {
        let earliest = self.opens(date).or_else(|| self.moment(date, 9 * 60))?;
        Some(Settled { earliest, latest: Some(earliest + WHILE), exact: false, confidence: 85, open_ended: false })
    }

    fn opens(&self, date: Date) -> Option<Timestamp> {
        self.hours.hours_on(date).and_then(|hours| self.all_begun(date, hours))
    }
}
