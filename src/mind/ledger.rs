//! The ledger: one entry per provider call, whoever made it and however it ended.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{AttemptId, CampaignId, LedgerId, PromptVersionId};
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::providers::Usage;
use crate::word_enum;

word_enum! {
    /// Which kind of service was used.
    pub enum Service {
        /// Speech to text.
        Stt = "stt",
        /// A language model.
        Llm = "llm",
        /// Text to speech.
        Tts = "tts",
        /// The telephone.
        Telephony = "telephony",
    }
}

word_enum! {
    /// What for.
    pub enum Purpose {
        /// The reply the callee hears.
        Reply = "reply",
        /// Slots, intent and sentiment of a turn, beside the reply.
        Analysis = "analysis",
        /// The summary after a call.
        Summary = "summary",
        /// The score after a call.
        Score = "score",
        /// Hearing the callee.
        Listen = "listen",
        /// Speaking to the callee.
        Speak = "speak",
        /// Lines rendered ahead.
        Prerender = "prerender",
        /// The call itself.
        Call = "call",
    }
}

word_enum! {
    /// Who counted the tokens.
    pub enum UsageSource {
        /// The provider.
        Provider = "provider",
        /// Our tokenizer or clock, because the provider sent none.
        Estimated = "estimated",
    }
}

word_enum! {
    /// The price class.
    pub enum Tier {
        /// At once.
        Standard = "standard",
        /// In a provider batch, half price.
        Batch = "batch",
        /// At once when the provider has room, at the price of a batch.
        Flex = "flex",
    }
}

/// One provider call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its id.
    pub id: LedgerId,
    /// When it began.
    pub at: Timestamp,
    /// The campaign it served.
    pub campaign: Option<CampaignId>,
    /// The attempt it served.
    pub attempt: Option<AttemptId>,
    /// The callee's turn it served, from 0.
    pub turn: Option<u32>,
    /// Kind of service.
    pub service: Service,
    /// What for.
    pub purpose: Purpose,
    /// `openai`, `deepgram`, `twilio`.
    pub provider: String,
    /// Model, voice or product.
    pub model: String,
    /// The prompt it was asked with (the system layer's version for replies).
    pub prompt_version: Option<PromptVersionId>,
    /// Why this model was chosen.
    pub route_reason: Option<String>,
    /// Price class.
    pub tier: Tier,
    /// Tokens, for models.
    pub usage: Usage,
    /// Characters (speech out) or milliseconds (speech in, telephone).
    pub units: u64,
    /// Who counted.
    pub usage_source: UsageSource,
    /// What it costs.
    pub cost: NanoUsd,
    /// What the same work costs with everything on the expensive model, at once and uncached.
    pub baseline: NanoUsd,
    /// Milliseconds to the first token or byte.
    pub first_ms: Option<u64>,
    /// Milliseconds in all.
    pub total_ms: Option<u64>,
    /// How it ended: the provider's finish word, `cut` by barge-in, `failed`.
    pub finish: Option<String>,
    /// Served from a cache of ours.
    pub cache_hit: bool,
    /// The entry this one repeats.
    pub retry_of: Option<LedgerId>,
    /// Full prompt and completion; stored apart.
    pub text: Option<(String, String)>,
}
