//! A time of day that is named becomes the one that is wished for, alone or as the end of a span. Whether a bare number is an
//! hour at all shows by what stands around it.

use super::{Last, Reader, clock, day};
use crate::domain::callback::clause::{Mood, is_judged};
use crate::domain::callback::wish::{Bound, Clock, Day};
use crate::domain::callback::{figure, place};

impl Reader<'_, '_> {
    pub(super) fn clock(&mut self) -> Option<usize> {
        if self.is_thing() {
            return None;
        }
        if let Some(used) = self.past_no_hour() {
            return Some(used);
        }
        let corrected = matches!(self.before(1), "it" | "that") && self.before(2) == "make";
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
        if is_judged_away(&self.tokens[self.at + used..]) {
            return Some(used);
        }
        let bound = self.bound();
        let spans = matches!(self.relation, Some("and" | "or" | "to" | "until")) && self.last == Last::Time && self.wish.until.is_none();
        let ends = matches!((self.wish.time, bound), (Some((_, Bound::After | Bound::From)), Some(Bound::Before | Bound::By)));
        if ends || spans && self.wish.time.is_some() && matches!(self.mood, Mood::Open | Mood::Free) {
            self.end_span(clock);
        } else if let Some(bound) = bound {
            self.wish.time = Some((clock, bound));
            self.wish.until = None;
        }
        (self.last, self.time_ended) = (Last::Time, self.at + used);
        Some(used)
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

    /// "at 25:00", "at 27 o'clock".
    pub(super) fn no_such_time(&mut self) -> Option<usize> {
        let led = matches!(self.before(1), "at" | "around" | "by" | "before" | "after" | "until" | "from");
        let figures = self.word(0).split_once(':').is_some_and(|(hour, minute)| hour.parse::<u32>().is_ok() && minute.len() == 2);
        let hour = figure::number(self.rest()).is_some_and(|(_, used)| self.word(used) == "oclock");
        let named = led && (figures || hour) && matches!(self.mood, Mood::Open | Mood::Free);
        self.wish.unclear |= named;
        named.then_some(1)
    }

    /// "at twenty past": which hour can only be asked.
    fn past_no_hour(&mut self) -> Option<usize> {
        let spelled = matches!(self.word(0), "quarter" | "half").then_some(1);
        let minutes = || figure::number(self.rest()).filter(|(minutes, _)| *minutes < 60 && minutes % 5 == 0);
        let used = spelled.or_else(|| minutes().map(|(_, used)| used))?;
        let ends = self.word(used) == "past" && matches!(self.word(used + 1), "" | "please");
        self.wish.unclear |= ends && self.bound().is_some();
        ends.then_some(used + 1)
    }

    /// "this one", "the other one": no hour.
    fn is_thing(&self) -> bool {
        let pointed = ["this", "that", "which", "other", "another", "each", "every", "any", "no", "same", "new", "old", "right", "wrong"];
        self.word(0) == "one" && pointed.contains(&self.before(1)) && self.word(1) != "oclock"
    }

    /// "two or three in the afternoon": the second hour shows that the first one is an hour.
    fn opens_a_span(&self) -> bool {
        let second = self.tokens.get(self.at + 2..).unwrap_or_default();
        let dated = || figure::number(second).and_then(|(_, used)| day::day(second.get(used..)?)).is_some();
        let alone = || self.word(1) != "or" && figure::number(second).is_some_and(|(_, used)| used == second.len());
        matches!(self.word(1), "or" | "to" | "until") && (clock::clock(second, false).is_some() || self.at == 0 && (dated() || alone()))
    }

    /// "six would be good", "so six works", "eleven LA time", "three my time".
    fn is_spoken_of(&self) -> bool {
        let Some((_, used)) = figure::number(self.rest()) else { return false };
        let after = self.tokens.get(self.at + used..).unwrap_or_default();
        let begins = self.tokens[..self.at].iter().all(|word| leads_to_a_judgement(word));
        let judged = begins && is_judged(&self.tokens[self.at + used..]);
        let mine = matches!(self.word(used), "my" | "your") && self.word(used + 1) == "time";
        let dated = day::day(after).is_some_and(|(day, _)| !matches!(day, Day::Date { .. } | Day::NamedMonth { .. }));
        judged || mine || dated || place::zone(after, false).is_some() || Self::is_zone_and_day(after) || is_hour_of_a_place(after)
    }

    /// "5 Central tomorrow", "ten Mountain on Friday". "Ten mountain bikes" have no zone.
    fn is_zone_and_day(tokens: &[String]) -> bool {
        let Some((_, used)) = place::zone(tokens, true) else { return false };
        let on = used + usize::from(tokens.get(used).is_some_and(|word| word == "on"));
        tokens.len() == used || tokens.get(on..).and_then(day::day).is_some()
    }
}

/// "(six) in Manila time".
fn is_hour_of_a_place(after: &[String]) -> bool {
    place::whereabouts(after).is_some_and(|(_, used)| after.get(used).is_some_and(|word| word == "time"))
}

/// Words before the hour in "so six would be great".
fn leads_to_a_judgement(word: &str) -> bool {
    matches!(word, "so" | "and" | "then" | "maybe" | "perhaps" | "well" | "okay" | "ok" | "i" | "think" | "guess")
}

/// "(ten) is too late", "(three) would be way too early".
fn is_judged_away(after: &[String]) -> bool {
    let short = after.iter().take(5).map(String::as_str).skip_while(|word| matches!(*word, "is" | "would" | "be" | "way" | "much" | "far"));
    let judged: Vec<&str> = short.take(2).collect();
    matches!(judged[..], ["too", "early" | "late" | "soon"]) && after.first().is_some_and(|word| word != "too")
}
