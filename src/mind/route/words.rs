//! The vocabulary of routing, as data: what makes a turn hard.
//!
//! Matching is on whole words of the plain form (lower case, straight apostrophes, no punctuation, one space on either side),
//! so `price` is not found in `enterprise`.

use std::collections::BTreeMap;

/// Phrases by the reason they give, in order of precedence.
const VOCABULARY: &[(&str, &[&str])] = &[
    (
        "human_request",
        &[
            "real person",
            "a human",
            "human being",
            "speak to someone",
            "talk to someone",
            "speak with someone",
            "talk with someone",
            "a person",
            "representative",
            "an operator",
            "your manager",
            "a manager",
            "supervisor",
            "your boss",
        ],
    ),
    (
        "legal",
        &[
            "lawyer",
            "attorney",
            "legal",
            "illegal",
            "lawsuit",
            "sue",
            "sue you",
            "court",
            "gdpr",
            "tcpa",
            "privacy",
            "my data",
            "regulation",
            "regulator",
            "contract",
            "liability",
            "do not call registry",
            "do not call list",
        ],
    ),
    (
        "complaint",
        &[
            "complaint",
            "complain",
            "scam",
            "scammer",
            "scammers",
            "fraud",
            "ridiculous",
            "harassment",
            "harassing",
            "unacceptable",
            "fed up",
            "sick of",
            "report you",
            "how did you get my number",
            "where did you get my number",
            "terrible",
            "ripped off",
            "waste of time",
        ],
    ),
    (
        "negotiation",
        &[
            "discount",
            "cheaper",
            "a deal",
            "better deal",
            "better offer",
            "negotiate",
            "lower price",
            "match the price",
            "competitor",
            "other company",
            "another company",
            "other quote",
            "another quote",
            "financing",
            "installments",
            "down payment",
            "interest rate",
            "guarantee",
            "refund",
        ],
    ),
    (
        "price",
        &[
            "price",
            "prices",
            "pricing",
            "how much",
            "cost",
            "costs",
            "expensive",
            "fee",
            "fees",
            "charge me",
            "charges",
            "what do you charge",
            "quote",
        ],
    ),
];

/// Objections that every campaign meets; the cheap model has rules for them.
const KNOWN_OBJECTIONS: &[&str] = &[
    "not interested",
    "no thanks",
    "no thank you",
    "don't need",
    "do not need",
    "already have",
    "too busy",
    "busy right now",
    "not a good time",
    "bad time",
    "can't talk",
    "cannot talk",
    "call me later",
    "call back",
    "send me an email",
    "i rent",
    "i'm renting",
    "who is this",
    "who are you",
];

/// Openings of an objection.
const OBJECTION_MARKS: &[&str] = &[
    "but",
    "however",
    "don't think",
    "do not think",
    "don't believe",
    "not convinced",
    "not sure",
    "worried",
    "concerned",
    "my concern",
    "the problem is",
    "the thing is",
    "doesn't make sense",
    "does not make sense",
    "doesn't work",
    "why would i",
    "why should i",
    "can't afford",
    "i heard that",
    "i read that",
    "won't work",
    "don't trust",
    "don't like",
];

/// What comes before a claim about what we said or offer.
const CLAIM_MARKS: &[&str] = &[
    "you said",
    "you told",
    "you promised",
    "your website",
    "your colleague",
    "your ad",
    "your letter",
    "it says",
    "i was told",
    "they said",
    "they told",
    "last time",
    "i thought it was",
    "i thought you",
];

/// Words that open a question.
const QUESTION_WORDS: &[&str] = &[
    "who", "what", "when", "where", "why", "how", "which", "whose", "is", "are", "do", "does", "did", "can", "could", "will", "would",
    "should", "have", "has",
];

/// The plain form of speech.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            // The comma of 12,000 belongs to the number.
            ',' if ends_in_digit(&out) && rest.as_str().starts_with(|next: char| next.is_ascii_digit()) => {}
            '\u{2019}' | '\'' => out.push('\''),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ if out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

fn ends_in_digit(text: &str) -> bool {
    text.ends_with(|last: char| last.is_ascii_digit())
}

/// The reason a phrase of the vocabulary gives.
pub(super) fn vocabulary_of(said: &str) -> Option<&'static str> {
    VOCABULARY.iter().find(|(_, phrases)| has_any(said, phrases)).map(|(reason, _)| *reason)
}

/// An objection every campaign meets.
pub(super) fn is_known_objection(said: &str) -> bool {
    has_any(said, KNOWN_OBJECTIONS)
}

/// An objection, but none of those.
pub(super) fn is_unknown_objection(said: &str) -> bool {
    has_any(said, OBJECTION_MARKS) && !is_known_objection(said)
}

/// A claim about what we said or offer, with a number that no fact has.
pub(super) fn contradicts(said: &str, facts: &BTreeMap<String, String>) -> bool {
    has_any(said, CLAIM_MARKS) && numbers(said).any(|number| !facts.values().any(|fact| numbers(&plain(fact)).any(|known| known == number)))
}

/// Questions in an utterance: question marks, or clauses that open like one where the ears set no marks.
#[must_use]
pub fn questions(utterance: &str) -> usize {
    let marks = utterance.matches('?').count();
    let clauses = utterance.split(['.', '?', '!', ',', ';']).flat_map(|part| part.split(" and "));
    let openings = clauses.filter(|clause| opens_question(clause)).count();
    marks.max(openings)
}

fn opens_question(clause: &str) -> bool {
    let said = plain(clause);
    let mut words = said.split_whitespace();
    words.next().is_some_and(|first| QUESTION_WORDS.contains(&first)) && words.next().is_some()
}

fn has_any(said: &str, phrases: &[&str]) -> bool {
    phrases
        .iter()
        .any(|phrase| said.match_indices(phrase).any(|(at, found)| said[..at].ends_with(' ') && said[at + found.len()..].starts_with(' ')))
}

/// Numbers of a plain text, as digits.
fn numbers(said: &str) -> impl Iterator<Item = &str> {
    said.split_whitespace().filter(|word| word.bytes().all(|b| b.is_ascii_digit()))
}
