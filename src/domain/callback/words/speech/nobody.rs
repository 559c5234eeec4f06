//! "Make sure nobody from your firm calls me again" is "do not call me again", with a time or without, and
//! "make sure I am called at five" is "call me at five".

use crate::domain::callback::words::BREAK;

const VERBS: [&str; 7] = ["call", "ring", "phone", "dial", "contact", "bother", "harass"];

/// How many words stand at most between the lead and the call: "nobody from your company ever".
const BETWEEN: usize = 7;

/// What these tokens stand for, and how many they are.
pub(super) fn not_to_call(tokens: &[String]) -> Option<(String, usize)> {
    let lead = lead(tokens)?;
    let clause = tokens[lead..].split(|word| word == BREAK).next()?;
    let (verb, at) = clause.iter().take(BETWEEN + 1).enumerate().find_map(|(at, word)| Some((verb(word)?, at)))?;
    let passive = clause[at].ends_with("ed") || clause[at] == "rung";
    let (who, me) = (&clause[..at], if passive { " me" } else { "" });
    let not = if is_nobody(who, passive) && is_the_call(who, passive) { "do not " } else { "" };
    let asked = passive && who.first().is_some_and(|word| matches!(word.as_str(), "i" | "we"));
    (asked || !not.is_empty()).then(|| (format!("{not}{verb}{me}"), lead + at + 1))
}

/// "make sure that", "see to it".
fn lead(tokens: &[String]) -> Option<usize> {
    const LEADS: [&[&str]; 9] = [
        &["make", "sure"],
        &["makes", "sure"],
        &["making", "sure"],
        &["make", "certain"],
        &["be", "sure"],
        &["see", "to", "it"],
        &["please", "see", "that"],
        &["ensure"],
        &["promise", "me"],
    ];
    let begins = |lead: &&&[&str]| lead.iter().enumerate().all(|(at, word)| tokens.get(at).is_some_and(|token| token == word));
    let used = LEADS.iter().find(begins)?.len();
    Some(used + usize::from(tokens.get(used).is_some_and(|word| word == "that")))
}

/// "nobody from your firm", "no one", "you never"; of being called "I do not get".
fn is_nobody(who: &[String], passive: bool) -> bool {
    let is = |at: usize, words: &[&str]| who.get(at).is_some_and(|word| words.contains(&word.as_str()));
    let negated = who.iter().any(|word| matches!(word.as_str(), "not" | "never"));
    if passive {
        return negated && is(0, &["i", "we", "my", "our", "this"]);
    }
    let none = is(0, &["nobody"]) || is(0, &["no", "none"]) && is(1, &["one", "of"]);
    none || negated && is(0, &["you", "they", "your", "anyone"])
}

/// What is denied is the call itself: not "you don't forget to call", "you're not late when you call", "you don't miss my call".
fn is_the_call(who: &[String], passive: bool) -> bool {
    const BETWEEN: [&str; 22] = [
        "ever", "even", "again", "dare", "dares", "try", "tries", "to", "be", "been", "being", "get", "gets", "getting", "going",
        "allowed", "able", "people", "guys", "all", "just", "have",
    ];
    const ANOTHER: [&str; 27] = [
        "when",
        "whenever",
        "if",
        "while",
        "until",
        "before",
        "after",
        "unless",
        "because",
        "but",
        "else",
        "except",
        "forget",
        "forgets",
        "fail",
        "fails",
        "miss",
        "misses",
        "hesitate",
        "hesitates",
        "wait",
        "waits",
        "late",
        "record",
        "records",
        "recording",
        "hang",
    ];
    const NOUN: [&str; 15] =
        ["a", "an", "the", "this", "that", "my", "our", "your", "his", "her", "their", "another", "every", "each", "on"];
    let any = |words: &[String], of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let behind = who.iter().rposition(|word| matches!(word.as_str(), "not" | "never")).map_or(&who[who.len()..], |at| &who[at + 1..]);
    let between = passive || behind.iter().all(|word| BETWEEN.contains(&word.as_str()));
    between && !any(who, &ANOTHER) && !any(who.last().map_or(&[][..], std::slice::from_ref), &NOUN)
}

/// The plain form of a verb for a call.
fn verb(word: &str) -> Option<&'static str> {
    let stem = ["ed", "es", "s"].iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| VERBS.contains(stem)));
    let plain = match word {
        "rung" => "ring",
        "phoned" => "phone",
        _ => stem.unwrap_or(word),
    };
    VERBS.into_iter().find(|verb| *verb == plain)
}
