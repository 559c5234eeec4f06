//! Which parts of an utterance speak of a time to be called, and which speak against one.
//!
//! "Not tomorrow, try Friday": the first clause is dropped, the second one counts. "I'm busy until five": the clause stays, and
//! its "until" means *from then on*.

mod cut;
mod past;

use std::ops::Range;

use crate::domain::callback::phrase::Phrase;
use crate::domain::callback::words::BREAK;

pub(super) use cut::is_judged;

/// How a clause looks at the times in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Call then.
    Open,
    /// Not then; a bound ("not before nine", "busy until five") turns around.
    Closed,
    /// Free then: "home by six" means from six on, "here until five" means at the latest.
    Free,
    /// Speaks of what was.
    Past,
    /// Gives a reason: no time in it is one to be called at.
    Aside,
}

/// A clause and its mood.
pub(super) struct Clause<'a> {
    pub tokens: &'a [String],
    pub mood: Mood,
}

impl Clause<'_> {
    /// Tells what keeps the callee, or until when. "Not before Monday" asks.
    pub(super) fn is_excuse(&self) -> bool {
        matches!(self.mood, Mood::Closed | Mood::Free) && cut::is_of_oneself(self.tokens)
    }

    /// "Call me yesterday", "last Tuesday at five". "You called me yesterday" tells, and asks for nothing.
    pub(super) fn asks_for_the_past(&self) -> bool {
        self.mood == Mood::Past && past::asks(self.tokens)
    }
}

const JOINTS: [&str; 4] = ["but", "instead", "otherwise", "because"];

const CLOSED: [&str; 28] = [
    "not",
    "no need|point|reason|use",
    "no *more|phone|further|sales calls|callbacks|callback|phonecalls|calling|contact|communication",
    "no good|go",
    "pointless|useless to call|ring|phone|try",
    "never",
    "busy",
    "driving|working|traveling|travelling|asleep|sleeping|unavailable|occupied|swamped|gone !day|days",
    "in *a|an|the|another|my meeting|meetings|class|court|surgery|school",
    "at *the|my|a work|church|doctor|dentist|gym|school",
    "eating|having|cooking|making *a|my|our|some|the lunch|dinner|breakfast|supper",
    "have|got *our|some|other|dinner plans|guests|visitors",
    "have|got *a|an|another|my meeting|meetings|appointment|class|shift|call|flight",
    "on *a|my|the|another vacation|holiday|call|flight|plane|shift|road",
    "out of town|office",
    "out|away|abroad ..3 until",
    "tied up",
    "left alone",
    "leave me|us alone|be",
    "<!not|never|to|i|we leave my|our ..2 alone",
    "nobody|none ..4 should|may|must|shall|is",
    "no one ..4 should|may|must|shall|is",
    "no more of this|that|it",
    "^ *please|just|so|and|but no *more|sales|phone calls",
    "enough of|with",
    "work|working until",
    "i|we *just|only|usually|always|normally|also work *on|every|from monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekends|weekdays",
    "i|we *just|really|still|also have|need|got|must *got to? be|go|leave|pick|drop|run|take|drive|head|catch|attend|see|meet|work|cook|feed",
];

const FREE: [&str; 12] = [
    "<!not|hair|nails|teeth free|available|home|back|done|finished|around|reachable|awake|up by|at|after|until|from|around|in|on|to|before|between|tomorrow|tonight|today|later|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "<!not off by|at|after|until|from|around|in|on|before|between|tomorrow|tonight|today|later|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "reach|catch|get me",
    "get|getting|be|am off !to",
    "get|getting|be|arrive home|back|there",
    "am here|free|home|available",
    "finish|finishes|ends|over *work|at|by|around",
    "be|am|are|get|getting *only|back|usually|always|normally in|there|open|ready|waiting by|at|after|until|from|around|on|before|between|all|tomorrow|tonight|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "be|am|are *only|back|usually|always|normally in *the|my|our office|shop|store|town",
    "be|am|are *only|back|usually|always|normally at my|our desk|place|house",
    "i|we *will|do|usually|always|normally open|reopen|return|land|arrive by|at|after|until|from|around|on|before|between|all|tomorrow|tonight|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "have|got *some|more|plenty|of|the time by|at|after|until|from|around|on|before|between|all|tomorrow|tonight|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
];

