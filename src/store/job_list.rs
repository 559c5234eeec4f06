//! Jobs as an operator sees them: counted, listed, revived.

use crate::domain::count::counted;
use crate::domain::ids::JobId;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, NewAudit};
use crate::store::db::on_db;
use crate::store::job::{Job, JobState};
use crate::store::{Change, Store, StoreError};

impl Store {
    /// Jobs by kind and state.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn count_jobs(&self) -> Result<Vec<(String, JobState, i64)>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT kind, state, COUNT(*) FROM job GROUP BY kind, state ORDER BY kind, state";
            Ok(sqlx::query_as(sql).fetch_all(conn).await?)
        })
    }

    /// A page of jobs, oldest first, after `after`; of one kind and in one state where given.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn jobs(
        &self,
        kind: Option<&str>,
        state: Option<JobState>,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT * FROM job WHERE ($1 IS NULL OR kind = $1) AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR id > $3)
                 ORDER BY id LIMIT $4",
            )
            .bind(kind).bind(state).bind(after).bind(i64::from(limit))
            .fetch_all(conn).await?)
        })
    }

    /// The job of a kind about one thing.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn job(&self, kind: &str, key: &str) -> Result<Option<Job>, StoreError> {
        on_db!(self.db, read, conn => {
            Ok(sqlx::query_as("SELECT * FROM job WHERE kind = $1 AND key = $2").bind(kind).bind(key).fetch_optional(conn).await?)
        })
    }

    /// Revives a dead job with all its tries, or runs a waiting one at once.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn retry_job(&self, id: JobId, actor: &str, now: Timestamp) -> Result<Change<JobState>, StoreError> {
        on_db!(self.db, write, tx => {
            let rows = sqlx::query(
                "UPDATE job SET state = 'queued', attempts = 0, run_at = $2, updated_at = $2
                 WHERE id = $1 AND state IN ('dead', 'queued')",
            )
            .bind(id).bind(now).execute(&mut *tx).await?.rows_affected();
            let state = sqlx::query_scalar("SELECT state FROM job WHERE id = $1").bind(id).fetch_optional(&mut *tx).await?;
            let change = Change::of(rows, state);
            if change.is_changed() {
                let subject = format!("job/{id}");
                audit::append(tx.into(), NewAudit { actor, action: "job.retry", subject: &subject, detail: "" }, now).await?;
            }
            Ok(change)
        })
    }

    /// Revives every dead job of a kind, or of all kinds; how many.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn retry_dead_jobs(&self, kind: Option<&str>, actor: &str, now: Timestamp) -> Result<u64, StoreError> {
        on_db!(self.db, write, tx => {
            let rows = sqlx::query(
                "UPDATE job SET state = 'queued', attempts = 0, run_at = $2, updated_at = $2
                 WHERE state = 'dead' AND ($1 IS NULL OR kind = $1)",
            )
            .bind(kind).bind(now).execute(&mut *tx).await?.rows_affected();
            let (subject, detail) = (format!("queue/{}", kind.unwrap_or("all")), counted(rows, "job"));
            audit::append(tx.into(), NewAudit { actor, action: "job.retry_dead", subject: &subject, detail: &detail }, now).await?;
            Ok(rows)
        })
    }
}
