//! Days that are named to be left out: "not today", "don't call me tomorrow", "any evening, but not tonight".

use super::part::Found;
use super::{Last, Reader};
use crate::domain::callback::clause::Mood;
use crate::domain::callback::phrase::Phrase;
use crate::domain::callback::wish::Day;

/// What stands right before such a day. "I'm at work today" leaves no day out, and neither does "I can't talk today".
const LEADS: [&str; 2] = ["<!why not on|for?", "<!why not *ever|even|you|dare call|ring|phone|try|contact|dial *me|us|back|again|here|on"];

/// What stands right behind such a day: "tomorrow is no good", "Tuesday won't work".
const JUDGEMENTS: [&str; 5] = [
    "is? *really|just|so|very|also no good|go",
    "is? *really|just|so|very|also not *really|so|that|very|a|an good|great|ideal|possible|option|convenient",
    "does|will|would|can not *really|quite work|suit|do",
    "is *really|just|so|very|also|pretty bad|terrible|impossible|awful",
    "is out of the question",
];

impl Reader<'_, '_> {
    pub(super) fn is_spoken_against(&self, used: usize) -> bool {
        let after = &self.tokens[self.at + used..];
        let judges = |judgement: &'static str| Phrase::new(judgement).find(after).any(|(start, _)| start == 0);
        self.relation.is_none() && JUDGEMENTS.into_iter().any(judges)
    }

    /// A day that stands alone. "Not today at three" is about three.
    pub(super) fn leave_day_out(&mut self, day: Day, used: usize) {
        const GOES_ON: [&str; 14] = [
            "morning",
            "afternoon",
            "evening",
            "night",
            "at",
            "before",
            "after",
            "until",
            "around",
            "through",
            "thru",
            "to",
            "between",
            "by",
        ];
        let out = self.is_ruled_out() || self.is_another_one();
        if out && !GOES_ON.contains(&self.word(used)) {
            self.wish.left_out.push((day, None));
        }
    }

    /// "Not tonight": the rest of that day is free.
    pub(super) fn leave_part_out(&mut self, found: &Found) {
        if let Some(day) = found.day.filter(|_| self.is_ruled_out() || self.is_spoken_against(found.used)) {
            self.wish.left_out.push((day, found.part));
        }
    }

    fn is_ruled_out(&self) -> bool {
        let before = &self.tokens[..self.at];
        let led = |lead: &'static str| Phrase::new(lead).find(before).any(|(_, end)| end == self.at);
        self.mood == Mood::Closed && self.relation.is_none() && LEADS.into_iter().any(led)
    }

    /// "Not today **or tomorrow**".
    fn is_another_one(&self) -> bool {
        let joined = matches!(self.before(1), "or" | "nor" | "and") && self.last == Last::Day && self.day_ended + 1 == self.at;
        joined && !self.wish.left_out.is_empty()
    }
}
