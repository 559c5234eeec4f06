//! Reads a [`Wish`] off the clauses that count, left to right. A later word wins over an earlier one ("at three, no, at four"),
//! and a relation ("after", "by", "between") holds for the next thing that is a time.

mod clock;
mod day;
mod delay;
mod part;

use std::ops::RangeInclusive;

use crate::domain::callback::clause::{self, Clause, Mood};
use crate::domain::callback::wish::{Bound, Clock, Day, Wish};
use crate::domain::callback::{figure, place};

/// The wish of all clauses together.
pub(super) fn wish(clauses: &[Clause<'_>]) -> Wish {
    let mut wish = Wish::default();
    let counts = |clause: &Clause<'_>| !matches!(clause.mood, Mood::Past | Mood::Aside);
    for (at, clause) in clauses.iter().enumerate().filter(|(_, clause)| counts(clause)) {
        let mut own = Wish::default();
        Reader::new(clause, &mut own).run();
        if clause.is_excuse() {
            let told = wish.in_the_week_asked(own);
            let elsewhen = clause::asked_for(&clauses[..at]) && wish.is_of_another_day(&told);
            own = if elsewhen { Wish::default() } else { wish.without_what_it_meets(told) };
        }
        merge(&mut wish, &own);
    }
    wish
}

/// A clause fills what earlier clauses left open, and overrules what it names again.
fn merge(wish: &mut Wish, new: &Wish) {
    match (wish.time, new.time) {
        // "after three, but before five": both ends of a span.
        (Some((_, Bound::After | Bound::From)), Some((end, Bound::Before | Bound::By))) => wish.until = Some(end),
        (_, Some(_)) => (wish.time, wish.until) = (new.time, new.until),
        (_, None) => {}
    }
    if new.delay.is_some() || new.soon.is_some() {
        (wish.delay, wish.soon) = (new.delay, new.soon);
    }
    // A day that is named again leaves the year and the end of the first one behind.
    (wish.year, wish.last_day) = if new.day.is_some() { (new.year, new.last_day) } else { (new.year.or(wish.year), wish.last_day) };
    wish.day = new.day.or(wish.day);
    wish.part = new.part.or(wish.part);
    wish.zone = new.zone.or(wish.zone);
    wish.once_there |= new.once_there;
    wish.first_thing |= new.first_thing;
    wish.same_time |= new.same_time;
    wish.unclear |= new.unclear;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Time,
    Day,
    Part,
}

struct Reader<'a, 'w> {
    tokens: &'a [String],
    at: usize,
    mood: Mood,
    wish: &'w mut Wish,
    relation: Option<&'static str>,
    last: Last,
    /// The place behind the last day.
    day_ended: usize,
}

/// Words that may stand between a relation and its time.
const FILLERS: [&str; 16] = [
    "the",
    "like",
    "about",
    "around",
    "maybe",
    "say",
    "on",
    "at",
    "this",
    "approximately",
    "roughly",
    "perhaps",
    "sometime",
    "anytime",
    "in",
    "of",
];

const RELATIONS: [&str; 14] =
    ["after", "past", "before", "by", "until", "from", "between", "since", "around", "about", "at", "or", "and", "to"];

/// The years that may be meant by four figures.
const YEARS: RangeInclusive<i16> = 2025..=2099;

impl<'a, 'w> Reader<'a, 'w> {
    fn new(clause: &Clause<'a>, wish: &'w mut Wish) -> Self {
        Self { tokens: clause.tokens, at: 0, mood: clause.mood, wish, relation: None, last: Last::Nothing, day_ended: 0 }
    }
}

impl Reader<'_, '_> {
    fn run(mut self) {
        while self.at < self.tokens.len() {
            let used = self.step();
            if used == 0 {
                self.note_relation();
                self.at += 1;
            } else {
                self.at += used;
                self.relation = None;
            }
        }
    }

    /// Reads one thing at the present place; how many tokens it took.
    fn step(&mut self) -> usize {
        self.same_time()
            .or_else(|| self.delay())
            .or_else(|| self.zone())
            .or_else(|| self.part())
            .or_else(|| self.end_of_dates())
            .or_else(|| self.day())
            .or_else(|| self.year())
            .or_else(|| self.clock())
            .or_else(|| self.no_such_time())
            .unwrap_or(0)
    }

    fn rest(&self) -> &[String] {
        &self.tokens[self.at..]
    }

    fn word(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn before(&self, back: usize) -> &str {
        self.at.checked_sub(back).and_then(|at| self.tokens.get(at)).map_or("", String::as_str)
    }

    fn note_relation(&mut self) {
        let word = self.word(0).to_owned();
        if matches!(word.as_str(), "starting" | "beginning") {
            self.relation = Some("from");
        } else if let Some(relation) = RELATIONS.iter().find(|known| **known == word) {
            // "at around", "after about": the stronger word stays.
            let until_after = *relation == "after" && self.relation == Some("until");
            if !until_after && !matches!(*relation, "around" | "about" | "at") || self.relation.is_none() {
                self.relation = Some(relation);
            }
        } else if !FILLERS.contains(&word.as_str()) {
            self.relation = None;
        }
    }

    /// What the pending relation means here; `None` when a closed clause names a time without turning it into a bound.
    fn bound(&self) -> Option<Bound> {
        let relation = self.relation.unwrap_or("at");
        match (self.mood, relation) {
            (Mood::Closed, "before" | "until" | "by") | (Mood::Free, "by") => Some(Bound::From),
            (Mood::Closed, "after" | "past") => Some(Bound::Before),
            (Mood::Closed | Mood::Past | Mood::Aside, _) => None,
            (_, "after" | "past" | "since") => Some(Bound::After),
            (_, "from") => Some(Bound::From),
            (_, "before") => Some(Bound::Before),
            (Mood::Free, "until") => Some(Bound::By),
            (_, "until") => Some(Bound::From),
            (_, "by") => Some(Bound::By),
            _ => Some(Bound::At),
        }
    }

    /// "at the same time", "this time tomorrow". "This time call me at five" is none.
    fn same_time(&mut self) -> Option<usize> {
        let on = 2 + usize::from(self.word(2) == "on");
        let with_day = || self.tokens.get(self.at + on..).and_then(day::day).is_some_and(|(day, _)| day != Day::Ahead(0));
        let same = self.word(1) == "time" && (self.word(0) == "same" || self.word(0) == "this" && with_day());
        self.wish.same_time |= same && self.mood != Mood::Closed;
        same.then_some(2)
    }

    fn zone(&mut self) -> Option<usize> {
        if let Some((zone, used)) = place::whereabouts(self.rest()) {
            self.wish.zone = Some(zone);
            self.wish.once_there = self.tokens[..self.at].iter().any(|word| word == "when" || word == "once");
            // "I'm in Denver this week": the week one is there, not the one to call in.
            let stay = if self.word(used) == "this" && self.word(used + 1) == "week" { 2 } else { 0 };
            return Some(used + stay);
        }
        let (zone, used) = place::zone(self.rest(), self.last == Last::Time)?;
        self.wish.zone = Some(zone);
        Some(used)
    }

    fn day(&mut self) -> Option<usize> {
        let (day, used) = day::day(self.rest())?;
        if matches!(self.before(1), "ends" | "ended" | "expires" | "born" | "starts" | "started" | "due" | "since" | "bought" | "moved") {
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
        if !second_choice && let Some(bound) = bound {
            (self.wish.day, self.wish.last_day) = (Some((day, bound)), None);
        }
        (self.last, self.day_ended) = (Last::Day, self.at + used);
        Some(used)
    }

    /// "December 5 through 8": the month is said once.
    fn end_of_dates(&mut self) -> Option<usize> {
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
    fn year(&mut self) -> Option<usize> {
        let year = self.word(0).parse().ok().filter(|year| YEARS.contains(year))?;
        let of_date = matches!(self.wish.day, Some((Day::Date { .. } | Day::NamedMonth { .. } | Day::WeekOf { .. }, _)));
        let behind_it = self.last == Last::Day && of_date && self.relation.is_none();
        let led = self.before(1) == "in";
        (behind_it || led).then(|| {
            self.wish.year = Some(year);
            1
        })
    }

    fn part(&mut self) -> Option<usize> {
        let found = part::part(self.rest())?;
        if found.first_thing {
            self.wish.first_thing = true;
        }
        let second_choice = self.relation == Some("or") && self.wish.part.is_some();
        if !second_choice && let Some(bound) = self.bound() {
            if let Some(day) = found.day {
                self.wish.day = Some((day, Bound::At));
            }
            if let Some(part) = found.part {
                self.wish.part = Some((part, bound));
            }
            self.wish.soon = found.soon.or(self.wish.soon);
        }
        self.last = Last::Part;
        Some(found.used)
    }

    fn clock(&mut self) -> Option<usize> {
        if self.is_thing() {
            return None;
        }
        let corrected = self.before(1) == "it" && self.before(2) == "make";
        let joined = matches!(self.relation, Some("or" | "and" | "to"));
        let led = self.relation.is_some() && (!joined || self.last == Last::Time);
        let expected = led
            || !joined && self.last != Last::Nothing
            || self.tokens.len() <= 2
            || matches!(self.before(1), "me" | "say" | "mean" | "like" | "maybe" | "do")
            || corrected
            || self.opens_a_span()
            || self.is_spoken_of();
        let (clock, used) = clock::clock(self.rest(), expected)?;
        let bound = self.bound();
        let spans = matches!(self.relation, Some("and" | "or" | "to" | "until")) && self.last == Last::Time && self.wish.until.is_none();
        let ends = matches!((self.wish.time, bound), (Some((_, Bound::After | Bound::From)), Some(Bound::Before | Bound::By)));
        if ends || spans && self.wish.time.is_some() && matches!(self.mood, Mood::Open | Mood::Free) {
            self.end_span(clock);
        } else if let Some(bound) = bound {
            self.wish.time = Some((clock, bound));
            self.wish.until = None;
        }
        self.last = Last::Time;
        Some(used)
    }

    /// "this one", "the other one": no hour.
    fn is_thing(&self) -> bool {
        let pointed = ["this", "that", "which", "other", "another", "each", "every", "any", "no", "same", "new", "old", "right", "wrong"];
        self.word(0) == "one" && pointed.contains(&self.before(1)) && self.word(1) != "oclock"
    }

    /// "at 25:00", "at 27 o'clock".
    fn no_such_time(&mut self) -> Option<usize> {
        let led = matches!(self.before(1), "at" | "around" | "by" | "before" | "after" | "until" | "from");
        let figures = self.word(0).split_once(':').is_some_and(|(hour, minute)| hour.parse::<u32>().is_ok() && minute.len() == 2);
        let hour = figure::number(self.rest()).is_some_and(|(_, used)| self.word(used) == "oclock");
        let named = led && (figures || hour) && matches!(self.mood, Mood::Open | Mood::Free);
        self.wish.unclear |= named;
        named.then_some(1)
    }

    /// "between seven and eight AM": the half of the day that the end names holds for the beginning too, where that fits.
    fn end_span(&mut self, end: Clock) {
        self.wish.until = Some(end);
        let Some((start, _)) = self.wish.time.as_mut().filter(|(start, _)| end.sure && !start.sure) else { return };
        let minutes = |clock: &Clock| i16::from(clock.hour) * 60 + i16::from(clock.minute);
        let hours = [start.hour % 12, start.hour % 12 + 12].map(|hour| Clock { hour, sure: true, ..*start });
        let before = hours.into_iter().rfind(|hour| minutes(hour) < minutes(&end));
        *start = before.unwrap_or(*start);
    }

    /// "six would be good", "eleven LA time", "three my time".
    fn is_spoken_of(&self) -> bool {
        let Some((_, used)) = figure::number(self.rest()) else { return false };
        let after = self.tokens.get(self.at + used..).unwrap_or_default();
        let judged = self.at == 0 && matches!(self.word(used), "would" | "works" | "sounds" | "is");
        let mine = matches!(self.word(used), "my" | "your") && self.word(used + 1) == "time";
        let dated = day::day(after).is_some_and(|(day, _)| !matches!(day, Day::Date { .. } | Day::NamedMonth { .. }));
        judged || mine || dated || place::zone(after, false).is_some() || Self::is_zone_and_day(after)
    }

    /// "5 Central tomorrow", "ten Mountain on Friday". "Ten mountain bikes" have no zone.
    fn is_zone_and_day(tokens: &[String]) -> bool {
        let Some((_, used)) = place::zone(tokens, true) else { return false };
        let on = used + usize::from(tokens.get(used).is_some_and(|word| word == "on"));
        tokens.len() == used || tokens.get(on..).and_then(day::day).is_some()
    }

    /// "two or three in the afternoon": the second hour shows that the first one is an hour.
    fn opens_a_span(&self) -> bool {
        let second = self.tokens.get(self.at + 2..).unwrap_or_default();
        let dated = || figure::number(second).and_then(|(_, used)| day::day(second.get(used..)?)).is_some();
        let alone = || self.word(1) != "or" && figure::number(second).is_some_and(|(_, used)| used == second.len());
        matches!(self.word(1), "or" | "to" | "until") && (clock::clock(second, false).is_some() || self.at == 0 && (dated() || alone()))
    }
}
