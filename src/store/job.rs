//! Jobs that are not dials: one row per job, whatever rings for it. Claimed under a lease of the database's clock and
//! ended by compare-and-set, so a worker that died or was overtaken cannot end somebody else's claim.

use std::time::Duration;

use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

pub use crate::domain::background::JobState;
use crate::domain::background::{JOB, allows};
use crate::domain::ids::JobId;
use crate::domain::time::Timestamp;
use crate::store::codec::{JsonText, millis, words};
use crate::store::db::{Conn, Db, EngineSql, engine_sql, on_conn, on_db};
use crate::store::{Store, StoreError};

words!(JobState);

/// A job to enqueue. `key` makes it idempotent: one row per (kind, key), ever.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    /// Which handler.
    pub kind: &'a str,
    /// What it is about, for example an attempt's id.
    pub key: &'a str,
    /// Ids and an envelope version, as JSON; no personal data.
    pub payload: &'a str,
    /// Not before.
    pub run_at: Timestamp,
    /// Tries before it is given up.
    pub max_attempts: u32,
}

/// A job this process may run until its lease lapses.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ClaimedJob {
    /// Its id.
    pub id: JobId,
    /// Which handler.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// JSON.
    pub payload: String,
    /// Tries so far, this one included.
    pub attempts: i32,
    /// Tries before it is given up.
    pub max_attempts: i32,
    /// Which claim this is; ending it asks for the same number.
    pub claim_no: i64,
}

/// How a claimed job ended.
#[derive(Debug, Clone, Copy)]
pub enum JobEnd<'a> {
    /// It did its work.
    Done,
    /// Not yet: again at this time, without having used up a try.
    Snooze(Timestamp),
    /// It failed: again at this time, or dead when the tries are used up.
    Retry {
        /// What went wrong; no personal data.
        error: &'a str,
        /// When to try again.
        at: Timestamp,
    },
    /// It failed and trying again does not help.
    Dead(&'a str),
}

/// Enqueues inside a transaction of the caller; `None` when a job of this kind and key was enqueued before.
pub(crate) async fn enqueue(conn: Conn<'_>, job: NewJob<'_>, now: Timestamp) -> Result<Option<JobId>, StoreError> {
    const INSERT: &str = "INSERT INTO job (id, kind, key, payload, state, run_at, max_attempts, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $7) ON CONFLICT (kind, key) DO NOTHING RETURNING id";
    on_conn!(conn, conn => {
        let row = sqlx::query_scalar(INSERT).bind(JobId::new()).bind(job.kind).bind(job.key).bind(job.payload);
        Ok(row.bind(job.run_at).bind(i64::from(job.max_attempts)).bind(now).fetch_optional(conn).await?)
    })
}

