//! The agent's definition as an author writes it (TOML or JSON, one schema).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::providers::{EarsOptions, Voice};
use crate::word_enum;

/// An agent: persona, rules, objective, facts, what to collect, and when a lead counts as qualified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentDefinition {
    /// The agent's name in this deployment, for example `solar-intro`.
    pub name: String,
    /// Who calls, as said in the greeting.
    pub company: String,
    /// The name the agent gives itself.
    pub persona_name: String,
    /// Who it is and how it speaks.
    pub persona: String,
    /// What it must and must not do.
    pub rules: Vec<String>,
    /// What the call is for.
    pub objective: String,
    /// What it may state as true, by key.
    pub facts: BTreeMap<String, String>,
    /// Whose voice it speaks with.
    pub voice: Voice,
    /// How to listen.
    pub ears: EarsOptions,
    /// Which models do what.
    pub models: AgentModels,
    /// Lines that are said as written; minijinja templates over the lead's variables.
    pub lines: Lines,
    /// What to find out.
    pub slots: Vec<Slot>,
    /// A minijinja expression over the slots, for example `interested == "yes" and monthly_bill`.
    pub qualified_when: String,
    /// Limits of one call.
    pub limits: Limits,
}

/// Model ids by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentModels {
    /// Most turns.
    pub simple: String,
    /// Turns that need thought.
    pub reasoning: String,
    /// Summaries and scores, in batches.
    pub deferred: String,
}

/// Said before a person is rung, where the agent has no words of its own for it.
pub const TRANSFERRING: &str = "Of course. One moment please, I'll connect you with a person.";

/// Lines that are said as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// Who calls, that it is an AI, how to opt out, and the first question. Static: no lead variables.
    pub greeting: String,
    /// After a silence.
    pub are_you_there: String,
    /// The polite end.
    pub goodbye: String,
    /// After an opt-out.
    pub opt_out_confirmed: String,
    /// When asked whether this is a machine.
    pub i_am_an_ai: String,
    /// Confirms a callback; has `{{ when }}`.
    pub callback_confirmed: String,
    /// When the words of a callback cannot be resolved.
    pub callback_unclear: String,
    /// When a reply is late.
    pub filler: String,
    /// When a reply cannot be had.
    pub apology: String,
    /// Before a person is rung; [`TRANSFERRING`] when absent. It stands in the stored form only where somebody wrote it: an older
    /// process of the fleet refuses keys that it does not know, and a definition without it stays the version that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transferring: Option<String>,
    /// Left on a machine.
    pub voicemail: String,
}

impl Lines {
    /// Each with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &str); 11] {
        [
            ("greeting", &self.greeting),
            ("are_you_there", &self.are_you_there),
            ("goodbye", &self.goodbye),
            ("opt_out_confirmed", &self.opt_out_confirmed),
            ("i_am_an_ai", &self.i_am_an_ai),
            ("callback_confirmed", &self.callback_confirmed),
            ("callback_unclear", &self.callback_unclear),
            ("filler", &self.filler),
            ("apology", &self.apology),
            ("transferring", self.transferring()),
            ("voicemail", &self.voicemail),
        ]
    }

    /// What is said before a person is rung.
    #[must_use]
    pub fn transferring(&self) -> &str {
        self.transferring.as_deref().unwrap_or(TRANSFERRING)
    }
}

word_enum! {
    /// What a slot holds.
    pub enum SlotKind {
        /// Free text.
        Text = "text",
        /// `yes` or `no`.
        YesNo = "yes_no",
        /// A number.
        Number = "number",
    }
}

/// Something to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// A name of `[a-z][a-z0-9_]*`.
    pub name: String,
    /// What it holds.
    pub kind: SlotKind,
    /// What it means, for the model.
    pub description: String,
}

/// Limits of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Silence before "are you there?", milliseconds.
    pub silence_ms: u64,
    /// Turns of the callee.
    pub max_turns: u32,
    /// Tokens of one reply.
    pub max_output_tokens: u32,
    /// LLM spend of one call, US dollars.
    pub budget_usd: f64,
    /// A reply later than this is covered by the filler line, milliseconds.
    pub filler_after_ms: u64,
    /// A reply later than this is given up, milliseconds.
    pub reply_deadline_ms: u64,
}
