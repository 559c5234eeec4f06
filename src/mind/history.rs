//! What was said so far, and its short form for the next prompt.
//!
//! The last lines go to the model word for word; older ones become a running summary that code writes, so it costs
//! nothing, takes no time and says the same thing twice. Slots that were collected and promises that were made (a callback,
//! an opt-out, a consent) are carried along whatever is cut.

use std::collections::BTreeMap;

use crate::mind::promise::is_promise;
use crate::providers::Role;

/// One thing said. Agent lines hold what was really heard, not what was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `User` for the callee, `Assistant` for the agent.
    pub who: Role,
    /// The words.
    pub text: String,
}

/// How much of the past a prompt may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The usual.
    Usual,
    /// When the call's budget runs low.
    Tight,
}

impl Depth {
    const fn verbatim(self) -> usize {
        match self {
            Self::Usual => 8,
            Self::Tight => 4,
        }
    }
}

/// The past as a prompt sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest<'a> {
    /// Older lines in short, slots and promises; `None` when there is nothing to add to `recent`.
    pub earlier: Option<String>,
    /// The last lines, word for word.
    pub recent: &'a [Line],
}

/// The running memory of one call.
#[derive(Debug, Clone, Default)]
pub struct History {
    lines: Vec<Line>,
    slots: BTreeMap<String, String>,
    promises: Vec<String>,
}

/// Exchanges of the summary; older ones are only counted.
const GIST_LINES: usize = 10;
/// Words of one line in the summary.
const GIST_WORDS: usize = 14;
/// Words of a promise; more than any promise needs, less than a monologue.
const PROMISE_WORDS: usize = 40;

impl History {
    /// Nothing said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The callee said this.
    pub fn push_callee(&mut self, text: &str) {
        self.push(Role::User, text);
    }

    /// The callee heard this from the agent.
    pub fn push_agent(&mut self, text: &str) {
        self.push(Role::Assistant, text);
    }

    /// A slot was found out; a later value replaces an earlier one.
    pub fn note_slot(&mut self, name: &str, value: &str) {
        self.slots.insert(name.to_owned(), value.to_owned());
    }

    /// Something was promised that no word list would notice, for example a resolved callback time.
    pub fn note_promise(&mut self, promise: &str) {
        if !self.promises.iter().any(|known| known == promise) {
            self.promises.push(promise.to_owned());
        }
    }

    /// Everything said, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The past in short.
    #[must_use]
    pub fn digest(&self, depth: Depth) -> Digest<'_> {
        let cut = self.lines.len().saturating_sub(depth.verbatim());
        let (older, recent) = self.lines.split_at(cut);
        Digest { earlier: self.earlier(older), recent }
    }

    fn push(&mut self, who: Role, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if is_promise(text) {
            self.note_promise(&format!("{} said: {}", speaker(who), first_words(text, PROMISE_WORDS)));
        }
        self.lines.push(Line { who, text: text.to_owned() });
    }

    fn earlier(&self, older: &[Line]) -> Option<String> {
        let mut parts = Vec::new();
        if !self.slots.is_empty() {
            let slots: Vec<String> = self.slots.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            parts.push(format!("Known so far: {}.", slots.join("; ")));
        }
        if !self.promises.is_empty() {
            parts.push(format!("Promises and requests that stand:\n- {}", self.promises.join("\n- ")));
        }
        if !older.is_empty() {
            parts.push(gist(older));
        }
        (!parts.is_empty()).then(|| parts.join("\n"))
    }
}

/// Older lines, each cut to what matters most of it: an agent's question, a callee's first words.
fn gist(older: &[Line]) -> String {
    let skipped = older.len().saturating_sub(GIST_LINES);
    let mut out = match skipped {
        0 => "Earlier:".to_owned(),
        n => format!("Earlier ({n} lines left out):"),
    };
    for line in &older[skipped..] {
        let text = if line.who == Role::Assistant { last_question(&line.text) } else { &line.text };
        out.push_str(&format!("\n{}: {}", speaker(line.who), first_words(text, GIST_WORDS)));
    }
    out
}

