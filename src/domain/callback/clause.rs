//! Which parts of an utterance speak of a time to be called, and which speak against one.
//!
//! "Not tomorrow, try Friday": the first clause is dropped, the second one counts. "I'm busy until five": the clause stays, and
//! its "until" means *from then on*.

use crate::domain::callback::phrase::Phrase;
use crate::domain::callback::words::BREAK;

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
}

/// A clause and its mood.
pub(super) struct Clause<'a> {
    pub tokens: &'a [String],
    pub mood: Mood,
}

const JOINTS: [&str; 4] = ["but", "instead", "otherwise", "because"];

const CLOSED: [&str; 13] = [
    "not",
    "no good",
    "never",
    "busy",
    "driving|working|traveling|travelling|asleep|sleeping|unavailable|occupied|swamped|gone",
    "in *a|an|the|another|my meeting|meetings|class|court|surgery|school",
    "at *the|my|a work|church|doctor|dentist|gym|school",
    "eating|having|cooking|making *a|my|our|some|the lunch|dinner|breakfast|supper",
    "have|got *a|an|another|my meeting|meetings|appointment|class|shift|call|flight",
    "on *a|my|the|another vacation|holiday|call|flight|plane|shift|road",
    "out of town|office",
    "tied up",
    "work|working until",
];

const FREE: [&str; 6] = [
    "<!not free|available|home|off|back|done|finished|around|reachable|awake|up by|at|after|until|from|around|in|on|to|before|between|tomorrow|tonight|today|later|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "reach|catch|get me",
    "get|getting|be|am off *of|from|at|by|work|around",
    "get|getting|be|arrive home|back|there",
    "am here|free|home|available",
    "finish|finishes|ends|over *work|at|by|around",
];

const PAST: [&str; 5] = [
    "^ it is *only|already|like|almost ..1 am|pm|oclock|in|here",
    "yesterday",
    "ago",
    "called|talked|spoke|spoken|told|tried|rang *to|with|already|you|me|us|somebody|someone|them|your|colleague|on|at|before|last",
    "last week|night|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday|time",
];

/// Cuts an utterance into clauses: at breaks, at joints, and before a request to call that follows an excuse.
pub(super) fn clauses(tokens: &[String]) -> Vec<Clause<'_>> {
    let mut out = Vec::new();
    let mut start = 0;
    for at in 0..=tokens.len() {
        if at == tokens.len() || tokens[at] == BREAK || JOINTS.contains(&tokens[at].as_str()) {
            push(&mut out, &tokens[start..at]);
            start = at + 1;
        } else if asks_to_call(&tokens[start..], at - start) {
            push(&mut out, &tokens[start..at]);
            start = at;
        }
    }
    out
}

fn push<'a>(out: &mut Vec<Clause<'a>>, tokens: &'a [String]) {
    if !tokens.is_empty() {
        out.push(Clause { tokens, mood: mood(tokens) });
    }
}

/// "I'm at work call me at five": the request begins a clause of its own.
fn asks_to_call(clause: &[String], at: usize) -> bool {
    let word = |at: Option<usize>| at.and_then(|at| clause.get(at)).map_or("", String::as_str);
    let before = word(at.checked_sub(1));
    let after = word(Some(at + 1));
    let bare = matches!(word(Some(at)), "call" | "try" | "ring" | "phone" | "reach")
        && !matches!(
            before,
            "not"
                | "never"
                | "to"
                | "ever"
                | "will"
                | "can"
                | "could"
                | "i"
                | "you"
                | "would"
                | "should"
                | "a"
                | "the"
                | "my"
                | "your"
                | "this"
                | "or"
                | "they"
                | "we"
                | "another"
                | "on"
                | "please"
                | "and"
        )
        && matches!(after, "me" | "us" | "back" | "again" | "tomorrow" | "tonight" | "after" | "before" | "at" | "around" | "on" | "then");
    let polite = matches!(word(Some(at)), "can" | "could" | "would" | "please" | "so") && matches!(after, "you" | "call" | "try");
    at > 0 && (bare || polite)
}

/// "after the kids are in school", "once I'm off the road": free from then on.
fn until_it_is_over(tokens: &[String]) -> bool {
    tokens.first().is_some_and(|word| matches!(word.as_str(), "after" | "once" | "when"))
}

fn mood(tokens: &[String]) -> Mood {
    let says = |table: &[&'static str]| table.iter().any(|pattern| Phrase::new(pattern).is_in(tokens));
    if says(&PAST) {
        Mood::Past
    } else if says(&CLOSED) && !until_it_is_over(tokens) {
        Mood::Closed
    } else if says(&FREE) {
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
        let cases: [(&str, &[(&str, Mood)]); 8] = [
            ("not tomorrow, try Friday", &[("not tomorrow", Mood::Closed), ("try friday", Mood::Open)]),
            ("I'm at work call me at five", &[("i am at work", Mood::Closed), ("call me at five", Mood::Open)]),
            ("I'm busy until 5", &[("i am busy until 5", Mood::Closed)]),
            ("I'm driving, can you call me at 3", &[("i am driving", Mood::Closed), ("can you call me at 3", Mood::Open)]),
            ("I'll be home by six", &[("i will be home by six", Mood::Free)]),
            ("you called me yesterday but tomorrow works", &[("you called me yesterday", Mood::Past), ("tomorrow works", Mood::Open)]),
            ("don't call me before 9", &[("do not call me before 9", Mood::Closed)]),
            ("after five tomorrow", &[("after five tomorrow", Mood::Open)]),
        ];
        for (said, expected) in cases {
            let tokens = tokens(said);
            let found: Vec<(String, Mood)> = clauses(&tokens).iter().map(|clause| (clause.tokens.join(" "), clause.mood)).collect();
            let expected: Vec<(String, Mood)> = expected.iter().map(|(text, mood)| ((*text).to_owned(), *mood)).collect();
            assert_eq!(found, expected, "{said}");
        }
    }
}
