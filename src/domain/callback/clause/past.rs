//! Clauses about what was: most tell of it, some ask for a time that is over.

use super::says;
use crate::domain::callback::figure;

const PAST: [&str; 17] = [
    "^ it is *only|already|like|almost ..1 am|pm|oclock|in|here",
    "yesterday",
    "ago",
    "earlier today|this",
    "called|talked|spoke|spoken|told|tried|rang *to|with|already|you|me|us|somebody|someone|them|your|colleague|on|at|before|last",
    // "Why are you calling me at eight?", "how come you call on Sundays?": complains of a time, and asks for none.
    "why ..1 are|were|did|have you *people|guys|all|always|even|ever call|calling|called|ring|ringing|phone|phoning",
    "why you *people|guys|all are|were|keep|called *always|even calling|call|called",
    "why do|must|would you *people|guys|all|always keep|always|have|insist *on|to calling|call|ringing",
    "who calls|rings|phones",
    "how come ..1 you|are|were *you|people|guys|all|always|even|ever|are|were|keep|have call|calling|called|ring|ringing|phone|phoning",
    "how dare you *people|guys|all|even call|calling|ring|ringing|phone|phoning",
    "what are|were you *people|guys|all doing calling|ringing|phoning",
    "what makes|made|gives|gave you *people|guys|all|the|right|idea|think|that|it|is|okay|fine|you|can|to call|calling|ring|ringing|phone|phoning",
    "what kind|sort of ..3 calls|rings|phones",
    "last week !of",
    "last night|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    // "I'm telling you one last time" is now.
    "<!one last time",
];

/// Asks to be called, in the words before the time.
const REQUESTS: [&str; 2] = [
    "^ *please|just|so|well|okay|ok|yes|yeah|sure|no|maybe|then|and|or call|ring|phone|try|reach|get|catch",
    "can|could|will|would|should|may you|i|we *please|just|maybe|not call|ring|phone|try|reach|get|catch",
];

/// "You called me yesterday", "call me last Tuesday".
pub(super) fn is_told(tokens: &[String]) -> bool {
    says(tokens, &PAST)
}

/// Of such a clause: it asks for a call, or is nothing but the time.
pub(super) fn asks(tokens: &[String]) -> bool {
    says(tokens, &REQUESTS) || tokens.iter().all(|word| is_of_time(word))
}

/// A word that names a time or leads to one.
fn is_of_time(word: &str) -> bool {
    let unit = matches!(word.trim_end_matches('s'), "minute" | "hour" | "day" | "week" | "month" | "year");
    let part = matches!(word, "morning" | "noon" | "afternoon" | "evening" | "night" | "half" | "quarter" | "oclock" | "am" | "pm");
    let leads = matches!(
        word,
        "last" | "ago" | "earlier" | "this" | "at" | "around" | "about" | "maybe" | "by" | "on" | "in" | "the" | "a" | "an" | "past"
    );
    let figure = figure::small(word).is_some() || word.bytes().next().is_some_and(|b| b.is_ascii_digit());
    unit || part || leads || figure || word.ends_with("day")
}
