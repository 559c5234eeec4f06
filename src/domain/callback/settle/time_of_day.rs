//! Times of day, with a day or without: which moment is meant, and the span that its relation means.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{HALF_HOUR, Here, Settled};
use crate::domain::callback::wish::{Bound, Clock, Wish};
use crate::domain::time::Timestamp;

impl Here<'_> {
    /// A time on a given day.
    pub(super) fn timed(&self, date: Date, wish: &Wish, clock: Clock, bound: Bound) -> Option<Settled> {
        let (moment, guessed) = self.pick(date, clock, wish)?;
        let confidence = if guessed { 85 } else { 95 };
        self.around(moment, date, wish, bound, confidence)
    }

    /// A time without a day: the next one inside the calling hours within a week, else the next one at all.
    pub(super) fn next_time(&self, wish: &Wish, clock: Clock, bound: Bound) -> Option<Settled> {
        let days = (0_i64..=7).filter_map(|ahead| self.today().checked_add(ahead.days()).ok());
        let days: Vec<Date> = days.filter(|date| !self.is_day_left_out(*date, wish)).collect();
        let all = || days.iter().flat_map(|date| self.candidates(*date, clock, wish).into_iter().map(move |moment| (moment, *date)));
        let meant = |moment| moment > self.now && !self.is_moment_left_out(moment, wish);
        let inside = all().find(|(moment, _)| meant(*moment) && self.opens_around(*moment, bound));
        let (moment, date) = inside.or_else(|| self.next_waking(&days, clock, wish))?;
        let confidence = if clock.sure { 90 } else { 80 };
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

    /// Whether the span that begins (or ends) here is open.
    fn opens_around(&self, moment: Timestamp, bound: Bound) -> bool {
        let minute = Duration::from_secs(60);
        self.is_open(if matches!(bound, Bound::Before | Bound::By) { moment - minute } else { moment })
    }

    fn next_waking(&self, days: &[Date], clock: Clock, wish: &Wish) -> Option<(Timestamp, Date)> {
        days.iter()
            .find_map(|date| self.pick(*date, clock, wish).map(|(moment, _)| (moment, *date)).filter(|(moment, _)| *moment > self.now))
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
    pub(super) fn pick(&self, date: Date, clock: Clock, wish: &Wish) -> Option<(Timestamp, bool)> {
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
}
