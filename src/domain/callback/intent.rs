//! What else a callee may mean, told by phrases in code and never left to a model: opting out, doubting that we are human,
//! asking for a human, being the wrong person.
//!
//! The phrases stand in `phrases/`, one pattern a line (the language is explained in [`phrase`](super::phrase)).
//!
//! Opting out leans to the safe side. "Stop calling me at work" is an opt-out, since revoking consent by any reasonable means
//! counts (47 CFR 64.1200(a)(10)); plain time bounds ("don't call before nine") are none. `~then` in `phrases/opt_out.txt` lists what
//! begins a time, since "for", "in" and "at" alone begin one as often as not.

use std::sync::LazyLock;

use crate::domain::callback::phrase::{Names, Phrase};
use crate::domain::callback::words::{BREAK, tokens};

/// Phrases that say a thing, and phrases that contain one of them and do not.
pub(super) struct Intent {
    says: Vec<Phrase>,
    unless: Vec<Phrase>,
}

impl Intent {
    /// Reads a table: names, what says it, then a line `--- unless`, then what does not.
    fn new(table: &'static str) -> Self {
        let (says, unless) = table.split_once("--- unless").unwrap_or((table, ""));
        let names = Names::of(table);
        let phrases = |part: &'static str| part.lines().filter(|line| !line.trim().is_empty() && Names::named(line).is_none());
        let read = |part: &'static str| phrases(part).map(|line| Phrase::with(line, &names)).collect();
        Self { says: read(says), unless: read(unless) }
    }

    /// A phrase says it, and no harmless phrase covers the place where it was said.
    pub(super) fn is_in(&self, tokens: &[String]) -> bool {
        let harmless: Vec<(usize, usize)> = self.unless.iter().flat_map(|phrase| phrase.find(tokens)).collect();
        let covered = |start: usize| harmless.iter().any(|(from, to)| (*from..*to).contains(&start));
        self.says.iter().flat_map(|phrase| phrase.find(tokens)).any(|(start, _)| !covered(start))
    }
}

/// Makes an intent of each table, and for their tests a list of all of them.
macro_rules! tables {
    ($($(#[$doc:meta])* $vis:vis $name:ident = $file:literal;)+) => {
        $($(#[$doc])* $vis static $name: LazyLock<Intent> = LazyLock::new(|| Intent::new(include_str!($file)));)+
        #[cfg(test)]
        const TABLES: &[&str] = &[$(include_str!($file)),+];
    };
}

tables! {
    OPT_OUT = "phrases/opt_out.txt";
    AI = "phrases/asks_if_ai.txt";
    HUMAN = "phrases/asks_for_human.txt";
    WRONG_NUMBER = "phrases/wrong_number.txt";
    /// The callee says no. Softer than opting out: a call at a time they name is still welcome.
    pub(super) REFUSAL = "phrases/refuses.txt";
    /// The callee dares us to call again: nobody who says so waits for a call, whatever time stands beside it.
    pub(super) THREATENS = "phrases/threatens.txt";
    /// The callee will call us.
    pub(super) OWN_CALL = "phrases/will_call_us.txt";
    /// The callee sends us to somebody else or to another number, whose consent nobody has.
    pub(super) ANOTHER = "phrases/names_another.txt";
    /// The callee cannot talk now, or asks for another time, without naming one.
    pub(super) PUTS_OFF = "phrases/puts_off.txt";
    /// The callee asks not to be called at some time: whatever excuse stands beside it, a call "later" was not asked for.
    pub(super) NOT_THEN = "phrases/not_then.txt";
    /// A time is left out of a longer one: which other time is meant can only be asked.
    pub(super) EXCEPTS = "phrases/excepts.txt";
}

/// The callee wants no more calls. Wins over everything else that was said.
#[must_use]
pub fn opt_out(words: &str) -> bool {
    opts_out(&tokens(words))
}

/// A clause of nothing but "stop" opts out too: the greeting says so.
pub(super) fn opts_out(tokens: &[String]) -> bool {
    let beside =
        |word: &String| matches!(word.as_str(), "stop" | "please" | "and" | "but" | "just" | "now" | "no" | "then" | "okay" | "ok");
    let bare = |clause: &[String]| clause.iter().any(|word| word == "stop") && clause.iter().all(beside);
    OPT_OUT.is_in(tokens) || tokens.split(|word| word == BREAK).any(bare)
}

/// The callee asks, or says, that a machine is talking.
#[must_use]
pub fn asks_if_ai(words: &str) -> bool {
    AI.is_in(&tokens(words))
}

/// The callee wants to talk with a person.
#[must_use]
pub fn asks_for_human(words: &str) -> bool {
    HUMAN.is_in(&tokens(words))
}

/// The number does not belong to the person we want.
#[must_use]
pub fn wrong_number(words: &str) -> bool {
    WRONG_NUMBER.is_in(&tokens(words))
}

/// The callee says no to what was offered. Softer than [`opt_out`].
#[must_use]
pub fn refuses(words: &str) -> bool {
    let tokens = tokens(words);
    REFUSAL.is_in(&tokens) || THREATENS.is_in(&tokens)
}

#[cfg(test)]
mod tests;
