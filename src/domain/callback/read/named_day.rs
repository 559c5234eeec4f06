//! A day that is named becomes the one that is wished for: alone, as the end of a span, or with its year.

use std::ops::RangeInclusive;

use super::{Last, Reader, day};
use crate::domain::callback::clause::Mood;
use crate::domain::callback::figure;
use crate::domain::callback::wish::{Bound, Day};

/// The years that may be meant by four figures.
const YEARS: RangeInclusive<i16> = 2025..=2099;

impl Reader<'_, '_> {
    pub(super) fn day(&mut self) -> Option<usize> {
        let (day, used) = day::day(self.rest())?;
        if matches!(self.before(1), "ends" | "ended" | "expires" | "born" | "starts" | "started" | "due" | "since" | "bought" | "moved") {
            return Some(used);
        }
        if self.is_spoken_against(used) {
            self.wish.left_out.push((day, None));
            return Some(used);
        }
        if self.ends_span_of_days() {
            self.wish.day = self.wish.day.map(|(first, _)| (first, Bound::At));
            self.wish.last_day = Some(day);
            (self.last, self.day_ended) = (Last::Day, self.at + used);
            return Some(used);
        }
        // "Tuesday or Wednesday": the first one is as good as the second.
        let second_choice = matches!(self.relation, Some("or" | "and" | "to")) && self.wish.day.is_some();
        // "not before two tomorrow": the bound was turned around already, its day counts.
        let of_bound = self.mood == Mood::Closed && self.relation.is_none() && self.wish.time.is_some();
        let bound = if of_bound { Some(Bound::At) } else { self.bound() };
        if bound.is_none() {
            self.leave_day_out(day, used);
        }
        if !second_choice && let Some(bound) = bound {
            (self.wish.day, self.wish.last_day) = (Some((day, bound)), None);
        }
        (self.last, self.day_ended) = (Last::Day, self.at + used);
        Some(used)
    }

    /// "December 5 through 8": the month is said once.
    pub(super) fn end_of_dates(&mut self) -> Option<usize> {
        let Some((Day::Date { month: Some(month), .. }, _)) = self.wish.day else { return None };
        let (day, used) = figure::number(self.rest()).filter(|(day, _)| (1..=31).contains(day))?;
        let is_hour = matches!(self.word(used), "am" | "pm" | "oclock" | "in");
        if is_hour || !matches!(self.before(1), "through" | "thru") || !self.ends_span_of_days() {
            return None;
        }
        self.wish.last_day = Some(Day::Date { month: Some(month), day: i8::try_from(day).ok()?, on: None });
        self.day_ended = self.at + used;
        Some(used)
    }

    /// "Monday through Wednesday": one word stands between two days.
    fn ends_span_of_days(&self) -> bool {
        let joined = matches!(self.before(1), "through" | "thru" | "to" | "until") && self.last == Last::Day;
        let asked = matches!(self.mood, Mood::Open | Mood::Free) && matches!(self.wish.day, Some((_, Bound::At | Bound::From)));
        joined && asked && self.day_ended + 1 == self.at
    }

    /// "December 1st 2027", "in 2028": such figures are a year there, and 20:27 after "at".
    pub(super) fn year(&mut self) -> Option<usize> {
        let year = self.word(0).parse().ok().filter(|year| YEARS.contains(year))?;
        let of_date = matches!(self.wish.day, Some((Day::Date { .. } | Day::NamedMonth { .. } | Day::WeekOf { .. }, _)));
        let behind_it = self.last == Last::Day && of_date && self.relation.is_none();
        let led = self.before(1) == "in";
        (behind_it || led).then(|| {
            self.wish.year = Some(year);
            1
        })
    }
}
