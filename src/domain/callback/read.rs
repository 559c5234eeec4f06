//! Reads a [`Wish`] off the clauses that count, left to right. A later word wins over an earlier one ("at three, no, at four"),
//! and a relation ("after", "by", "between") holds for the next thing that is a time.

mod clock;
mod day;
mod delay;
mod doubt;
mod left_out;
mod named_day;
mod named_time;
mod part;
mod relation;

use crate::domain::callback::clause::{self, Clause, Mood};
use crate::domain::callback::place;
use crate::domain::callback::wish::{Bound, Day, Wish};

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
    wish.divided = new.divided.or(wish.divided);
    wish.once_there |= new.once_there;
    wish.first_thing |= new.first_thing;
    wish.same_time |= new.same_time;
    wish.unclear |= new.unclear;
    wish.left_out.extend(new.left_out.iter().copied());
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
    /// The place behind the last time of day.
    time_ended: usize,
}

impl<'a, 'w> Reader<'a, 'w> {
    fn new(clause: &Clause<'a>, wish: &'w mut Wish) -> Self {
        Self { tokens: clause.tokens, at: 0, mood: clause.mood, wish, relation: None, last: Last::Nothing, day_ended: 0, time_ended: 0 }
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
            .or_else(|| self.doubtful_day())
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
        if let Some((zones, used)) = place::divided(self.rest()) {
            self.wish.divided = Some(zones);
            return Some(used);
        }
        let Some((zone, used)) = place::zone(self.rest(), self.last == Last::Time) else { return self.unknown_zone() };
        self.wish.zone = Some(zone);
        Some(used)
    }

    /// "At five Fiji time" on the callee's own clock would be another moment than the one that was meant.
    fn unknown_zone(&mut self) -> Option<usize> {
        let used = place::unknown(self.rest()).filter(|_| self.last == Last::Time && self.time_ended == self.at)?;
        self.wish.unclear = true;
        Some(used)
    }

    fn part(&mut self) -> Option<usize> {
        let found = part::part(self.rest())?;
        if found.first_thing {
            self.wish.first_thing = true;
        }
        let second_choice = self.relation == Some("or") && self.wish.part.is_some();
        self.leave_part_out(&found);
        // "The night before Christmas" is no night of today.
        let eve = self.word(0) == "the" && self.word(found.used) == "before";
        self.wish.unclear |= eve && self.tokens.get(self.at + found.used + 1..).and_then(day::day).is_some();
        let meant = !second_choice && !self.is_spoken_against(found.used);
        if meant && let Some(bound) = self.bound() {
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
}
