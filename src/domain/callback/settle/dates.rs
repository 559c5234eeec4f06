//! Named days on the calendar: the first and the last date that "next week", "the 15th" or "after Thanksgiving" mean.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::Here;
use crate::domain::callback::wish::{Day, Feast, Then, Wish};
use crate::domain::zone::is_of_united_states;

/// A date further ahead than this was rather meant as one that is over.
const MONTHS_AHEAD: i64 = 10;

impl Here<'_> {
    /// First and last date of a named day or span of days.
    pub(super) fn dates(&self, day: Day, wish: &Wish) -> Option<(Date, Date)> {
        let today = self.today();
        let plus = |date: Date, days: i64| date.checked_add(days.days()).ok();
        let monday = plus(today, -i64::from(today.weekday().to_monday_zero_offset()))?;
        let one = |date: Date| Some((date, date));
        match day {
            Day::Ahead(days) => one(plus(today, days)?),
            Day::Weekday { day, weeks } => one(plus(self.next_weekday(day, wish)?, weeks * 7)?),
            Day::NextWeekday(day) => one(plus(monday, 7 + i64::from(day.to_monday_zero_offset()))?),
            // "This time next week": the day of this conversation, a week later.
            Day::Week(weeks) if wish.same_time && wish.time.is_none() && weeks > 0 => one(plus(today, weeks * 7)?),
            Day::Month(months) if wish.same_time && wish.time.is_none() => one(today.checked_add(months.months()).ok()?),
            Day::Week(0) if today.weekday().to_monday_zero_offset() < 4 => Some((plus(today, 1)?, plus(monday, 4)?)),
            Day::Week(weeks) => Some((plus(monday, weeks.max(1) * 7)?, plus(monday, weeks.max(1) * 7 + 4)?)),
            Day::EndOfWeek(weeks) => {
                let friday = plus(monday, weeks * 7 + 4)?;
                one(if friday < today { plus(friday, 7)? } else { friday })
            }
            Day::Weekend(weeks) => Some((plus(monday, weeks * 7 + 5)?.max(today), plus(monday, weeks * 7 + 6)?)),
            Day::Month(months) => {
                let first = today.first_of_month().checked_add(months.months()).ok()?;
                Some((first, first.last_of_month()))
            }
            Day::MonthEdge { ahead, last } => {
                let first = today.first_of_month().checked_add(ahead.months()).ok()?;
                one(if last { first.last_of_month() } else { first })
            }
            Day::NamedMonth { month, third } => self.named_month(month, third),
            // "Friday the 13th" of a month in which that is no Friday: one of the two was a slip, and nobody knows which.
            Day::Date { month, day, on } => one(self.next_date(month, day).filter(|date| on.is_none_or(|on| on == date.weekday()))?),
            Day::WeekOf { month, day } => {
                let date = self.next_date(month, day)?;
                let monday = plus(date, -i64::from(date.weekday().to_monday_zero_offset()))?;
                Some((monday.max(today), plus(monday, 4)?))
            }
            Day::WeekOfMonth { month, ahead, nth } => self.week_of_month(month, ahead, nth),
            Day::Working(days) => one(self.working_day(days)?),
            Day::Feast { feast, then } => one(self.next_feast(feast, then)?),
        }
    }

    /// The next such weekday; today counts only with a time that is still to come, and where it is not left out.
    fn next_weekday(&self, day: Weekday, wish: &Wish) -> Option<Date> {
        let today = self.today();
        let ahead = i64::from(today.weekday().until(day));
        let still_to_come = || match (wish.time, wish.part) {
            (Some((clock, _)), _) => self.pick(today, clock, wish).is_some_and(|(moment, _)| moment > self.now),
            (None, Some((part, _))) => self.moment(today, part.start).is_some_and(|moment| moment > self.now),
            (None, None) => false,
        };
        let ahead = if ahead == 0 && (!still_to_come() || self.is_day_left_out(today, wish)) { 7 } else { ahead };
        today.checked_add(ahead.days()).ok()
    }

    /// The next such date; of a month that is named, the last one where the next is too far ahead to be meant.
    fn next_date(&self, month: Option<i8>, day: i8) -> Option<Date> {
        let today = self.today();
        let in_month = |ahead: i64| {
            let first = today.first_of_month().checked_add(ahead.months()).ok()?;
            let date = Date::new(first.year(), first.month(), day).ok()?;
            month.is_none_or(|month| month == first.month()).then_some(date)
        };
        let next = (0..=MONTHS_AHEAD).filter_map(in_month).find(|date| *date >= today);
        next.or_else(|| (MONTHS_AHEAD - 11..=0).rev().find_map(in_month))
    }

    /// The rest of a month that runs, or the next one of that name; of its thirds the first has ten days, the last the rest. A
    /// third of this month may be over.
    fn named_month(&self, month: i8, third: Option<i8>) -> Option<(Date, Date)> {
        let first = (0..=MONTHS_AHEAD).find_map(|ahead| {
            let first = self.today().first_of_month().checked_add(ahead.months()).ok()?;
            (first.month() == month).then_some(first)
        })?;
        let day = |days: i64| first.checked_add(days.days()).ok();
        let (from, until) = match third {
            None => (first, first.last_of_month()),
            Some(0) => (first, day(9)?),
            Some(1) => (day(10)?, day(19)?),
            Some(_) => (day(20)?, first.last_of_month()),
        };
        Some((if until < self.today() { from } else { from.max(self.today()) }, until))
    }

    /// Monday to Friday of the week whose Wednesday is the first, second or last of a month, as far as the month goes. Where no
    /// such week is to come within the months that may be meant, it is the one that is over.
    fn week_of_month(&self, month: Option<i8>, ahead: Option<i64>, nth: i8) -> Option<(Date, Date)> {
        let today = self.today();
        let in_month = |ahead: i64| {
            let first = today.first_of_month().checked_add(ahead.months()).ok()?;
            let middle = first.nth_weekday_of_month(nth, Weekday::Wednesday).ok()?;
            let week = (middle.checked_sub(2.days()).ok()?.max(first), middle.checked_add(2.days()).ok()?.min(first.last_of_month()));
            month.is_none_or(|month| month == first.month()).then_some(week)
        };
        let weeks = || ahead.map_or(0..=MONTHS_AHEAD, |ahead| ahead..=ahead).filter_map(in_month);
        let to_come = weeks().find(|(_, until)| *until >= today).map(|(from, until)| (from.max(today), until));
        to_come.or_else(|| weeks().next())
    }

    /// The last day of "Monday through Wednesday": a weekday is the next one behind the first day.
    pub(super) fn end_of_days(&self, first: Date, day: Day, wish: &Wish) -> Option<Date> {
        if let Day::Weekday { day, weeks: 0 } | Day::NextWeekday(day) = day {
            return first.checked_add(i64::from(first.weekday().until(day)).days()).ok();
        }
        self.dates(day, wish).map(|(_, last)| last).filter(|last| *last >= first)
    }

    /// The day so many working days from today, as they are counted where the callee lives.
    pub(super) fn working_day(&self, count: u32) -> Option<Date> {
        let american = is_of_united_states(self.hours.clock());
        let mut date = self.today();
        for _ in 0..count.min(400) {
            date = date.tomorrow().ok()?;
            while is_weekend(date) || american && is_holiday(date) {
                date = date.tomorrow().ok()?;
            }
        }
        Some(date)
    }

    fn next_feast(&self, feast: Feast, then: Then) -> Option<Date> {
        let today = self.today();
        (today.year()..=today.year() + 1).find_map(|year| then_of(feast_of(year, feast)?, then).filter(|date| *date >= today))
    }
}

fn feast_of(year: i16, feast: Feast) -> Option<Date> {
    match feast {
        Feast::On(month, day) => Date::new(year, month, day).ok(),
        Feast::Nth { month, day, nth } => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, day).ok(),
    }
}

fn then_of(date: Date, then: Then) -> Option<Date> {
    match then {
        Then::Same => Some(date),
        Then::Later(days) => date.checked_add(days.days()).ok(),
        Then::Next(day) => date.nth_weekday(1, day).ok(),
        Then::Previous(day) => date.nth_weekday(-1, day).ok(),
    }
}

/// Days on which offices of the United States are closed, whatever the calling hours say. Those of other countries are not known.
const HOLIDAYS: [Feast; 6] = [
    Feast::On(1, 1),
    Feast::Nth { month: 5, day: Weekday::Monday, nth: -1 },
    Feast::On(7, 4),
    Feast::Nth { month: 9, day: Weekday::Monday, nth: 1 },
    Feast::Nth { month: 11, day: Weekday::Thursday, nth: 4 },
    Feast::On(12, 25),
];

fn is_holiday(date: Date) -> bool {
    HOLIDAYS.iter().any(|feast| feast_of(date.year(), *feast) == Some(date))
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}
