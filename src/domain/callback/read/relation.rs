//! Relations: "after", "by" and "between" say how the next thing that is a time bounds the call.

use super::Reader;
use crate::domain::callback::clause::Mood;
use crate::domain::callback::wish::Bound;

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
    pub(super) fn note_relation(&mut self) {
        let word = self.word(0).to_owned();
        if matches!(word.as_str(), "starting" | "beginning") {
            self.relation = Some("from");
        } else if let Some(relation) = RELATIONS.iter().find(|known| **known == word) {
            // "at around", "after about": the stronger word stays.
            let until_after = *relation == "after" && self.relation == Some("until");
            if until_after {
                self.relation = Some("until after");
            } else if !matches!(*relation, "around" | "about" | "at") || self.relation.is_none() {
                self.relation = Some(relation);
            }
        } else if !FILLERS.contains(&word.as_str()) {
            self.relation = None;
        }
    }

    /// What the pending relation means here; `None` when a closed clause names a time without turning it into a bound.
    pub(super) fn bound(&self) -> Option<Bound> {
        let relation = self.relation.unwrap_or("at");
        match (self.mood, relation) {
            (Mood::Closed, "before" | "until" | "by") | (Mood::Free, "by") => Some(Bound::From),
            (Mood::Closed, "after" | "past") => Some(Bound::Before),
            (Mood::Closed, "until after") => Some(Bound::After),
            (Mood::Closed | Mood::Past | Mood::Aside, _) => None,
            (_, "after" | "past" | "since" | "until after") => Some(Bound::After),
            (_, "from") => Some(Bound::From),
            (_, "before") => Some(Bound::Before),
            (Mood::Free, "until") => Some(Bound::By),
            (_, "until") => Some(Bound::From),
            (_, "by") => Some(Bound::By),
            _ => Some(Bound::At),
        }
    }
}
