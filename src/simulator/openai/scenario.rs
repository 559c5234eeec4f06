//! What a scenario file may say about the OpenAI server: keys, models, answers, pace and faults.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::faults::Fault;
use crate::simulator::pattern::Pattern;

/// The `[openai]` table of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAiScenario {
    /// Keys that are accepted; none listed means any key is.
    pub keys: Vec<String>,
    /// Models that exist; none listed means any name does.
    pub models: Vec<String>,
    /// What an alias answers as, for example `gpt-4o-mini` → `gpt-4o-mini-2024-07-18`.
    pub snapshots: BTreeMap<String, String>,
    /// Prompts longer than this many tokens are refused with `context_length_exceeded`.
    pub context_tokens: u64,
    /// What is said; asked before the built-in rules, the first that matches wins.
    pub replies: Vec<ReplyRule>,
    /// How fields of a JSON schema are filled; the first that matches and fits the schema wins.
    pub fields: Vec<FieldRule>,
    /// How fast answers come.
    pub latency: Latency,
    /// The account's limits.
    pub rate: RateLimits,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// How long batches take.
    pub batch: BatchPace,
    /// How long a word of `/v1/audio/speech` sounds, milliseconds.
    pub speech_ms_per_word: u32,
}

impl Default for OpenAiScenario {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            models: Vec::new(),
            snapshots: BTreeMap::new(),
            context_tokens: 128_000,
            replies: Vec::new(),
            fields: Vec::new(),
            latency: Latency::default(),
            rate: RateLimits::default(),
            faults: Vec::new(),
            batch: BatchPace::default(),
            speech_ms_per_word: 300,
        }
    }
}

/// When to say what.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplyRule {
    /// Over the last user message; absent matches anything.
    pub when: Option<Pattern>,
    /// Over the assistant's message before it.
    pub after: Option<Pattern>,
    /// Over everything the user said; what matches is passed over.
    pub unless: Option<Pattern>,
    /// Text that must occur in the system messages.
    pub system_contains: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// What is said; `$1` is the first group of `when`.
    pub say: String,
    /// A refusal instead.
    pub refuse: Option<String>,
    /// Tools to call instead, by name, where the request offers them and has no result of them yet.
    pub call: Vec<String>,
}

/// How to fill one field of a schema.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The field's name, or its dotted path from the root.
    pub name: String,
    /// Only in the schema (or tool) of this name.
    #[serde(default)]
    pub schema: Option<String>,
    /// Over the text of `scope`; absent matches anything.
    #[serde(default)]
    pub when: Option<Pattern>,
    /// Over the assistant's message before the last user message.
    #[serde(default)]
    pub after: Option<Pattern>,
    /// What `when` looks at.
    #[serde(default)]
    pub scope: Scope,
    /// The value; `$1` in a string is the first group of `when`, and becomes a number or a boolean where the schema asks.
    pub value: Value,
    /// The probability its tokens carry in `logprobs`, 0–1.
    #[serde(default = "certain")]
    pub confidence: f64,
}

const fn certain() -> f64 {
    0.99
}

/// What a field rule looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The last user message.
    #[default]
    LastUser,
    /// What the user said: the user messages after the assistant's first one (a case description comes before it), or all
    /// where the assistant has said nothing; one a line.
    AllUser,
    /// Every message but the system's.
    Conversation,
    /// The system messages.
    System,
}

/// How fast answers come; constant unless jitter is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// Until the first token, milliseconds.
    pub first_token_ms: u64,
    /// Added to the first token by the seed and the request, 0 to this, milliseconds.
    pub jitter_ms: u64,
    /// After the first; 0 is at once.
    pub tokens_per_second: f64,
}

/// The account's limits, as told in `x-ratelimit-*`; what exceeds them gets a 429.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Requests a minute.
    pub requests_per_minute: u32,
    /// Tokens a minute, prompt and largest answer.
    pub tokens_per_minute: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { requests_per_minute: 1_000_000, tokens_per_minute: 2_000_000_000 }
    }
}

/// How long a batch stays in each state, milliseconds, and which of its lines fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchPace {
    /// `validating`.
    pub validating_ms: u64,
    /// `in_progress`, whatever the size.
    pub running_ms: u64,
    /// `in_progress`, added for each line.
    pub line_ms: u64,
    /// `finalizing`.
    pub finalizing_ms: u64,
    /// `cancelling`.
    pub cancelling_ms: u64,
    /// When it expires, from its creation (the documented window is 24 h).
    pub expires_ms: u64,
    /// Lines that fail.
    pub line_faults: Vec<LineFault>,
}

impl Default for BatchPace {
    fn default() -> Self {
        Self {
            validating_ms: 50,
            running_ms: 200,
            line_ms: 0,
            finalizing_ms: 50,
            cancelling_ms: 50,
            expires_ms: 86_400_000,
            line_faults: Vec::new(),
        }
    }
}

/// A line of a batch that fails.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineFault {
    /// Over `custom_id`.
    pub when: Pattern,
    /// The HTTP status of the line's answer; without one the line never got an answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// The code of the error.
    #[serde(default)]
    pub code: Option<String>,
}
