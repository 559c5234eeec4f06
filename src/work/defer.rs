//! After a conversation: a note for colleagues and a score, put where cheap batches find them.

use std::time::Duration;

use callfleet_jobs::Verdict;

use crate::call::journal::EventKind;
use crate::clock::SharedClock;
use crate::deferred::{Deferred, Subject, tasks_for};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::mind::history::Line;
use crate::providers::Role;
use crate::store::{Store, StoreError};
use crate::work::agents::Agents;

/// Writes down what may wait.
#[derive(Clone)]
pub struct Deferrer {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// Whose prompts to ask with.
    pub agents: Agents,
    /// When a task may wait no longer.
    pub due: Duration,
}

impl Deferrer {
    /// Writes the tasks of an ended attempt; a second time writes nothing.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn defer(&self, attempt: AttemptId, campaign: CampaignId) -> Result<(), StoreError> {
        let transcript = self.transcript(attempt).await?;
        let version = self.store.attempt(attempt).await?.and_then(|view| view.agent_version_id);
        let Some(version) = version else { return Ok(()) };
        let agent = match self.agents.at_hand(version).await {
            Ok(agent) => agent,
            Err(error) => return complain(attempt, &error),
        };
        let now = self.clock.now();
        let subject = Subject { attempt, campaign, due_at: now + self.due };
        match tasks_for(subject, &agent.texts, &agent.definition, &transcript) {
            Ok(drafts) => {
                let tasks: Vec<_> = drafts.iter().map(crate::deferred::TaskDraft::as_new).collect();
                self.store.defer_tasks(&tasks, now).await.map(drop)
            }
            Err(error) => complain(attempt, &error),
        }
    }

    async fn transcript(&self, attempt: AttemptId) -> Result<Vec<Line>, StoreError> {
        let said = self.store.transcript(attempt).await?;
        let line = |kind, text| Line { who: if kind == EventKind::Callee { Role::User } else { Role::Assistant }, text };
        Ok(said.into_iter().map(|stored| line(stored.event.kind, stored.event.body)).collect())
    }
}

/// The call is over and its outcome stands; a missing note is no reason to hold that up.
fn complain(attempt: AttemptId, error: &dyn std::fmt::Display) -> Result<(), StoreError> {
    tracing::error!(attempt.id = %attempt, %error, "no summary and no score for an ended call");
    Ok(())
}

/// The two jobs that are never done: each snoozes until its next round.
#[derive(Clone)]
pub struct BatchWork {
    /// Gathers and collects.
    pub deferred: Deferred,
    /// Between two rounds.
    pub every: Duration,
}

impl BatchWork {
    /// Puts waiting tasks into batches.
    pub async fn gather(&self) -> Verdict {
        match self.deferred.gather().await {
            Ok(_) => Verdict::Snooze(self.every),
            Err(error) => self.again("gather", &error),
        }
    }

    /// Applies what batches answered.
    pub async fn collect(&self) -> Verdict {
        match self.deferred.collect().await {
            Ok(_) => Verdict::Snooze(self.every),
            Err(error) => self.again("collect", &error),
        }
    }

    /// A standing job never uses up its tries.
    fn again(&self, round: &str, error: &StoreError) -> Verdict {
        tracing::warn!(round, %error, "deferred work did not go on; the next round tries again");
        Verdict::Snooze(self.every)
    }
}