fn speaker(who: Role) -> &'static str {
    if who == Role::Assistant { "agent" } else { "callee" }
}

/// The last question of a text, or all of it when it asks nothing.
fn last_question(text: &str) -> &str {
    let Some(end) = text.rfind('?') else { return text };
    let start = text[..end].rfind(['.', '!', '?']).map_or(0, |at| at + 1);
    text[start..=end].trim()
}

fn first_words(text: &str, max: usize) -> String {
    let mut words = text.split_whitespace();
    let kept: Vec<&str> = words.by_ref().take(max).collect();
    let more = if words.next().is_some() { " …" } else { "" };
    format!("{}{more}", kept.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(lines: &[&str]) -> History {
        let mut history = History::new();
        for (i, line) in lines.iter().enumerate() {
            if i % 2 == 0 { history.push_agent(line) } else { history.push_callee(line) }
        }
        history
    }

    #[test]
    fn a_short_call_is_carried_word_for_word() {
        let history = said(&["Do you own your home?", "Yes I do"]);
        let digest = history.digest(Depth::Usual);
        assert_eq!(digest.earlier, None);
        assert_eq!(digest.recent, history.lines());
    }

    #[test]
    fn an_older_question_and_its_answer_survive_in_short() {
        let mut lines = vec!["Thanks for your time. Do you own your home?", "Yes, since 2009"];
        lines.extend(["Go on", "Well"].iter().cycle().take(12));
        let earlier = said(&lines).digest(Depth::Usual).earlier.unwrap();
        assert!(earlier.contains("agent: Do you own your home?"), "{earlier}");
        assert!(earlier.contains("callee: Yes, since 2009"), "{earlier}");
    }

    #[test]
    fn a_slot_keeps_its_latest_value() {
        let mut history = said(&["How much?", "a hundred"]);
        history.note_slot("monthly_bill", "100");
        history.note_slot("monthly_bill", "120");
        assert!(history.digest(Depth::Tight).earlier.unwrap().contains("monthly_bill = 120"));
    }

    proptest! {
        #[test]
        fn promises_are_never_dropped(before in 0usize..40, after in 0usize..80) {
            let mut history = History::new();
            (0..before).for_each(|n| history.push_callee(&format!("chatter number {n}")));
            history.push_callee("please call me back tomorrow after five");
            (0..after).for_each(|n| history.push_agent(&format!("talk number {n}")));
            for depth in [Depth::Usual, Depth::Tight] {
                let digest = history.digest(depth);
                prop_assert!(digest.earlier.unwrap().contains("call me back tomorrow after five"));
            }
        }

        #[test]
        fn the_digest_stays_small_however_long_the_call(words in 1usize..60, lines in 0usize..300) {
            let mut history = History::new();
            (0..lines).for_each(|_| history.push_callee(&"word ".repeat(words)));
            let digest = history.digest(Depth::Usual);
            prop_assert!(digest.recent.len() <= 8);
            let words = digest.earlier.unwrap_or_default().split_whitespace().count();
            prop_assert!(words <= GIST_LINES * (GIST_WORDS + 3) + 10);
        }

        #[test]
        fn the_last_lines_are_word_for_word(texts in prop::collection::vec("[a-z]{1,8}( [a-z]{1,8}){0,5}", 1..40)) {
            let mut history = History::new();
            texts.iter().for_each(|text| history.push_callee(text));
            let recent = history.digest(Depth::Usual).recent;
            let tail = &texts[texts.len() - recent.len()..];
            prop_assert!(recent.iter().map(|line| line.text.as_str()).eq(tail.iter().map(String::as_str)));
            prop_assert_eq!(recent.len(), texts.len().min(8));
        }
    }
}