/// A call was asked for in these clauses, and the last of them does not take it back ("call me tomorrow, no, …").
pub(super) fn asked_for(before: &[Clause<'_>]) -> bool {
    let last = before.last().and_then(|clause| clause.tokens.last()).map_or("", String::as_str);
    !matches!(last, "no" | "wait" | "actually" | "sorry" | "rather") && before.iter().any(|clause| cut::asks(clause.tokens))
}

/// Cuts an utterance into clauses: at breaks, at joints, and where a request to call and an excuse stand side by side.
pub(super) fn clauses(tokens: &[String]) -> Vec<Clause<'_>> {
    let mut out = Vec::new();
    let (mut start, mut reason) = (0, false);
    for at in 0..=tokens.len() {
        if at == tokens.len() || tokens[at] == BREAK || JOINTS.contains(&tokens[at].as_str()) {
            push(&mut out, tokens, start..at, reason);
            reason = tokens.get(at).is_some_and(|joint| joint == "because");
            start = at + 1;
        } else if cut::begins_another(&tokens[start..], at - start) {
            push(&mut out, tokens, start..at, reason);
            (start, reason) = (at, false);
        }
    }
    out
}

fn push<'a>(out: &mut Vec<Clause<'a>>, all: &'a [String], at: Range<usize>, reason: bool) {
    let tokens = &all[at.clone()];
    if !tokens.is_empty() {
        let mood = mood(tokens);
        let aside = cut::is_aside(tokens, mood, reason, &all[..at.start]);
        out.push(Clause { tokens, mood: if aside { Mood::Aside } else { mood } });
    }
}

/// "after the kids are in school", "once I'm off the road": free from then on.
fn until_it_is_over(tokens: &[String]) -> bool {
    tokens.first().is_some_and(|word| matches!(word.as_str(), "after" | "once" | "when"))
}

fn says(tokens: &[String], table: &[&'static str]) -> bool {
    table.iter().any(|pattern| Phrase::new(pattern).is_in(tokens))
}

fn mood(tokens: &[String]) -> Mood {
    if past::is_told(tokens) {
        Mood::Past
    } else if says(tokens, &CLOSED) && !until_it_is_over(tokens) {
        Mood::Closed
    } else if says(tokens, &FREE) {
        Mood::Free
    } else {
        Mood::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn clauses_have_moods() {
        let cases: [(&str, &[(&str, Mood)]); 19] = [
            ("not tomorrow, try Friday", &[("not tomorrow", Mood::Closed), ("try friday", Mood::Open)]),
            ("I'm at work call me at five", &[("i am at work", Mood::Closed), ("call me at five", Mood::Open)]),
            ("I'm busy until 5", &[("i am busy until 5", Mood::Closed)]),
            ("I'm driving, can you call me at 3", &[("i am driving", Mood::Closed), ("can you call me at 3", Mood::Open)]),
            ("I'll be home by six", &[("i will be home by six", Mood::Free)]),
            ("you called me yesterday but tomorrow works", &[("you called me yesterday", Mood::Past), ("tomorrow works", Mood::Open)]),
            ("don't call me before 9", &[("do not call me before 9", Mood::Closed)]),
            ("after five tomorrow", &[("after five tomorrow", Mood::Open)]),
            ("call me tomorrow I have to be in court", &[("call me tomorrow", Mood::Open), ("i have to be in court", Mood::Closed)]),
            (
                "call me at five because the game starts at three",
                &[("call me at five", Mood::Open), ("the game starts at three", Mood::Aside)],
            ),
            ("call me when I am off work", &[("call me when i am off work", Mood::Free)]),
            (
                "call me Friday, I fly out on Thursday at six",
                &[("call me friday", Mood::Open), ("i fly out on thursday at six", Mood::Aside)],
            ),
            ("call me Friday, I can talk at six", &[("call me friday", Mood::Open), ("i can talk at six", Mood::Open)]),
            ("call me at five I think", &[("call me at five i think", Mood::Open)]),
            ("try me tomorrow, we open at ten", &[("try me tomorrow", Mood::Open), ("we open at ten", Mood::Free)]),
            ("call me Friday, I open presents at ten", &[("call me friday", Mood::Open), ("i open presents at ten", Mood::Aside)]),
            ("I get back tomorrow, we leave at ten", &[("i get back tomorrow", Mood::Free), ("we leave at ten", Mood::Open)]),
            ("call me at five, I'm out until Thursday", &[("call me at five", Mood::Open), ("i am out until thursday", Mood::Closed)]),
            ("I'd like to be left alone tomorrow", &[("i would like to be left alone tomorrow", Mood::Closed)]),
        ];
        for (said, expected) in cases {
            let tokens = tokens(said);
            let found: Vec<(String, Mood)> = clauses(&tokens).iter().map(|clause| (clause.tokens.join(" "), clause.mood)).collect();
            let expected: Vec<(String, Mood)> = expected.iter().map(|(text, mood)| ((*text).to_owned(), *mood)).collect();
            assert_eq!(found, expected, "{said}");
        }
    }
}
