//! Whose voice speaks, and the mouths that speak them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Mouth, MouthLink, ProviderError};

/// Speaks for OpenAI where the agent names no other model.
const OPENAI_MODEL: &str = "gpt-4o-mini-tts";

crate::word_enum! {
    /// Who renders speech.
    pub enum VoiceVendor {
        /// Aura: streams while the text arrives.
        Deepgram = "deepgram",
        /// One request for each sentence.
        OpenAi = "openai",
    }
}

/// A voice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Voice {
    /// Whose.
    pub vendor: VoiceVendor,
    /// As its vendor calls it: `aura-2-thalia-en`, `coral`.
    pub name: String,
    /// The model that speaks with it, where that is not the voice itself (OpenAI).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A name alone is a voice of Deepgram.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Table { vendor: VoiceVendor, name: String, model: Option<String> },
}

impl From<Written> for Voice {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(name) => Self::deepgram(name),
            Written::Table { vendor, name, model } => Self { vendor, name, model },
        }
    }
}

impl Voice {
    /// A voice of Deepgram.
    #[must_use]
    pub fn deepgram(name: impl Into<String>) -> Self {
        Self { vendor: VoiceVendor::Deepgram, name: name.into(), model: None }
    }

    /// What is paid for when it speaks: its model. Deepgram's voices are models themselves.
    #[must_use]
    pub fn speech_model(&self) -> &str {
        match self.vendor {
            VoiceVendor::Deepgram => &self.name,
            VoiceVendor::OpenAi => self.model.as_deref().unwrap_or(OPENAI_MODEL),
        }
    }
}

/// Every vendor's mouth as one: a voice is spoken by its own vendor's.
#[derive(Clone)]
pub struct Mouths {
    /// Of Deepgram.
    pub deepgram: Arc<dyn Mouth>,
    /// Of OpenAI.
    pub openai: Arc<dyn Mouth>,
}

impl Mouths {
    fn of(&self, voice: &Voice) -> &dyn Mouth {
        match voice.vendor {
            VoiceVendor::Deepgram => self.deepgram.as_ref(),
            VoiceVendor::OpenAi => self.openai.as_ref(),
        }
    }
}

#[async_trait]
impl Mouth for Mouths {
    async fn open(&self, voice: &Voice, stop: CancellationToken) -> Result<MouthLink, ProviderError> {
        self.of(voice).open(voice, stop).await
    }

    async fn render(&self, voice: &Voice, text: &str) -> Result<Bytes, ProviderError> {
        self.of(voice).render(voice, text).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_alone_is_deepgrams() {
        let read = |value| serde_json::from_value::<Voice>(value).unwrap();
        let thalia = read(json!("aura-2-thalia-en"));
        assert_eq!(thalia, read(json!({ "vendor": "deepgram", "name": "aura-2-thalia-en" })));
        assert_eq!((thalia.vendor, thalia.speech_model()), (VoiceVendor::Deepgram, "aura-2-thalia-en"));
        assert_eq!(serde_json::to_value(thalia).unwrap(), json!({ "vendor": "deepgram", "name": "aura-2-thalia-en" }));
    }

    #[test]
    fn openai_is_paid_by_model() {
        let coral = Voice { vendor: VoiceVendor::OpenAi, name: "coral".into(), model: None };
        assert_eq!(coral.speech_model(), "gpt-4o-mini-tts");
        assert_eq!(Voice { model: Some("tts-1".into()), ..coral }.speech_model(), "tts-1");
    }
}
