//! A model service that lives in memory.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::providers::{Again, ChatAnswer, ChatPiece, ChatRequest, Mind, ProviderError, Usage};

pub(super) const USAGE: Usage = Usage { tokens_in: 1_000, tokens_cached: 0, tokens_out: 100 };

/// A right answer to either kind of request.
pub(super) fn right(request: &ChatRequest) -> ChatAnswer {
    let summary = request.schema.as_ref().is_some_and(|schema| schema.name == "summary");
    let content = if summary { r#"{"summary":"Owns a home."}"# } else { r#"{"score":75,"reason":"Interested."}"# };
    ChatAnswer {
        content: content.into(),
        refusal: None,
        finish: "stop".into(),
        model: request.model.clone(),
        usage: USAGE,
        flex: request.flex,
    }
}

pub(super) fn trouble(again: Again, status: u16) -> ProviderError {
    ProviderError { provider: "openai", what: "trouble".into(), status: Some(status), again }
}

/// A model service that answers at once, except for the first `refusals` requests, and never on the flex tier when it is full.
#[derive(Default)]
pub(super) struct DirectMind {
    pub(super) refusals: AtomicU64,
    pub(super) asked: AtomicU64,
    pub(super) flex: Mutex<Flex>,
}

/// How the flex tier is.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flex {
    #[default]
    Roomy,
    Full,
    NotOffered,
}

#[async_trait]
impl Mind for DirectMind {
    async fn stream(&self, _: &ChatRequest, _: CancellationToken) -> Result<mpsc::Receiver<ChatPiece>, ProviderError> {
        pending().await
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatAnswer, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let refuse = self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let flex = *self.flex.lock().unwrap();
        match flex {
            Flex::Full if request.flex => Err(trouble(Again::Yes, 429)),
            Flex::NotOffered if request.flex => Err(trouble(Again::No, 400)),
            _ if refuse => Err(trouble(Again::After(Duration::from_secs(1)), 429)),
            _ => Ok(right(request)),
        }
    }

    async fn models(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }
}
