//! Words about a day that do not say which: "munday", "in the spring", "the first Monday", "the day after the holiday".
//!
//! Whoever says them names no time of today. Which day is meant can only be asked.

use super::{Reader, day};
use crate::domain::callback::words::DOUBTFUL;

impl Reader<'_, '_> {
    /// Such words that begin here; how many tokens they take.
    pub(super) fn doubtful_day(&mut self) -> Option<usize> {
        let slip = (self.word(0) == DOUBTFUL).then_some(1);
        let found = slip
            .or_else(|| self.season())
            .or_else(|| day::without_month(self.rest()))
            .or_else(|| self.next_to_a_day())
            .or_else(|| self.no_such_date())
            .or_else(|| self.half_a_year())?;
        // "I'm busy this winter" says nothing about the day to call on.
        self.wish.unclear |= slip.is_some() || self.bound().is_some();
        Some(found)
    }

    /// "In the spring", "next fall". "I fall asleep" and "Spring Street" are no seasons.
    fn season(&self) -> Option<usize> {
        let named = matches!(self.word(0), "spring" | "summer" | "autumn" | "fall" | "winter");
        let the = usize::from(self.before(1) == "the");
        let led = match self.before(1 + the) {
            "in" | "until" | "by" | "before" | "after" | "over" | "during" | "around" | "come" | "of" => the == 1 || self.word(0) != "fall",
            "this" | "next" | "early" | "late" | "mid" => true,
            _ => false,
        };
        let street = matches!(self.word(1), "street" | "avenue" | "road" | "lane" | "creek" | "lake" | "hill" | "park" | "valley");
        (named && led && !street).then_some(1)
    }

    /// "The day after the holiday", "the week before Christmas". "Later in the day after five" is a time.
    fn next_to_a_day(&self) -> Option<usize> {
        let the = usize::from(self.word(0) == "the");
        if !matches!(self.word(the + 1), "before" | "after") {
            return None;
        }
        let named = self.tokens.get(self.at + the + 2..).and_then(day::day).is_some();
        let within = matches!(self.before(1), "in" | "of" | "during" | "at");
        let told = the == 1 && !within && (named || matches!(self.word(3), "the" | "my" | "our" | "that"));
        match self.word(the) {
            "week" | "weekend" if named => Some(the + 2),
            "day" if told && day::day(self.rest()).is_none() => Some(3),
            _ => None,
        }
    }

    /// "31/31", "12/25/2026". "24/7" is no date at all.
    fn no_such_date(&self) -> Option<usize> {
        let (first, rest) = self.word(0).split_once('/').filter(|_| self.word(0) != "24/7")?;
        let small = |figure: &str| figure.parse::<u32>().is_ok_and(|figure| (1..=31).contains(&figure));
        let dated = small(first) && rest.split('/').next().is_some_and(small);
        (dated && day::day(self.rest()).is_none()).then_some(1)
    }

    fn half_a_year(&self) -> Option<usize> {
        let said = self.word(0) == "half" && matches!(self.word(1), "a" | "the") && self.word(2) == "year";
        said.then_some(3)
    }
}
