//! Provider batches. The row is written before the provider hears of it, so a crash at any point finds its batch again.

use serde::Serialize;
use sqlx::FromRow;

pub use crate::domain::background::BatchState;
use crate::domain::ids::BatchId;
use crate::domain::time::Timestamp;
use crate::store::codec::words;
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::deferred::Task;
use crate::store::{Store, StoreError};

words!(BatchState);

/// A batch as it stands.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Batch {
    /// Its id; sent to the provider as metadata, so that a lost answer can be looked up.
    pub id: BatchId,
    /// The one model it asks.
    pub model: String,
    /// Where it stands.
    pub state: BatchState,
    /// The provider's id of the uploaded file.
    pub input_file_id: Option<String>,
    /// The provider's id of the batch.
    pub provider_batch_id: Option<String>,
    /// Tasks it began with.
    pub tasks: i32,
    /// When it was gathered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// Gathers up to `limit` waiting tasks of a model, most urgent first, into a new batch; `None` when none waits.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn open_batch(&self, model: &str, limit: u32, now: Timestamp) -> Result<Option<(Batch, Vec<Task>)>, StoreError> {
        const GATHER: EngineSql = engine_sql!(
            "WITH gathered AS MATERIALIZED (
               SELECT id FROM deferred_task WHERE state = 'waiting' AND model = $1 ORDER BY due_at, id LIMIT $2" skip_locked ")
             UPDATE deferred_task SET state = 'batched', batch_id = $3, updated_at = $4
             WHERE id IN (SELECT id FROM gathered) RETURNING *"
        );
        let sql = GATHER.on(&self.db);
        let id = BatchId::new();
        on_db!(self.db, write, tx => {
            let tasks: Vec<Task> =
                sqlx::query_as(sql).bind(model).bind(i64::from(limit)).bind(id).bind(now).fetch_all(&mut *tx).await?;
            if tasks.is_empty() {
                return Ok(None);
            }
            let batch = sqlx::query_as(
                "INSERT INTO batch (id, model, state, tasks, created_at, updated_at) VALUES ($1, $2, 'intent', $3, $4, $4) RETURNING *",
            )
            .bind(id).bind(model).bind(i64::try_from(tasks.len()).unwrap_or(i64::MAX)).bind(now)
            .fetch_one(tx).await?;
            Ok(Some((batch, tasks)))
        })
    }

    /// The batch of this id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM batch WHERE id = $1").bind(id).fetch_optional(conn).await?)
        })
    }

    /// Batches that are neither collected nor failed, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_batches(&self) -> Result<Vec<Batch>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT * FROM batch WHERE state IN ('intent', 'uploaded', 'submitted') ORDER BY id";
            Ok(sqlx::query_as(sql).fetch_all(conn).await?)
        })
    }

    /// When the first unanswered task of a batch should be there; `None` when all are answered.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn batch_due(&self, id: BatchId) -> Result<Option<Timestamp>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT MIN(due_at) FROM deferred_task WHERE batch_id = $1 AND state = 'batched'";
            Ok(sqlx::query_scalar(sql).bind(id).fetch_one(conn).await?)
        })
    }

    /// Remembers the uploaded file; false when the batch was not `intent` any more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn batch_uploaded(&self, id: BatchId, file_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE batch SET state = 'uploaded', input_file_id = $2, updated_at = $3 WHERE id = $1 AND state = 'intent'";
        self.move_batch(id, sql, file_id, now).await
    }

    /// Remembers the provider's batch; false when the batch was not `uploaded` any more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn batch_submitted(&self, id: BatchId, provider_batch_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE batch SET state = 'submitted', provider_batch_id = $2, updated_at = $3 WHERE id = $1 AND state = 'uploaded'";
        self.move_batch(id, sql, provider_batch_id, now).await
    }

    /// Closes a batch whose results are applied; false while a task is still in it, or when it was closed before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn batch_collected(&self, id: BatchId, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            let done = sqlx::query(
                "UPDATE batch SET state = 'collected', updated_at = $2 WHERE id = $1 AND state = 'submitted'
                 AND NOT EXISTS (SELECT 1 FROM deferred_task WHERE batch_id = $1 AND state = 'batched')",
            )
            .bind(id).bind(now).execute(tx).await?;
            Ok(done.rows_affected() == 1)
        })
    }

    /// Gives a batch up; its unanswered tasks wait again, or fail after `max_tries`. How many went back, `None` when the
    /// batch was closed before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn batch_failed(&self, id: BatchId, error: &str, max_tries: u32, now: Timestamp) -> Result<Option<u64>, StoreError> {
        on_db!(self.db, write, tx => {
            let closed = sqlx::query(
                "UPDATE batch SET state = 'failed', updated_at = $2 WHERE id = $1 AND state IN ('intent', 'uploaded', 'submitted')",
            )
            .bind(id).bind(now).execute(&mut *tx).await?.rows_affected();
            if closed == 0 {
                return Ok(None);
            }
            let back = sqlx::query(
                "UPDATE deferred_task SET state = CASE WHEN tries + 1 >= $3 THEN 'failed' ELSE 'waiting' END,
                   tries = tries + 1, batch_id = NULL, last_error = $2, updated_at = $4
                 WHERE batch_id = $1 AND state = 'batched'",
            )
            .bind(id).bind(error).bind(i64::from(max_tries)).bind(now).execute(tx).await?;
            Ok(Some(back.rows_affected()))
        })
    }

    async fn move_batch(&self, id: BatchId, sql: &'static str, value: &str, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            Ok(sqlx::query(sql).bind(id).bind(value).bind(now).execute(tx).await?.rows_affected() == 1)
        })
    }
}
