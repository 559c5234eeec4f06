//! Agent versions ready to speak: definition, prompts, and the lines that are said as written, rendered ahead.
//!
//! A version never changes, so what was made ready once stays so; clips of equal text and voice are shared.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Mutex, OnceCell};

use crate::agents::definition::AgentDefinition;
use crate::domain::ids::{AgentVersionId, PromptVersionId};
use crate::mind::prompt::{PromptTexts, Versioned};
use crate::providers::Mouth;
use crate::store::agent::AgentVersion;
use crate::store::{Store, StoreError};

/// Lines rendered at the same time: the first phone rings when all are there, and accounts speak a dozen at once.
const AT_ONCE: usize = 4;

/// A version that can take calls.
#[derive(Debug, Clone)]
pub struct ReadyAgent {
    /// What it is.
    pub definition: Arc<AgentDefinition>,
    /// What it is told.
    pub texts: Arc<PromptTexts>,
    /// Audio of lines, by their text: 8 kHz μ-law.
    pub clips: HashMap<String, Bytes>,
}

/// Why a version cannot take calls.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No such version.
    #[error("agent version {0} does not exist")]
    Missing(AgentVersionId),
    /// A layer of its prompts is missing.
    #[error("agent version {id}: {problem}")]
    Prompts {
        /// Which version.
        id: AgentVersionId,
        /// What is missing.
        problem: String,
    },
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Slot = Arc<OnceCell<Arc<ReadyAgent>>>;

/// Makes versions ready, each once per process.
#[derive(Clone)]
pub struct Agents {
    store: Store,
    mouth: Arc<dyn Mouth>,
    ready: Arc<Mutex<HashMap<AgentVersionId, Slot>>>,
}

impl Agents {
    /// Nothing is ready yet.
    #[must_use]
    pub fn new(store: Store, mouth: Arc<dyn Mouth>) -> Self {
        Self { store, mouth, ready: Arc::default() }
    }

    /// The version, ready to speak. Many may ask at once; it is made ready once, before the first phone rings.
    ///
    /// # Errors
    /// [`AgentError`] when it does not exist, lacks a prompt, or the database is away.
    pub async fn ready(&self, id: AgentVersionId) -> Result<Arc<ReadyAgent>, AgentError> {
        let slot = Arc::clone(self.ready.lock().await.entry(id).or_default());
        slot.get_or_try_init(|| self.make_ready(id)).await.cloned()
    }

    async fn make_ready(&self, id: AgentVersionId) -> Result<Arc<ReadyAgent>, AgentError> {
        let stored = self.store.agent_version(id).await?.ok_or(AgentError::Missing(id))?;
        let texts = texts_of(&stored)?;
        let definition = Arc::new(stored.definition.0);
        let clips = self.render(&definition).await;
        Ok(Arc::new(ReadyAgent { definition, texts: Arc::new(texts), clips }))
    }

    /// A line that cannot be rendered now is spoken live instead; the call does not depend on it.
    async fn render(&self, definition: &AgentDefinition) -> HashMap<String, Bytes> {
        let lines: Vec<String> = static_lines(definition).map(str::to_owned).collect();
        let rendering = stream::iter(lines).map(|text| async move {
            let audio = self.mouth.render(&definition.voice, &text).await;
            (text, audio)
        });
        let mut rendered = rendering.buffer_unordered(AT_ONCE);
        let mut clips = HashMap::new();
        while let Some((text, audio)) = rendered.next().await {
            match audio {
                Ok(audio) => _ = clips.insert(text, audio),
                Err(error) => tracing::warn!(agent = definition.name, %error, "a line was not rendered ahead; it is spoken live"),
            }
        }
        clips
    }
}

/// Lines without anything of a lead in them: the same audio for everyone.
fn static_lines(definition: &AgentDefinition) -> impl Iterator<Item = &str> {
    let lines = &definition.lines;
    let all = [
        &lines.greeting,
        &lines.are_you_there,
        &lines.goodbye,
        &lines.opt_out_confirmed,
        &lines.i_am_an_ai,
        &lines.callback_unclear,
        &lines.filler,
        &lines.apology,
        &lines.voicemail,
    ];
    all.into_iter().map(String::as_str).filter(|text| !text.is_empty() && !text.contains("{{") && !text.contains("{%"))
}

fn texts_of(stored: &AgentVersion) -> Result<PromptTexts, AgentError> {
    let texts = PromptTexts::collect(|layer| {
        let prompt = stored.prompts.iter().find(|prompt| prompt.layer == layer.as_str())?;
        Some(Versioned { id: PromptVersionId(prompt.id.0), body: prompt.body.clone() })
    });
    texts.map_err(|error| AgentError::Prompts { id: stored.id, problem: error.to_string() })
}
