//! What else a callee may mean, told by phrases in code and never left to a model: opting out, doubting that we are human,
//! asking for a human, being the wrong person.
//!
//! Opting out leans to the safe side. "Stop calling me at work" is an opt-out, since revoking consent by any reasonable means
//! counts (47 CFR 64.1200(a)(10)); only plain time bounds ("don't call before nine") are not.

use std::sync::LazyLock;

use crate::domain::callback::phrase::Phrase;
use crate::domain::callback::words::tokens;

/// Phrases that say a thing, and phrases that contain one of them and do not.
struct Intent {
    says: Vec<Phrase>,
    unless: Vec<Phrase>,
}

impl Intent {
    fn new(says: &'static str, unless: &'static str) -> Self {
        let read = |table: &'static str| table.lines().map(str::trim).filter(|line| !line.is_empty()).map(Phrase::new).collect();
        Self { says: read(says), unless: read(unless) }
    }

    /// A phrase says it, and no harmless phrase covers the place where it was said.
    fn is_in(&self, tokens: &[String]) -> bool {
        let harmless: Vec<(usize, usize)> = self.unless.iter().flat_map(|phrase| phrase.find(tokens)).collect();
        let covered = |start: usize| harmless.iter().any(|(from, to)| (*from..*to).contains(&start));
        self.says.iter().flat_map(|phrase| phrase.find(tokens)).any(|(start, _)| !covered(start))
    }
}

macro_rules! intent {
    ($(#[$meta:meta])* $public:ident, $inside:ident, $file:literal) => {
        $(#[$meta])*
        #[must_use]
        pub fn $public(words: &str) -> bool {
            $inside(&tokens(words))
        }

        pub(super) fn $inside(tokens: &[String]) -> bool {
            static INTENT: LazyLock<Intent> = LazyLock::new(|| {
                let (says, unless) = include_str!(concat!("phrases/", $file)).split_once("--- unless").unwrap_or_default();
                Intent::new(says, unless)
            });
            INTENT.is_in(tokens)
        }
    };
}

intent! {
    /// The callee wants no more calls. Wins over everything else that was said.
    opt_out, says_opt_out, "opt_out.txt"
}

intent! {
    /// The callee asks, or says, that a machine is talking.
    asks_if_ai, says_ai, "asks_if_ai.txt"
}

intent! {
    /// The callee wants to talk with a person.
    asks_for_human, says_human, "asks_for_human.txt"
}

intent! {
    /// The number does not belong to the person we want.
    wrong_number, says_wrong_number, "wrong_number.txt"
}

intent! {
    /// The callee says no. Softer than opting out: a later call may still be welcome if they name a time.
    refuses, says_refusal, "refuses.txt"
}

intent! {
    /// The callee will call us.
    will_call_us, says_own_call, "will_call_us.txt"
}

intent! {
    /// The callee sends us to somebody else or to another number, whose consent nobody has.
    names_another, says_another, "names_another.txt"
}

intent! {
    /// The callee cannot talk now, or asks for another time, without naming one.
    puts_off, says_put_off, "puts_off.txt"
}

#[cfg(test)]
mod tests;
