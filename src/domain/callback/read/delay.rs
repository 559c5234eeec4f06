//! Delays: "in two hours", "twenty minutes from now", "for another hour" (while busy), "in a bit".

use super::{Last, Reader, day};
use crate::domain::callback::clause::Mood;
use crate::domain::callback::figure::{self, Amount, Unit};
use crate::domain::callback::wish::{Bound, Day, Soon, Then};

/// "Within the hour" still leaves the callee some minutes.
const AT_LEAST_MINUTES: u32 = 15;

impl Reader<'_, '_> {
    /// "in two hours", "twenty minutes from now", "for the next hour" (while busy), "in a bit".
    pub(super) fn delay(&mut self) -> Option<usize> {
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
        if let Some(used) = self.bare_minutes() {
            return Some(used);
        }
        let (amount, used) = figure::amount(self.tokens.get(self.at + lead..)?)?;
        let after = self.tokens.get(self.at + lead + used).map_or("", String::as_str);
        let of_clocks = after == "behind" || after == "ahead" && self.word(lead + used + 1) == "of";
        if of_clocks && matches!(self.word(lead + used + 1 + usize::from(after == "ahead")), "you" | "your" | "where" | "me" | "us") {
            // "We're an hour ahead of you": which zone that is can only be asked.
            self.wish.unclear = true;
            return Some(lead + used);
        }
        if matches!(after, "ago" | "long" | "left" | "away" | "drive" | "old") || !self.delay_is_meant(lead, after) {
            // "I waited seventy five minutes": nor is a part of it one.
            return (lead == 0).then_some(used);
        }
        if amount.unit == Unit::Days
            && lead == 0
            && let Some(used) = self.days_beside(used, i64::from(amount.least))
        {
            return Some(used);
        }
        if amount.most == 0 {
            // "Half a minute" is a moment; "half a day" is no number of days.
            self.wish.soon = (amount.unit == Unit::Minutes).then_some(Soon::Bit).or(self.wish.soon);
            self.wish.unclear |= amount.unit != Unit::Minutes;
            return Some(lead + used);
        }
        let counts_from = after == "from" && self.word(lead + used + 1) != "now" || after == "on" && lead == 0 && amount.least % 7 == 0;
        if amount.unit == Unit::Days
            && counts_from
            && let Some(used) = self.days_from(lead + used + 1, i64::from(amount.least))
        {
            return Some(used);
        }
        // Working days from another day than today.
        self.wish.unclear |= counts_from && amount.unit == Unit::WorkingDays && self.word(lead + used + 1) != "today";
        let soonest = if self.word(0) == "within" { AT_LEAST_MINUTES.min(amount.least) } else { amount.least };
        let amount = Amount { least: soonest, ..amount };
        let from_now =
            if after == "from" && matches!(self.word(lead + used + 1), "now" | "today") { 2 } else { usize::from(after == "later") };
        self.wish.delay = Some(amount);
        self.last = if amount.unit == Unit::Minutes { Last::Nothing } else { Last::Day };
        Some(lead + used + from_now)
    }

    /// "Call me in ten", "give me ten": minutes, where nothing else follows.
    fn bare_minutes(&mut self) -> Option<usize> {
        let lead = match (self.word(0), self.word(1)) {
            ("in", _) => 1,
            ("give", "me" | "us") => 2,
            _ => return None,
        };
        let (minutes, used) = figure::number(self.tokens.get(self.at + lead..)?)?;
        let after = lead + used;
        let goes_on = lead == 2 && self.word(after) == "and";
        let ends = matches!(self.word(after), "" | "please" | "then") || self.word(after) == "or" && self.word(after + 1) == "so";
        if !(1..=90).contains(&minutes) || !(ends || goes_on) {
            return None;
        }
        self.wish.delay = Some(Amount { least: minutes, most: minutes, unit: Unit::Minutes });
        Some(after)
    }

    /// "two hours" alone is a delay; "it takes two hours" is not, and "for an hour" only while one is busy.
    fn delay_is_meant(&self, lead: usize, after: &str) -> bool {
        const MEASURES: [&str; 14] =
            ["takes", "waited", "waiting", "have", "got", "only", "last", "past", "just", "than", "every", "spent", "this", "the"];
        let vague = usize::from(matches!(self.before(1), "about" | "like" | "around" | "maybe"));
        match self.word(0) {
            "for" => self.mood == Mood::Closed,
            _ if lead > 0 => true,
            "a" | "an" if self.is_rate() => false,
            _ => matches!(after, "from" | "later") || !MEASURES.contains(&self.before(1 + vague)),
        }
    }

    /// "two hundred a month", "twice a week".
    fn is_rate(&self) -> bool {
        let before = self.before(1);
        let counted = matches!(before, "hundred" | "thousand" | "dollars" | "bucks" | "times" | "once" | "twice" | "euros" | "pounds");
        counted || figure::small(before).is_some() || before.bytes().next().is_some_and(|b| b.is_ascii_digit())
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
        if holds_on {
            return Some(at + 1);
        }
        if self.word(0) == "for" {
            return None;
        }
        self.wish.soon = Some(soon);
        Some(at + 1)
    }

    /// "two days before Christmas", "a week after Thanksgiving". Before or after another day, which one can only be asked.
    fn days_beside(&mut self, at: usize, days: i64) -> Option<usize> {
        let days = match self.word(at) {
            "before" => -days,
            "after" => days,
            _ => return None,
        };
        let (day, used) = self.tokens.get(self.at + at + 1..).and_then(day::day)?;
        match day {
            Day::Feast { feast, then: Then::Same } => self.wish.day = Some((Day::Feast { feast, then: Then::Later(days) }, Bound::At)),
            _ => self.wish.unclear = true,
        }
        self.last = Last::Day;
        Some(at + 1 + used)
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
}
