//! Agent versions ready to speak: definition, prompts, and the lines that are said as written, rendered ahead.
//!
//! A version never changes, so what was made ready once stays so.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use crate::agents::definition::AgentDefinition;
use crate::clock::SharedClock;
use crate::domain::ids::{AgentVersionId, PromptVersionId};
use crate::mind::prompt::{PromptTexts, Versioned};
use crate::providers::Mouth;
use crate::store::agent::AgentVersion;
use crate::store::{Store, StoreError};
use crate::work::clips::{Audio, Clips};
use crate::work::prerender::Prerender;

/// A version that can take calls.
#[derive(Debug, Clone)]
pub struct ReadyAgent {
    /// What it is.
    pub definition: Arc<AgentDefinition>,
    /// What it is told.
    pub texts: Arc<PromptTexts>,
    /// Audio of lines; one that is missing is spoken live.
    pub clips: Audio,
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

/// What of a version is the same for every call.
struct Version {
    definition: Arc<AgentDefinition>,
    texts: Arc<PromptTexts>,
    clips: Clips,
}

impl Version {
    fn with(&self, clips: Audio) -> ReadyAgent {
        ReadyAgent { definition: Arc::clone(&self.definition), texts: Arc::clone(&self.texts), clips }
    }
}

type Slot = Arc<OnceCell<Arc<Version>>>;

/// Makes versions ready, each once per process.
#[derive(Clone)]
pub struct Agents {
    store: Store,
    prerender: Prerender,
    versions: Arc<Mutex<HashMap<AgentVersionId, Slot>>>,
}

impl Agents {
    /// Nothing is ready yet.
    #[must_use]
    pub fn new(store: Store, clock: SharedClock, mouth: Arc<dyn Mouth>) -> Self {
        Self { prerender: Prerender { mouth, store: store.clone(), clock }, store, versions: Arc::default() }
    }

    /// The version, ready to speak. Many may ask at once; it is made ready once, before the first phone rings. Lines that
    /// could not be rendered then are tried again here.
    ///
    /// # Errors
    /// [`AgentError`] when it does not exist, lacks a prompt, or the database is away.
    pub async fn ready(&self, id: AgentVersionId) -> Result<ReadyAgent, AgentError> {
        let version = self.version(id).await?;
        Ok(version.with(version.clips.complete(&self.prerender).await))
    }

    /// The same for a call that was answered: nobody waits on the line while a line is tried again.
    ///
    /// # Errors
    /// As [`Agents::ready`].
    pub async fn at_hand(&self, id: AgentVersionId) -> Result<ReadyAgent, AgentError> {
        let version = self.version(id).await?;
        Ok(version.with(version.clips.at_hand(&self.prerender).await))
    }

    async fn version(&self, id: AgentVersionId) -> Result<Arc<Version>, AgentError> {
        let slot = Arc::clone(self.versions.lock().await.entry(id).or_default());
        slot.get_or_try_init(|| self.read(id)).await.cloned()
    }

    async fn read(&self, id: AgentVersionId) -> Result<Arc<Version>, AgentError> {
        let stored = self.store.agent_version(id).await?.ok_or(AgentError::Missing(id))?;
        let texts = Arc::new(texts_of(&stored)?);
        let definition = Arc::new(stored.definition.0);
        Ok(Arc::new(Version { clips: Clips::new(Arc::clone(&definition)), definition, texts }))
    }
}

fn texts_of(stored: &AgentVersion) -> Result<PromptTexts, AgentError> {
    let texts = PromptTexts::collect(|layer| {
        let prompt = stored.prompts.iter().find(|prompt| prompt.layer == layer.as_str())?;
        Some(Versioned { id: PromptVersionId(prompt.id.0), body: prompt.body.clone() })
    });
    texts.map_err(|error| AgentError::Prompts { id: stored.id, problem: error.to_string() })
}
