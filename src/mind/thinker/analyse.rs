//! Understanding a turn, beside the reply and never in its way.

use std::sync::PoisonError;

use tokio::time::timeout;

use super::{Thinker, Turn};
use crate::mind::analysis::{Analysis, AnalysisError};
use crate::mind::history::History;
use crate::mind::ledger::Purpose;
use crate::providers::{ChatAnswer, ProviderError};

/// Why a turn has no analysis. The call goes on: code still hears opt-outs and callbacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// The call's budget has nothing left for it.
    #[error("the call's budget leaves no analysis")]
    NoBudget,
    /// No answer within the reply deadline.
    #[error("the analysis came too late")]
    Late,
    /// The service failed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The model refused, or its answer was cut.
    #[error("the model gave no whole answer: {finish}")]
    Unfinished {
        /// The provider's finish word, or `refusal`.
        finish: String,
    },
    /// The answer does not satisfy the schema.
    #[error(transparent)]
    Invalid(#[from] AnalysisError),
}

impl Thinker {
    /// What a turn meant: intent, callback words, sentiment, slots. Remembers the mood for routing.
    ///
    /// # Errors
    /// Why there is no analysis; the call goes on without it.
    pub async fn analyse(&self, history: &History, turn: Turn<'_>) -> Result<Analysis, NotUnderstood> {
        let request = self.parts.script.analysis_request(history, turn.utterance);
        let mut meter = self.meter(&request, Purpose::Analysis, turn.number).ok_or(NotUnderstood::NoBudget)?;
        meter.entry.prompt_version = Some(self.parts.script.analysis_version());
        let answer = match timeout(self.patience(), self.parts.mind.complete(&request)).await {
            Err(_) => {
                meter.done("late", None);
                return Err(NotUnderstood::Late);
            }
            Ok(Err(error)) => {
                meter.refused();
                return Err(error.into());
            }
            Ok(Ok(answer)) => answer,
        };
        meter.heard(&answer.content);
        meter.done(&answer.finish, Some(answer.usage));
        let analysis = Analysis::parse(&self.parts.script.definition().slots, &whole(answer)?)?;
        self.remember(analysis.sentiment);
        Ok(analysis)
    }

    fn remember(&self, sentiment: i8) {
        let mut mood = self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        mood.before = mood.last;
        mood.last = Some(sentiment);
    }
}

/// The content of an answer that was neither refused nor cut.
fn whole(answer: ChatAnswer) -> Result<String, NotUnderstood> {
    if answer.refusal.is_some() {
        return Err(NotUnderstood::Unfinished { finish: "refusal".to_owned() });
    }
    if answer.finish != "stop" {
        return Err(NotUnderstood::Unfinished { finish: answer.finish });
    }
    Ok(answer.content)
}
