//! Non-urgent LLM work about ended calls: what is wanted, where it is, and its result, applied once.

use serde::Serialize;
use sqlx::FromRow;

pub use crate::domain::background::TaskState;
use crate::domain::ids::{AttemptId, BatchId, CampaignId, PromptVersionId, TaskId};
use crate::domain::time::Timestamp;
use crate::store::codec::words;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::{Store, StoreError};
use crate::word_enum;

word_enum! {
    /// What is wanted.
    pub enum TaskKind {
        /// What was said, in a few sentences.
        Summary = "summary",
        /// How the call went, as a number with reasons.
        Score = "score",
    }
}

words!(TaskKind, TaskState);

/// A task to keep. One per kind and attempt: asking twice wants it once.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// What is wanted.
    pub kind: TaskKind,
    /// About which call.
    pub attempt: AttemptId,
    /// For which campaign.
    pub campaign: CampaignId,
    /// Which model; a batch holds one model.
    pub model: &'a str,
    /// The prompt it asks with.
    pub prompt_version: Option<PromptVersionId>,
    /// The request, JSON.
    pub request: &'a str,
    /// When the result should be there.
    pub due_at: Timestamp,
}

/// A task as it stands.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Task {
    /// Its id; the provider's `custom_id`.
    pub id: TaskId,
    /// What is wanted.
    pub kind: TaskKind,
    /// About which call.
    pub attempt_id: AttemptId,
    /// For which campaign.
    pub campaign_id: CampaignId,
    /// Which model.
    pub model: String,
    /// The prompt it asks with.
    pub prompt_version_id: Option<PromptVersionId>,
    /// The request, JSON.
    pub request: String,
    /// Where it stands.
    pub state: TaskState,
    /// In which batch.
    pub batch_id: Option<BatchId>,
    /// Batches that came back without its result.
    pub tries: i32,
    /// When the result should be there.
    pub due_at: Timestamp,
    /// The result, JSON.
    pub result: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Waiting tasks of one model.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Gatherable {
    /// Which model.
    pub model: String,
    /// How many tasks.
    pub tasks: i64,
    /// When the oldest was asked for.
    pub oldest: Timestamp,
    /// When the first result should be there.
    pub due_at: Timestamp,
}

/// Which tasks to list; everything that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct TaskFilter {
    /// In one state.
    pub state: Option<TaskState>,
    /// About one call.
    pub attempt: Option<AttemptId>,
    /// Of one batch.
    pub batch: Option<BatchId>,
}

/// Keeps a task inside a transaction of the caller; `None` when it was asked for before.
pub(crate) async fn insert(conn: Conn<'_>, task: &NewTask<'_>, now: Timestamp) -> Result<Option<TaskId>, StoreError> {
    const INSERT: &str = "INSERT INTO deferred_task
           (id, kind, attempt_id, campaign_id, model, prompt_version_id, request, state, due_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $9) ON CONFLICT (kind, attempt_id) DO NOTHING RETURNING id";
    on_conn!(conn, conn => {
        let row = sqlx::query_scalar(INSERT).bind(TaskId::new()).bind(task.kind).bind(task.attempt).bind(task.campaign);
        let row = row.bind(task.model).bind(task.prompt_version).bind(task.request).bind(task.due_at).bind(now);
        Ok(row.fetch_optional(conn).await?)
    })
}

impl Store {
    /// Keeps tasks in one transaction; how many are new.
    ///
    /// # Errors
    /// An attempt does not exist, or the database cannot be written; nothing is stored then.
    pub async fn defer_tasks(&self, tasks: &[NewTask<'_>], now: Timestamp) -> Result<u64, StoreError> {
        on_db!(self.db, write, tx => {
            let mut new = 0;
            for task in tasks {
                new += u64::from(insert((&mut *tx).into(), task, now).await?.is_some());
            }
            Ok(new)
        })
    }

    /// What waits to be gathered, by model.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn gatherable_tasks(&self) -> Result<Vec<Gatherable>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT model, COUNT(*) AS tasks, MIN(created_at) AS oldest, MIN(due_at) AS due_at
                 FROM deferred_task WHERE state = 'waiting' GROUP BY model ORDER BY model",
            )
            .fetch_all(conn).await?)
        })
    }

    /// The task of this id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM deferred_task WHERE id = $1").bind(id).fetch_optional(conn).await?)
        })
    }

    /// A page of tasks, oldest first, after `after`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tasks(&self, filter: TaskFilter, after: Option<TaskId>, limit: u32) -> Result<Vec<Task>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT * FROM deferred_task WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR attempt_id = $2)
                   AND ($3 IS NULL OR batch_id = $3) AND ($4 IS NULL OR id > $4) ORDER BY id LIMIT $5",
            )
            .bind(filter.state).bind(filter.attempt).bind(filter.batch).bind(after).bind(i64::from(limit))
            .fetch_all(conn).await?)
        })
    }

    /// Stores the result of a task of a batch; false when it was applied before or the task left the batch.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn apply_task_result(&self, id: TaskId, batch: BatchId, result: &str, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            let done = sqlx::query(
                "UPDATE deferred_task SET state = 'done', result = $3, last_error = NULL, updated_at = $4
                 WHERE id = $1 AND batch_id = $2 AND state = 'batched'",
            )
            .bind(id).bind(batch).bind(result).bind(now).execute(tx).await?;
            Ok(done.rows_affected() == 1)
        })
    }

    /// Takes a task out of a batch that did not answer it: waiting again, or failed after `max_tries`. The state it is in
    /// now, `None` when it was not in this batch any more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn return_task(
        &self,
        id: TaskId,
        batch: BatchId,
        error: &str,
        max_tries: u32,
        now: Timestamp,
    ) -> Result<Option<TaskState>, StoreError> {
        on_db!(self.db, write, tx => {
            Ok(sqlx::query_scalar(
                "UPDATE deferred_task SET state = CASE WHEN tries + 1 >= $4 THEN 'failed' ELSE 'waiting' END,
                   tries = tries + 1, batch_id = NULL, last_error = $3, updated_at = $5
                 WHERE id = $1 AND batch_id = $2 AND state = 'batched' RETURNING state",
            )
            .bind(id).bind(batch).bind(error).bind(i64::from(max_tries)).bind(now)
            .fetch_optional(tx).await?)
        })
    }
}
