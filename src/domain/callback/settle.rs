//! Puts a [`Wish`] on the calendar: from when until when, on the clock of the zone the words were meant in.

mod dates;
mod delay;
mod left_out;
mod local;
mod part_of_day;
mod time_of_day;

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::callback::figure::{Amount, Unit};
use crate::domain::callback::hours::PromiseHours;
use crate::domain::callback::wish::{Bound, Day, Wish};
use crate::domain::time::Timestamp;

/// "Later", "I'm driving", "today": nobody wants to be rung again at once.
pub(super) const LATER: Duration = Duration::from_secs(2 * 60 * 60);
const WHILE: Duration = Duration::from_secs(60 * 60);
const HALF_HOUR: Duration = Duration::from_secs(30 * 60);
const BIT: Duration = Duration::from_secs(15 * 60);

/// From when until when, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub earliest: Timestamp,
    pub latest: Option<Timestamp>,
    /// A time was named: moving it has to be told.
    pub exact: bool,
    /// Percent.
    pub confidence: u8,
    /// Only a lower bound was given.
    pub open_ended: bool,
}

/// The moment and zones of the conversation.
pub(super) struct Here<'a> {
    pub now: Timestamp,
    /// Never empty. Times are read on the clock of the first; a day is open while it is open in all.
    pub zones: &'a [TimeZone],
    pub hours: &'a PromiseHours,
}

/// Why nothing can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsettled {
    /// The time that was named is over.
    Over,
    /// It cannot be, as in another year than the one its day comes in.
    Never,
}

/// Settles a wish.
pub(super) fn settle(wish: &Wish, here: &Here<'_>) -> Result<Settled, Unsettled> {
    let settled = here.place(wish).ok_or(Unsettled::Never)?;
    let late = settled.latest.is_some_and(|latest| latest <= here.now);
    if settled.earliest < here.now || late {
        return Err(Unsettled::Over);
    }
    Ok(Settled { latest: here.until_close(settled), ..settled })
}

/// The named day; a delay in days counts as one when a time of day goes with it.
fn days_of(wish: &Wish) -> Option<(Day, Bound)> {
    let with_time = wish.time.is_some() || wish.part.is_some();
    wish.day.or_else(|| match wish.delay {
        Some(Amount { least, unit: Unit::Days, .. }) if with_time => Some((Day::Ahead(i64::from(least)), Bound::At)),
        Some(Amount { least, unit: Unit::WorkingDays, .. }) if with_time => Some((Day::Working(least), Bound::At)),
        _ => None,
    })
}

impl Here<'_> {
    /// The span that was named, perhaps one that is over.
    fn place(&self, wish: &Wish) -> Option<Settled> {
        if let Some(day) = days_of(wish) {
            self.with_day(wish, day)
        } else if wish.year.is_some() {
            None
        } else if let Some(delay) = wish.delay {
            self.delayed(delay).filter(|settled| !self.is_moment_left_out(settled.earliest, wish))
        } else if let Some((clock, bound)) = wish.time {
            self.next_time(wish, clock, bound)
        } else if let Some((part, bound)) = wish.part {
            self.next_part(wish, part, bound)
        } else if wish.first_thing {
            self.next_first_thing(wish)
        } else {
            wish.soon.filter(|_| !self.is_day_left_out(self.today(), wish)).and_then(|soon| self.soon(soon))
        }
    }

    fn with_day(&self, wish: &Wish, (day, bound): (Day, Bound)) -> Option<Settled> {
        let (first, last) = self.dates(day, wish).filter(|(first, _)| wish.year.is_none_or(|year| year == first.year()))?;
        if last < self.today() {
            return self.over(first);
        }
        let last = wish.last_day.map_or(Some(last), |day| self.end_of_days(first, day, wish))?;
        let first = self.first_meant(first, last, wish);
        let sure = if matches!(day, Day::NextWeekday(_)) { 80 } else { 95 };
        let first = if bound == Bound::After { last.checked_add(1.day()).ok()? } else { first };
        let mut settled = if let Some((clock, relation)) = wish.time {
            self.timed(first, wish, clock, relation)?
        } else if let Some((part, relation)) = wish.part.filter(|_| !wish.first_thing) {
            self.in_part(first, part, relation)?
        } else if wish.first_thing {
            self.first_thing(first)?
        } else if wish.same_time {
            self.same_time(first)?
        } else {
            self.whole_days(wish, first, last, bound)?
        };
        settled.confidence = settled.confidence.min(sure);
        Some(settled)
    }

    /// A day, or a part of one, that is over: [`settle`] sees that by its beginning.
    fn over(&self, date: Date) -> Option<Settled> {
        Some(Settled { earliest: self.moment(date, 0)?, latest: None, exact: false, confidence: 0, open_ended: false })
    }

    fn same_time(&self, date: Date) -> Option<Settled> {
        let moment = date.to_datetime(self.local().time()).to_zoned_datetime(self.zone().clone()).ok()?;
        let earliest = Timestamp::from_zoned(&moment);
        Some(Settled { earliest, latest: None, exact: true, confidence: 90, open_ended: false })
    }

    fn whole_days(&self, wish: &Wish, first: Date, last: Date, bound: Bound) -> Option<Settled> {
        let (earliest, latest) = match bound {
            Bound::At => (self.start(first, LATER)?, self.close(last)),
            Bound::After | Bound::From => (self.start(first, LATER)?, None),
            Bound::Before => (self.soonest(wish)?, self.close(first.checked_sub(1.day()).ok()?)),
            Bound::By => (self.soonest(wish)?, self.close(last)),
        };
        // "Today", said late: the wish cannot be met in full, but an hour may be left.
        let earliest =
            latest.map_or(earliest, |latest| if earliest >= latest && first == self.today() { self.now + BIT } else { earliest });
        let none_left = !wish.left_out.is_empty() && latest.is_some_and(|latest| earliest >= latest);
        (!none_left).then_some(Settled { earliest, latest, exact: false, confidence: 75, open_ended: latest.is_none() })
    }
}
