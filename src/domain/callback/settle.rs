//! Puts a [`Wish`] on the calendar: from when until when, on the clock of the zone the words were meant in.

mod dates;

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, ZonedDateTime};

use crate::domain::callback::figure::{Amount, Unit};
use crate::domain::callback::hours::PromiseHours;
use crate::domain::callback::wish::{Bound, Clock, Day, Part, Soon, Wish};
use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar as _, Hours};

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
            self.delayed(delay)
        } else if let Some((clock, bound)) = wish.time {
            self.next_time(wish, clock, bound)
        } else if let Some((part, bound)) = wish.part {
            self.next_part(part, bound, wish.first_thing)
        } else if wish.first_thing {
            self.first_thing(None)
        } else {
            wish.soon.and_then(|soon| self.soon(soon))
        }
    }

    fn zone(&self) -> &TimeZone {
        &self.zones[0]
    }

    fn local(&self) -> ZonedDateTime {
        self.now.in_zone(self.zone())
    }

    fn today(&self) -> Date {
        self.local().date()
    }

    /// A minute of a local day; 1440 is its end.
    fn moment(&self, date: Date, minute: u16) -> Option<Timestamp> {
        moment_in(self.zone(), date, minute)
    }

    fn is_open(&self, moment: Timestamp) -> bool {
        self.hours.is_open_in(self.zones, moment)
    }

    /// When the hours of a day have begun in every zone.
    fn all_begun(&self, date: Date, hours: Hours) -> Option<Timestamp> {
        self.zones.iter().filter_map(|zone| moment_in(zone, date, hours.open)).max()
    }

    /// When calls must no longer begin on that day: once it is closed in one zone.
    fn close(&self, date: Date) -> Option<Timestamp> {
        let Some(hours) = self.hours.hours_on(date) else { return self.moment(date, 1_440) };
        self.zones.iter().filter_map(|zone| moment_in(zone, date, hours.close)).min()
    }

    /// The end of a span, or the end of that day's calling hours where they end earlier.
    fn until_close(&self, settled: Settled) -> Option<Timestamp> {
        let latest = settled.latest?;
        let close = self.close(latest.in_zone(self.zone()).date()).filter(|close| *close > settled.earliest);
        Some(close.map_or(latest, |close| latest.min(close)))
    }

    /// The beginning of a day, but for today some time ahead.
    fn start(&self, date: Date, ahead: Duration) -> Option<Timestamp> {
        let opens = self.hours.hours_on(date).map_or_else(|| self.moment(date, 0), |hours| self.all_begun(date, hours))?;
        Some(if date <= self.today() { opens.max(self.now + ahead) } else { opens })
    }

    fn delayed(&self, delay: Amount) -> Option<Settled> {
        let later =
            |count: u32| if delay.unit == Unit::WorkingDays { self.after_working_days(count) } else { self.add(span(count, delay.unit)?) };
        let latest = if delay.most > delay.least { Some(later(delay.most)?) } else { None };
        let earliest = later(delay.least)?;
        Some(Settled { earliest, latest, exact: true, confidence: 90, open_ended: false })
    }

    fn add(&self, span: Span) -> Option<Timestamp> {
        self.local().checked_add(span).ok().map(|zoned| Timestamp::from_zoned(&zoned))
    }

    /// The same time of day, so many working days on.
    fn after_working_days(&self, count: u32) -> Option<Timestamp> {
        let date = dates::working_days(self.today(), count)?;
        let moment = date.to_datetime(self.local().time()).to_zoned_datetime(self.zone().clone()).ok()?;
        Some(Timestamp::from_zoned(&moment))
    }

    fn soon(&self, soon: Soon) -> Option<Settled> {
        let (wait, latest) = match soon {
            Soon::Bit => (BIT, None),
            Soon::While => (WHILE, None),
            Soon::LaterToday => (LATER, self.close(self.today())),
        };
        let earliest = self.now + wait;
        let latest = latest.filter(|latest| *latest > earliest);
        Some(Settled { earliest, latest, exact: false, confidence: 60, open_ended: false })
    }

    fn with_day(&self, wish: &Wish, (day, bound): (Day, Bound)) -> Option<Settled> {
        let (first, last) = self.dates(day, wish).filter(|(first, _)| wish.year.is_none_or(|year| year == first.year()))?;
        if last < self.today() {
            return self.over(first);
        }
        let last = wish.last_day.map_or(Some(last), |day| self.end_of_days(first, day, wish))?;
        let sure = if matches!(day, Day::NextWeekday(_)) { 80 } else { 95 };
        let first = if bound == Bound::After { last.checked_add(1.day()).ok()? } else { first };
        let mut settled = if let Some((clock, relation)) = wish.time {
            self.timed(first, wish, clock, relation)?
        } else if let Some((part, relation)) = wish.part.filter(|_| !wish.first_thing) {
            self.in_part(first, part, relation)?
        } else if wish.first_thing {
            self.first_thing(Some(first))?
        } else if wish.same_time {
            self.same_time(first)?
        } else {
            self.whole_days(first, last, bound)?
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

    fn whole_days(&self, first: Date, last: Date, bound: Bound) -> Option<Settled> {
        let (earliest, latest) = match bound {
            Bound::At => (self.start(first, LATER)?, self.close(last)),
            Bound::After | Bound::From => (self.start(first, LATER)?, None),
            Bound::Before => (self.now + LATER, self.close(first.checked_sub(1.day()).ok()?)),
            Bound::By => (self.now + LATER, self.close(last)),
        };
        // "Today", said late: the wish cannot be met in full, but an hour may be left.
        let earliest =
            latest.map_or(earliest, |latest| if earliest >= latest && first == self.today() { self.now + BIT } else { earliest });
        Some(Settled { earliest, latest, exact: false, confidence: 75, open_ended: latest.is_none() })
    }

    /// A time on a given day.
    fn timed(&self, date: Date, wish: &Wish, clock: Clock, bound: Bound) -> Option<Settled> {
        let (moment, guessed) = self.pick(date, clock, wish)?;
        let confidence = if guessed { 85 } else { 95 };
        self.around(moment, date, wish, bound, confidence)
    }

    /// The span a time and its relation mean.
    fn around(&self, moment: Timestamp, date: Date, wish: &Wish, bound: Bound, confidence: u8) -> Option<Settled> {
        let (earliest, latest) = match (bound, wish.until) {
            (_, Some(end)) => (moment, Some(self.pick_after(date, end, moment)?)),
            (Bound::At, None) => (moment, None),
            (Bound::After | Bound::From, None) => (moment, self.close(date).filter(|close| *close > moment)),
            (Bound::Before | Bound::By, None) => (self.start(date, HALF_HOUR)?.min(moment).max(self.now), Some(moment)),
        };
        // A span that was named has an end to be told.
        let open_ended = wish.until.is_none() && matches!(bound, Bound::After | Bound::From);
        Some(Settled { earliest, latest, exact: true, confidence, open_ended })
    }

    /// The moments a time may mean on a day, in order.
    fn candidates(&self, date: Date, clock: Clock, wish: &Wish) -> Vec<Timestamp> {
        let hours: Vec<i8> = match wish.part {
            _ if clock.sure => vec![clock.hour],
            Some((part, _)) if part.pm => vec![clock.hour % 12 + 12],
            Some(_) => vec![clock.hour % 12],
            None => vec![clock.hour % 12, clock.hour % 12 + 12],
        };
        let minute = |hour: i8| u16::try_from(i16::from(hour) * 60 + i16::from(clock.minute)).ok();
        hours.into_iter().filter_map(|hour| self.moment(date, minute(hour)?)).collect()
    }

    /// Which of them is meant, and whether that is a guess: the first one to come inside the calling hours, else the hour at
    /// which people are awake.
    fn pick(&self, date: Date, clock: Clock, wish: &Wish) -> Option<(Timestamp, bool)> {
        let candidates = self.candidates(date, clock, wish);
        let inside = candidates.iter().copied().find(|moment| *moment > self.now && self.is_open(*moment));
        let at_day = if (7..12).contains(&clock.hour) { candidates.first() } else { candidates.last() };
        let chosen = inside.or_else(|| at_day.copied().filter(|moment| *moment > self.now)).or_else(|| candidates.last().copied());
        chosen.map(|moment| (moment, candidates.len() > 1))
    }

    /// The end of a span: the first reading after its beginning.
    fn pick_after(&self, date: Date, clock: Clock, start: Timestamp) -> Option<Timestamp> {
        self.candidates(date, clock, &Wish::default()).into_iter().find(|moment| *moment > start)
    }

    /// A time without a day: the next one inside the calling hours within a week, else the next one at all.
    fn next_time(&self, wish: &Wish, clock: Clock, bound: Bound) -> Option<Settled> {
        let days: Vec<Date> = (0_i64..=7).filter_map(|ahead| self.today().checked_add(ahead.days()).ok()).collect();
        let all = || days.iter().flat_map(|date| self.candidates(*date, clock, wish).into_iter().map(move |moment| (moment, *date)));
        let inside = all().find(|(moment, _)| *moment > self.now && self.opens_around(*moment, bound));
        let (moment, date) = inside.or_else(|| self.next_waking(&days, clock, wish))?;
        let confidence = if clock.sure { 90 } else { 80 };
        self.around(moment, date, wish, bound, confidence)
    }

    /// Whether the span that begins (or ends) here is open.
    fn opens_around(&self, moment: Timestamp, bound: Bound) -> bool {
        let minute = Duration::from_secs(60);
        self.is_open(if matches!(bound, Bound::Before | Bound::By) { moment - minute } else { moment })
    }

    fn next_waking(&self, days: &[Date], clock: Clock, wish: &Wish) -> Option<(Timestamp, Date)> {
        days.iter()
            .find_map(|date| self.pick(*date, clock, wish).map(|(moment, _)| (moment, *date)).filter(|(moment, _)| *moment > self.now))
    }

    /// A part of a given day.
    fn in_part(&self, date: Date, part: Part, bound: Bound) -> Option<Settled> {
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

    /// A part of the day without a day: today's, unless it runs or is over.
    fn next_part(&self, part: Part, bound: Bound, first_thing: bool) -> Option<Settled> {
        let running = self.moment(self.today(), part.start)? <= self.now;
        let nearly_over = self.moment(self.today(), part.end)? <= self.now + HALF_HOUR;
        let tomorrow = if part.pm { nearly_over } else { running };
        let date = self.today().checked_add(i64::from(tomorrow).days()).ok()?;
        if first_thing { self.first_thing(Some(date)) } else { self.in_part(date, part, bound) }
    }

    /// The first hour of a day's calling hours.
    fn first_thing(&self, date: Option<Date>) -> Option<Settled> {
        let opens = |date: Date| self.hours.hours_on(date).and_then(|hours| self.all_begun(date, hours));
        let today = opens(self.today()).filter(|opens| *opens > self.now);
        let tomorrow = || self.today().checked_add(1.day()).ok().and_then(|date| opens(date).or_else(|| self.moment(date, 9 * 60)));
        let earliest = match date {
            Some(date) => opens(date).or_else(|| self.moment(date, 9 * 60))?,
            None => today.or_else(tomorrow)?,
        };
        Some(Settled { earliest, latest: Some(earliest + WHILE), exact: false, confidence: 85, open_ended: false })
    }
}

/// A minute of a day on the clock of a zone; 1440 is its end.
fn moment_in(zone: &TimeZone, date: Date, minute: u16) -> Option<Timestamp> {
    let (date, minute) = if minute >= 1_440 { (date.checked_add(1.day()).ok()?, minute - 1_440) } else { (date, minute) };
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    date.to_datetime(time).to_zoned_datetime(zone.clone()).ok().map(|zoned| Timestamp::from_zoned(&zoned))
}

fn span(count: u32, unit: Unit) -> Option<Span> {
    match unit {
        Unit::Minutes => Span::new().try_minutes(i64::from(count)).ok(),
        Unit::Days | Unit::WorkingDays => Span::new().try_days(i64::from(count)).ok(),
        Unit::Months => Span::new().try_months(i64::from(count)).ok(),
    }
}
