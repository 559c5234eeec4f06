//! The tasks a finished call leaves behind.

use serde::{Deserialize, Serialize};

use crate::agents::definition::AgentDefinition;
use crate::domain::ids::{AttemptId, CampaignId, PromptVersionId};
use crate::domain::time::Timestamp;
use crate::mind::history::Line;
use crate::mind::prompt::{PromptError, PromptTexts, after_call};
use crate::providers::ChatRequest;
use crate::store::deferred::{NewTask, TaskKind};

/// Which call the tasks are about.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The call.
    pub attempt: AttemptId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// When the results should be there.
    pub due_at: Timestamp,
}

/// A task with everything it needs, ready to be stored.
#[derive(Debug, Clone)]
pub struct TaskDraft {
    kind: TaskKind,
    subject: Subject,
    model: String,
    prompt_version: PromptVersionId,
    request: String,
}

impl TaskDraft {
    /// As the store takes it.
    #[must_use]
    pub fn as_new(&self) -> NewTask<'_> {
        NewTask {
            kind: self.kind,
            attempt: self.subject.attempt,
            campaign: self.subject.campaign,
            model: &self.model,
            prompt_version: Some(self.prompt_version),
            request: &self.request,
            due_at: self.subject.due_at,
        }
    }
}

/// What a task's row keeps of its request: rendered once, so that a prompt published later changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredRequest {
    /// The request.
    pub(super) chat: ChatRequest,
    /// The expensive model of the agent, for the ledger's baseline.
    pub(super) baseline_model: String,
}

/// A note and a score for a call that had a conversation; nothing when nobody spoke.
///
/// # Errors
/// When a prompt does not render.
pub fn tasks_for(subject: Subject, texts: &PromptTexts, def: &AgentDefinition, transcript: &[Line]) -> Result<Vec<TaskDraft>, PromptError> {
    if !transcript.iter().any(|line| line.who == crate::providers::Role::User) {
        return Ok(Vec::new());
    }
    let draft = |kind, chat: ChatRequest, prompt_version| TaskDraft {
        kind,
        subject,
        model: chat.model.clone(),
        prompt_version,
        request: stored(chat, def),
    };
    Ok(vec![
        draft(TaskKind::Summary, after_call::summary_request(texts, def, transcript)?, texts.summary.id),
        draft(TaskKind::Score, after_call::score_request(texts, def, transcript)?, texts.score.id),
    ])
}

fn stored(chat: ChatRequest, def: &AgentDefinition) -> String {
    let stored = StoredRequest { chat, baseline_model: def.models.reasoning.clone() };
    serde_json::to_string(&stored).expect("a request has only string keys and finite numbers")
}
