//! Prompts are versioned data in three layers: **system** (persona and rules, byte-stable), **context** (objective, facts
//! and the lead, fenced), **history** (compressed), then the utterance. The same order lets a provider reuse the prefix.
//!
//! The bodies in `templates/` are version 1 of every layer; deployments store and publish their own. Rendering is
//! minijinja; a misspelt variable of a layer is an error, and in a call the shipped body takes its place. In a line it is left out, and
//! [`spoken`] says whose row has to have it.

pub mod after_call;
pub mod fence;
mod from_list;
mod left_out;
mod render;
mod script;

pub use from_list::{Spoken, spoken, taken_for_numbers};
pub use render::PromptError;
pub(crate) use render::render;
pub use script::{LeadFacts, Script};

use crate::domain::ids::PromptVersionId;
use crate::word_enum;

word_enum! {
    /// What a prompt is for.
    pub enum Layer {
        /// Who the agent is and its rules; variables `persona_name company persona rules language`.
        System = "system",
        /// The case: variables `objective facts slots local_time zone lead`; `facts` and `lead` come fenced.
        Context = "context",
        /// What a turn meant; variables `company objective slots`.
        Analysis = "analysis",
        /// The note after a call; variables `company objective`.
        Summary = "summary",
        /// The score after a call; variables `company objective`.
        Score = "score",
    }
}

impl Layer {
    /// The body shipped with the program.
    #[must_use]
    pub const fn default_body(self) -> &'static str {
        match self {
            Self::System => include_str!("../templates/system.j2"),
            Self::Context => include_str!("../templates/context.j2"),
            Self::Analysis => include_str!("../templates/analysis.j2"),
            Self::Summary => include_str!("../templates/summary.j2"),
            Self::Score => include_str!("../templates/score.j2"),
        }
    }
}

/// A prompt body and the stored version it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The row it came from.
    pub id: PromptVersionId,
    /// A minijinja template.
    pub body: String,
}

/// The prompts an agent version speaks with. A call keeps the versions it started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptTexts {
    /// Persona and rules.
    pub system: Versioned,
    /// Objective, facts and lead.
    pub context: Versioned,
    /// Slots, intent and sentiment of a turn.
    pub analysis: Versioned,
    /// The note after a call.
    pub summary: Versioned,
    /// The score after a call.
    pub score: Versioned,
}

impl PromptTexts {
    /// Collects the five layers from wherever they are stored.
    ///
    /// # Errors
    /// The first layer `of` does not have.
    pub fn collect(mut of: impl FnMut(Layer) -> Option<Versioned>) -> Result<Self, PromptError> {
        let mut take = |layer| of(layer).ok_or(PromptError::Missing { layer });
        Ok(Self {
            system: take(Layer::System)?,
            context: take(Layer::Context)?,
            analysis: take(Layer::Analysis)?,
            summary: take(Layer::Summary)?,
            score: take(Layer::Score)?,
        })
    }

    /// The shipped bodies under ids that no store knows: for rehearsals and tests.
    #[must_use]
    pub fn built_in() -> Self {
        let of = |layer: Layer| Versioned { id: PromptVersionId::new(), body: layer.default_body().to_owned() };
        Self {
            system: of(Layer::System),
            context: of(Layer::Context),
            analysis: of(Layer::Analysis),
            summary: of(Layer::Summary),
            score: of(Layer::Score),
        }
    }

    /// One layer.
    #[must_use]
    pub const fn layer(&self, layer: Layer) -> &Versioned {
        match layer {
            Layer::System => &self.system,
            Layer::Context => &self.context,
            Layer::Analysis => &self.analysis,
            Layer::Summary => &self.summary,
            Layer::Score => &self.score,
        }
    }
}
