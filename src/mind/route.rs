//! Which model answers a turn: rules over the callee's words, decided in microseconds, with a reason that is logged.
//!
//! The expensive model answers what needs thought (an objection nobody prepared for, several questions at once, money, law,
//! anger, a person asking for a person); everything else goes to the cheap one. The reply cache and learned routers are
//! judged against these rules.

pub mod words;

use std::collections::BTreeMap;

use crate::agents::definition::AgentModels;
use crate::mind::budget::Rung;
use crate::mind::history::Depth;
use crate::word_enum;

word_enum! {
    /// What a model is there for.
    pub enum ModelRole {
        /// Most turns.
        Simple = "simple",
        /// Turns that need thought.
        Reasoning = "reasoning",
    }
}

/// What is known when a turn ends.
#[derive(Debug, Clone, Copy)]
pub struct RouteInput<'a> {
    /// The callee's words.
    pub utterance: &'a str,
    /// What the agent may state as true; a number that contradicts them needs thought.
    pub facts: &'a BTreeMap<String, String>,
    /// How sure the ears or the last cheap answer were, 0–1, where known.
    pub confidence: Option<f32>,
    /// Sentiment of the turn before the last one, −2…2.
    pub sentiment_before: Option<i8>,
    /// Sentiment of the last analysed turn.
    pub sentiment: Option<i8>,
    /// Where the call's budget stands.
    pub rung: Rung,
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Model id.
    pub model: String,
    /// What it is there for.
    pub role: ModelRole,
    /// Why, for the ledger: one of the words in this file.
    pub reason: &'static str,
}

/// The reason of a route that the budget forced.
pub const BUDGET: &str = "budget";
/// The reason of a route taken because another model failed.
pub const FALLBACK: &str = "fallback";

/// Below this the words or the answer are doubtful.
const DOUBTFUL: f32 = 0.55;

impl Route {
    /// How much of the past the prompt carries: less when money is short.
    #[must_use]
    pub fn depth(&self) -> Depth {
        if self.reason == BUDGET { Depth::Tight } else { Depth::Usual }
    }

    /// The cheap model, whatever the words.
    #[must_use]
    pub fn simple(models: &AgentModels, reason: &'static str) -> Self {
        Self { model: models.simple.clone(), role: ModelRole::Simple, reason }
    }
}

/// Decides. The same input always gives the same route.
#[must_use]
pub fn route(models: &AgentModels, input: &RouteInput<'_>) -> Route {
    if input.rung != Rung::Full {
        return Route::simple(models, BUDGET);
    }
    match needs_thought(input) {
        Some(reason) => Route { model: models.reasoning.clone(), role: ModelRole::Reasoning, reason },
        None if words::is_known_objection(&words::plain(input.utterance)) => Route::simple(models, "known_objection"),
        None => Route::simple(models, "usual"),
    }
}

/// The first rule that asks for the expensive model.
fn needs_thought(input: &RouteInput<'_>) -> Option<&'static str> {
    let said = words::plain(input.utterance);
    words::vocabulary_of(&said)
        .or_else(|| (words::questions(input.utterance) >= 2).then_some("two_questions"))
        .or_else(|| words::contradicts(&said, input.facts).then_some("contradiction"))
        .or_else(|| words::is_unknown_objection(&said).then_some("unknown_objection"))
        .or_else(|| sentiment_fell(input).then_some("sentiment_drop"))
        .or_else(|| input.confidence.is_some_and(|c| c < DOUBTFUL).then_some("low_confidence"))
}

fn sentiment_fell(input: &RouteInput<'_>) -> bool {
    match (input.sentiment_before, input.sentiment) {
        (_, Some(now)) if now <= -2 => true,
        (Some(before), Some(now)) => before - now >= 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