impl Store {
    /// Enqueues a job; `None` when a job of this kind and key was enqueued before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn enqueue_job(&self, job: NewJob<'_>, now: Timestamp) -> Result<Option<JobId>, StoreError> {
        on_db!(self.db, statement, conn => enqueue(conn.into(), job, now).await)
    }

    /// Claims up to `limit` due jobs of these kinds for `lease`; kinds whose queue is paused are left alone.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn claim_jobs(&self, kinds: &[&str], lease: Duration, limit: u32, now: Timestamp) -> Result<Vec<ClaimedJob>, StoreError> {
        // each state is one range of the index `job_due`, in its order: what has left it is passed over once and not again
        const CLAIM: EngineSql = engine_sql!(
            "WITH due AS MATERIALIZED (
               SELECT id FROM job WHERE state = 'queued' AND run_at <= $2 AND kind " (among "$1") "
                 AND NOT EXISTS (SELECT 1 FROM queue_control q WHERE q.queue = job.kind AND q.paused)
               ORDER BY run_at LIMIT $3" skip_locked "),
             lapsed AS MATERIALIZED (
               SELECT id FROM job WHERE state = 'running' AND lease_until_db < " now " AND kind " (among "$1") "
                 AND NOT EXISTS (SELECT 1 FROM queue_control q WHERE q.queue = job.kind AND q.paused)
               ORDER BY run_at LIMIT $3" skip_locked ")
             UPDATE job SET state = 'running', attempts = attempts + 1, claim_no = claim_no + 1,
               lease_until_db = " now " + $4, updated_at = $2
             WHERE id IN (SELECT id FROM (SELECT id FROM lapsed UNION ALL SELECT id FROM due) AS mine LIMIT $3)
             RETURNING id, kind, key, payload, attempts, max_attempts, claim_no"
        );
        let sql = CLAIM.on(&self.db);
        on_db!(self.db, statement, conn => {
            Ok(sqlx::query_as(sql).bind(JsonText(kinds)).bind(now).bind(i64::from(limit)).bind(millis(lease)).fetch_all(conn).await?)
        })
    }

    /// Lengthens the lease of a claim; false when the claim is not ours any more and the work must stop.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn renew_job(&self, job: &ClaimedJob, lease: Duration) -> Result<bool, StoreError> {
        const RENEW: EngineSql = engine_sql!(
            "UPDATE job SET lease_until_db = " now " + $3 WHERE id = $1 AND claim_no = $2 AND state = 'running'"
        );
        let sql = RENEW.on(&self.db);
        on_db!(self.db, statement, conn => {
            let done = sqlx::query(sql).bind(job.id).bind(job.claim_no).bind(millis(lease)).execute(conn).await?;
            Ok(done.rows_affected() == 1)
        })
    }

    /// Ends claims whose jobs are done, all at once; how many of them were still ours.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn end_done_jobs(&self, jobs: &[ClaimedJob], now: Timestamp) -> Result<u64, StoreError> {
        if jobs.is_empty() {
            return Ok(0);
        }
        const DONE: &str = "UPDATE job SET state = 'done', lease_until_db = 0, updated_at = $3
             WHERE id = $1 AND claim_no = $2 AND state = 'running'";
        const ALL_DONE: &str = "UPDATE job SET state = 'done', lease_until_db = 0, updated_at = $3
             FROM unnest($1, $2) AS ended (id, claim_no)
             WHERE job.id = ended.id AND job.claim_no = ended.claim_no AND job.state = 'running'";
        if let Db::Postgres(server) = &self.db {
            let (ids, claims): (Vec<Uuid>, Vec<i64>) = jobs.iter().map(|job| (job.id.0, job.claim_no)).unzip();
            return on_db!(@read_server server, conn, {
                Ok(sqlx::query(ALL_DONE).bind(ids).bind(claims).bind(now).execute(conn).await?.rows_affected())
            });
        }
        on_db!(self.db, write, tx => {
            let mut ended = 0;
            for job in jobs {
                ended += sqlx::query(DONE).bind(job.id).bind(job.claim_no).bind(now).execute(&mut *tx).await?.rows_affected();
            }
            Ok(ended)
        })
    }

    /// Ends a claim; the state the job is in now, `None` when the claim was not ours any more and nothing was written.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn end_job(&self, job: &ClaimedJob, end: JobEnd<'_>, now: Timestamp) -> Result<Option<JobState>, StoreError> {
        let used_up = job.attempts >= job.max_attempts;
        let (state, run_at, error, refund) = match end {
            JobEnd::Done => (JobState::Done, None, None, 0),
            JobEnd::Snooze(at) => (JobState::Queued, Some(at), None, 1),
            JobEnd::Retry { error, at } if !used_up => (JobState::Queued, Some(at), Some(error), 0),
            JobEnd::Retry { error, .. } | JobEnd::Dead(error) => (JobState::Dead, None, Some(error), 0),
        };
        debug_assert!(allows(JOB, JobState::Running, state), "running to {state}");
        on_db!(self.db, statement, conn => {
            let done = sqlx::query(
                "UPDATE job SET state = $3, run_at = COALESCE($4, run_at), last_error = COALESCE($5, last_error),
                   attempts = attempts - $6, lease_until_db = 0, updated_at = $7
                 WHERE id = $1 AND claim_no = $2 AND state = 'running'",
            )
            .bind(job.id).bind(job.claim_no).bind(state).bind(run_at).bind(error).bind(refund).bind(now)
            .execute(conn).await?;
            Ok((done.rows_affected() == 1).then_some(state))
        })
    }
}

/// A job as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Which handler.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// JSON.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// Not before.
    pub run_at: Timestamp,
    /// Tries so far.
    pub attempts: i32,
    /// Tries before it is given up.
    pub max_attempts: i32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
