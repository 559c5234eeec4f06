//! Reads a [`Wish`] off the clauses that count, left to right. A later word wins over an earlier one ("at three, no, at four"),
//! and a relation ("after", "by", "between") holds for the next thing that is a time.

mod clock;
mod day;
mod part;

use crate::domain::callback::clause::{Clause, Mood};
use crate::domain::callback::figure::{self, Unit};
use crate::domain::callback::place;
use crate::domain::callback::wish::{Bound, Day, Soon, Wish};

/// The wish of all clauses together.
pub(super) fn wish(clauses: &[Clause<'_>]) -> Wish {
    let mut wish = Wish::default();
    for clause in clauses.iter().filter(|clause| clause.mood != Mood::Past) {
        let mut own = Wish::default();
        Reader { tokens: clause.tokens, at: 0, mood: clause.mood, wish: &mut own, relation: None, last: Last::Nothing }.run();
        merge(&mut wish, &own);
    }
    wish
}

/// A clause fills what earlier clauses left open, and overrules what it names again.
fn merge(wish: &mut Wish, new: &Wish) {
    if new.time.is_some() {
        (wish.time, wish.until) = (new.time, new.until);
    }
    if new.delay.is_some() || new.soon.is_some() {
        (wish.delay, wish.soon) = (new.delay, new.soon);
    }
    wish.day = new.day.or(wish.day);
    wish.part = new.part.or(wish.part);
    wish.zone = new.zone.or(wish.zone);
    wish.once_there |= new.once_there;
    wish.first_thing |= new.first_thing;
    wish.same_time |= new.same_time;
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
            .or_else(|| self.day())
            .or_else(|| self.clock())
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
        if let Some(relation) = RELATIONS.iter().find(|known| **known == word) {
            // "at around", "after about": the stronger word stays.
            if !matches!(*relation, "around" | "about" | "at") || self.relation.is_none() {
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
            (Mood::Closed | Mood::Past, _) => None,
            (_, "after" | "past" | "since") => Some(Bound::After),
            (_, "from") => Some(Bound::From),
            (_, "before") => Some(Bound::Before),
            (Mood::Free, "until") => Some(Bound::By),
            (_, "until") => Some(Bound::From),
            (_, "by") => Some(Bound::By),
            _ => Some(Bound::At),
        }
    }

    /// "at the same time".
    fn same_time(&mut self) -> Option<usize> {
        let same = self.word(0) == "same" && self.word(1) == "time";
        self.wish.same_time |= same && self.mood != Mood::Closed;
        same.then_some(2)
    }

    /// "in two hours", "twenty minutes from now", "for the next hour" (while busy), "in a bit".
    fn delay(&mut self) -> Option<usize> {
        let lead = usize::from(matches!(self.word(0), "in" | "within" | "after" | "give" | "for"));
        let lead = lead + usize::from(lead == 1 && matches!(self.word(1), "me" | "us" | "about" | "like" | "around" | "maybe"));
        if self.mood == Mood::Closed && !matches!(self.word(0), "for" | "another") {
            return None;
        }
        if lead > 0
            && let Some(used) = self.soon(lead)
        {
            return Some(used);
        }
        if lead == 0 && matches!(self.word(0), "the" | "next") {
            return None;
        }
        let (amount, used) = figure::amount(self.tokens.get(self.at + lead..)?)?;
        let after = self.tokens.get(self.at + lead + used).map_or("", String::as_str);
        if matches!(after, "ago" | "long" | "left" | "away" | "drive" | "old") || !self.delay_is_meant(lead, after) {
            return None;
        }
        if amount.unit == Unit::Days && matches!(after, "from") {
            return self.days_from(lead + used + 1, i64::from(amount.least));
        }
        let from_now = if after == "from" && self.word(lead + used + 1) == "now" { 2 } else { usize::from(after == "later") };
        self.wish.delay = Some(amount);
        self.last = if amount.unit == Unit::Minutes { Last::Nothing } else { Last::Day };
        Some(lead + used + from_now)
    }

    /// "two hours" alone is a delay; "it takes two hours" is not, and "for an hour" only while one is busy.
    fn delay_is_meant(&self, lead: usize, after: &str) -> bool {
        const MEASURES: [&str; 12] = ["takes", "have", "got", "only", "last", "past", "just", "than", "every", "spent", "this", "the"];
        let vague = usize::from(matches!(self.before(1), "about" | "like" | "around" | "maybe"));
        match self.word(0) {
            "for" => self.mood == Mood::Closed,
            _ if lead > 0 => true,
            _ => matches!(after, "from" | "later") || !MEASURES.contains(&self.before(1 + vague)),
        }
    }

    fn soon(&mut self, lead: usize) -> Option<usize> {
        let article = usize::from(matches!(self.word(lead), "a" | "the"));
        let little = usize::from(self.word(lead + article) == "little");
        let at = lead + article + little;
        let soon = match self.word(at) {
            "bit" | "jiffy" | "moment" | "minute" | "sec" | "second" => Soon::Bit,
            "while" => Soon::While,
            _ => return None,
        };
        // "Give me a minute" asks to hold on, not to call again.
        let holds_on = self.word(0) == "give" && soon == Soon::Bit;
        if holds_on || self.word(0) == "for" {
            return None;
        }
        self.wish.soon = Some(soon);
        Some(at + 1)
    }

    /// "two weeks from Monday", "a week from tomorrow".
    fn days_from(&mut self, at: usize, days: i64) -> Option<usize> {
        let tokens = self.tokens.get(self.at + at..)?;
        if matches!(tokens.first().map(String::as_str), Some("now" | "today")) {
            self.wish.day = Some((Day::Ahead(days), Bound::At));
            return Some(at + 1);
        }
        let (day, used) = day::day(tokens)?;
        let day = match day {
            Day::Ahead(ahead) => Day::Ahead(ahead + days),
            Day::Weekday { day, weeks } => Day::Weekday { day, weeks: weeks + days / 7 },
            other => other,
        };
        self.wish.day = Some((day, Bound::At));
        self.last = Last::Day;
        Some(at + used)
    }

    fn zone(&mut self) -> Option<usize> {
        if let Some((zone, used)) = place::whereabouts(self.rest()) {
            self.wish.zone = Some(zone);
            self.wish.once_there = self.tokens[..self.at].iter().any(|word| word == "when" || word == "once");
            return Some(used);
        }
        let (zone, used) = place::zone(self.rest(), self.last == Last::Time)?;
        self.wish.zone = Some(zone);
        Some(used)
    }

    fn day(&mut self) -> Option<usize> {
        let (day, used) = day::day(self.rest())?;
        // "Tuesday or Wednesday": the first one is as good as the second.
        let second_choice = matches!(self.relation, Some("or" | "and" | "to")) && self.wish.day.is_some();
        if !second_choice && let Some(bound) = self.bound() {
            self.wish.day = Some((day, bound));
        }
        self.last = Last::Day;
        Some(used)
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
        let corrected = self.before(1) == "it" && self.before(2) == "make";
        let joined = matches!(self.relation, Some("or" | "and" | "to"));
        let led = self.relation.is_some() && (!joined || self.last == Last::Time);
        let expected = led
            || !joined && self.last != Last::Nothing
            || self.tokens.len() <= 2
            || matches!(self.before(1), "me" | "say" | "like" | "maybe")
            || corrected
            || self.opens_a_span();
        let (clock, used) = clock::clock(self.rest(), expected)?;
        let bound = self.bound();
        let spans = matches!(self.relation, Some("and" | "or" | "to" | "until")) && self.last == Last::Time && self.wish.until.is_none();
        if spans && self.wish.time.is_some() && matches!(self.mood, Mood::Open | Mood::Free) {
            self.wish.until = Some(clock);
        } else if let Some(bound) = bound {
            self.wish.time = Some((clock, bound));
            self.wish.until = None;
        }
        self.last = Last::Time;
        Some(used)
    }

    /// "two or three in the afternoon": the second hour shows that the first one is an hour.
    fn opens_a_span(&self) -> bool {
        let second = self.tokens.get(self.at + 2..).unwrap_or_default();
        matches!(self.word(1), "or" | "to") && clock::clock(second, false).is_some()
    }
}
