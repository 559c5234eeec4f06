//! The language model port: a conversation in, a streamed or whole answer out.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::providers::ProviderError;

/// One chat message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: Role,
    /// Text.
    pub content: String,
}

crate::word_enum! {
    /// Who says a message.
    pub enum Role {
        /// Instructions.
        System = "system",
        /// The callee, and data about them.
        User = "user",
        /// The agent.
        Assistant = "assistant",
    }
}

/// A strict JSON schema the answer has to satisfy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerSchema {
    /// A name of `[A-Za-z0-9_-]{1,64}`.
    pub name: String,
    /// Every property required, `additionalProperties: false`.
    pub schema: serde_json::Value,
}

/// What to ask a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// Model id.
    pub model: String,
    /// In order.
    pub messages: Vec<Message>,
    /// Hard limit of the answer.
    pub max_output_tokens: u32,
    /// `none` on live turns, where the model takes it.
    pub reasoning_effort: Option<String>,
    /// Sampling temperature, where the model takes it.
    pub temperature: Option<f32>,
    /// Strict structured answer.
    pub schema: Option<AnswerSchema>,
    /// Equal prefixes with this key share the provider's cache.
    pub cache_key: Option<String>,
    /// May wait for room at the provider, for less money.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flex: bool,
}

/// Tokens as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens, cached ones included.
    pub tokens_in: u64,
    /// Of those, read from the provider's cache.
    pub tokens_cached: u64,
    /// Answer tokens, reasoning included.
    pub tokens_out: u64,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatAnswer {
    /// Text, or the JSON of a structured answer; empty when refused.
    pub content: String,
    /// The model's words when it refused.
    pub refusal: Option<String>,
    /// `stop`, `length`, `content_filter` …
    pub finish: String,
    /// The model that really answered.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
    /// It was really served at the price of [`ChatRequest::flex`]; what was asked for does not decide that.
    pub flex: bool,
}

/// Pieces of a streamed answer, in order; ends with `Done` or `Failed`, or breaks off when the stop token fires.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatPiece {
    /// More text.
    Text(String),
    /// Complete; `usage` is `None` when the provider sent none.
    Done {
        /// `stop`, `length` …
        finish: String,
        /// Tokens.
        usage: Option<Usage>,
    },
    /// Broke off.
    Failed(ProviderError),
}

/// A language model.
#[async_trait]
pub trait Mind: Send + Sync {
    /// Streams an answer through a bounded channel; firing `stop` closes the connection.
    ///
    /// # Errors
    /// When the request is refused before the first byte.
    async fn stream(&self, request: &ChatRequest, stop: CancellationToken) -> Result<mpsc::Receiver<ChatPiece>, ProviderError>;
    /// Asks for a whole answer.
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn complete(&self, request: &ChatRequest) -> Result<ChatAnswer, ProviderError>;
    /// Model ids the account can use (`callfleet doctor`).
    ///
    /// # Errors
    /// When the provider refuses or cannot be reached.
    async fn models(&self) -> Result<Vec<String>, ProviderError>;
}
