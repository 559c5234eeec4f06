//! Pausing and resuming queues. A pause is a row: it holds for every process and survives restarts; messages only make it
//! known sooner.

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// The queue of dials; every other queue has the name of its job kind.
pub const DIAL_QUEUE: &str = "dial";

/// Whether the queue of dials is paused, as part of a statement that acts on it.
macro_rules! dials_paused {
    () => {
        "EXISTS (SELECT 1 FROM queue_control WHERE queue = 'dial' AND paused)"
    };
}
pub(super) use dials_paused;

/// Whether a queue runs. A queue without a row runs.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct QueueControl {
    /// Its name.
    pub queue: String,
    /// New claims are stopped; running work goes on.
    pub paused: bool,
    /// Since when.
    pub updated_at: Timestamp,
}

impl Store {
    /// Pauses or resumes a queue; whether that changed anything.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn set_queue_paused(&self, queue: &str, paused: bool, actor: &str, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            let changed = sqlx::query(
                "INSERT INTO queue_control (queue, paused, updated_at) SELECT $1, $2, $3 WHERE $2 OR EXISTS (
                   SELECT 1 FROM queue_control WHERE queue = $1)
                 ON CONFLICT (queue) DO UPDATE SET paused = excluded.paused, updated_at = excluded.updated_at
                 WHERE queue_control.paused <> excluded.paused",
            )
            .bind(queue).bind(paused).bind(now).execute(&mut *tx).await?.rows_affected() == 1;
            if changed {
                let (subject, action) = (format!("queue/{queue}"), if paused { "queue.pause" } else { "queue.resume" });
                audit::append(tx.into(), NewAudit { actor, action, subject: &subject, detail: "" }, now).await?;
            }
            Ok(changed)
        })
    }

    /// Whether a queue is paused.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_queue_paused(&self, queue: &str) -> Result<bool, StoreError> {
        on_db!(self.db, read, conn => {
            let paused: Option<bool> =
                sqlx::query_scalar("SELECT paused FROM queue_control WHERE queue = $1").bind(queue).fetch_optional(conn).await?;
            Ok(paused.unwrap_or(false))
        })
    }

    /// Every queue that was ever paused.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn queue_controls(&self) -> Result<Vec<QueueControl>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT queue, paused, updated_at FROM queue_control ORDER BY queue").fetch_all(conn).await?)
        })
    }
}
