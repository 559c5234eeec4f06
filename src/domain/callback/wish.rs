//! What was wished for, before a calendar is asked: day, time, part of the day, delay, zone.

use jiff::civil::Weekday;

use crate::domain::callback::figure::Amount;

/// How a day or time is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Bound {
    /// Then.
    #[default]
    At,
    /// Strictly later: "after Monday" is Tuesday.
    After,
    /// Then or later: "not before Monday", "from Monday on".
    From,
    /// Earlier than that.
    Before,
    /// That at the latest: "by Friday".
    By,
}

/// A day as it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// So many days from today: today, tomorrow, in three days.
    Ahead(i64),
    /// The next such weekday, and so many weeks later.
    Weekday { day: Weekday, weeks: i64 },
    /// That weekday of the next calendar week.
    NextWeekday(Weekday),
    /// Monday to Friday, so many calendar weeks from now; 0 is the rest of this week.
    Week(i64),
    /// The last working days of a week: this one or the next.
    EndOfWeek(i64),
    /// Saturday of this weekend or the next.
    Weekend(i64),
    /// So many months from now, from its first day.
    Month(i64),
    /// The first or last day of the month that comes so many months from now.
    MonthEdge { ahead: i64, last: bool },
    /// A month by its name, or a third of it.
    NamedMonth { month: i8, third: Option<i8> },
    /// A day of a month; without a month the next such day. `on` is the weekday that was named with it.
    Date { month: Option<i8>, day: i8, on: Option<Weekday> },
    /// The working days of the week in which such a date lies.
    WeekOf { month: Option<i8>, day: i8 },
    /// So many working days from today.
    Working(u32),
    /// The first to fifth or (-1) last week of a month: of one by its name, of the one so many months from now, else of the next
    /// one in which it is to come.
    WeekOfMonth { month: Option<i8>, ahead: Option<i64>, nth: i8 },
    /// A day of the year that people go by, or one beside it.
    Feast { feast: Feast, then: Then },
}

/// When a feast is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feast {
    /// Every year on that date: month, day.
    On(i8, i8),
    /// The first, fourth or (-1) last such weekday of a month.
    Nth { month: i8, day: Weekday, nth: i8 },
}

/// Which day is meant by a feast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// That day.
    Same,
    /// So many days later, or (below zero) earlier.
    Later(i64),
    /// The first such weekday after it.
    Next(Weekday),
    /// The last such weekday before it.
    Previous(Weekday),
}

/// A time of day as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// 0 to 23 when `sure`, else 1 to 12.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// Morning or afternoon is not in doubt.
    pub sure: bool,
}

impl Clock {
    fn as_said(&self) -> (i8, i8) {
        (self.hour, self.minute)
    }

    /// The hour of those from seven to seven that is meant where nothing else is said.
    fn awake(&self) -> (i8, i8) {
        (if self.sure || self.hour >= 7 { self.hour } else { self.hour + 12 }, self.minute)
    }
}

/// A part of the day, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub start: u16,
    pub end: u16,
    /// Hours named with it are afternoon hours.
    pub pm: bool,
}

/// A delay without a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soon {
    /// "In a bit": a quarter of an hour.
    Bit,
    /// "In a while", "soon": an hour.
    While,
    /// "Later today": two hours, the same day.
    LaterToday,
}

/// Everything that was said about when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub day: Option<(Day, Bound)>,
    /// The end of a span of days: "Monday through Wednesday".
    pub last_day: Option<Day>,
    /// The year that was named, of the day or alone.
    pub year: Option<i16>,
    pub time: Option<(Clock, Bound)>,
    /// The end of a span of time: "between two and four".
    pub until: Option<Clock>,
    pub part: Option<(Part, Bound)>,
    pub delay: Option<Amount>,
    pub soon: Option<Soon>,
    /// The zone that was named.
    pub zone: Option<&'static str>,
    /// The zones of a state that was named and has two clocks.
    pub divided: Option<&'static [&'static str]>,
    /// A place the callee will be at, with no word about when.
    pub once_there: bool,
    /// The time of day of this conversation: "same time tomorrow".
    pub same_time: bool,
    /// The window's first hour: "first thing tomorrow".
    pub first_thing: bool,
    /// A time was named that cannot be told: "at 25:00".
    pub unclear: bool,
    /// Days, or parts of them, that are not meant: "not today, any other evening".
    pub left_out: Vec<(Day, Option<Part>)>,
}

impl Wish {
    /// Whether it says anything about when.
    pub(super) fn has_time(&self) -> bool {
        self.day.is_some()
            || self.year.is_some()
            || self.time.is_some()
            || self.part.is_some()
            || self.delay.is_some()
            || self.soon.is_some()
            || self.first_thing
    }

    /// What an excuse adds to this wish. "Call me Monday at five, I'm away until Sunday, and busy until three": a day that was
    /// asked for stands, and so does a time at which the callee can talk as it is.
    pub(super) fn without_what_it_meets(&self, excuse: Self) -> Self {
        let bounds_day =
            matches!(excuse.day, Some((_, Bound::From | Bound::By | Bound::Before))) && matches!(self.day, Some((_, Bound::At)));
        let day = excuse.day.filter(|_| !bounds_day);
        if bounds_day || self.meets(excuse.time) { Self { day, time: None, until: None, ..excuse } } else { excuse }
    }

    /// "Call me next week, I return on Tuesday": that week's Tuesday.
    pub(super) fn in_the_week_asked(&self, excuse: Self) -> Self {
        match (self.day, excuse.day) {
            (Some((Day::Week(1), Bound::At)), Some((Day::Weekday { day, weeks: 0 }, Bound::At))) => {
                Self { day: Some((Day::NextWeekday(day), Bound::At)), ..excuse }
            }
            _ => excuse,
        }
    }

    /// "Call me Friday, I get home on Thursday at six": Friday was asked for, and Thursday's hours say nothing about it.
    pub(super) fn is_of_another_day(&self, excuse: &Self) -> bool {
        let certain = |day: &Day| matches!(day, Day::Ahead(_) | Day::Weekday { .. } | Day::NextWeekday(_) | Day::Date { .. });
        matches!((&self.day, &excuse.day), (Some((asked, Bound::At)), Some((told, Bound::At))) if certain(asked) && asked != told)
    }

    fn meets(&self, bound: Option<(Clock, Bound)>) -> bool {
        let (Some((asked, Bound::At)), Some((bound, relation))) = (self.time, bound) else { return false };
        [Clock::as_said, Clock::awake].into_iter().any(|order| match relation {
            Bound::Before | Bound::By => order(&asked) <= order(&bound),
            Bound::At | Bound::After | Bound::From => order(&asked) >= order(&bound),
        })
    }
}
