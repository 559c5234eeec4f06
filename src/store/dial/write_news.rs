//! What was folded without a lock, written: each row only while it is the one that was looked at. Calls whose news come in the same
//! moment share the statement.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::dialing::{CallStatus, Folded, Meeting};
use crate::domain::ids::{AttemptId, CampaignId, JobId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Db, engine_part, on_db};
use crate::store::dial::row::folded;
use crate::store::dial::sql::{given, rows};
use crate::store::finish_job::FinishJob;
use crate::store::{Store, StoreError};

/// Locks attempt and lead, as the other transactions do. A row that somebody else has is left out: the others do not wait for it.
/// A call's first signed news note whose it is, and nothing is written for one that was named for another attempt. A call that is bound
/// counts for its lead, on top of those that were there before the statement. With the provider's end the job that folds the outcome
/// is enqueued.
pub(super) const NEWS: &str = concat!(
    "WITH ",
    given!(
        "attempt UUID, version TEXT, send_no BIGINT, state TEXT, call_sid TEXT, status TEXT, sequence INTEGER, sip_code INTEGER,
         answered_by TEXT, placed_at BIGINT, ringing_at BIGINT, answered_at BIGINT, ended_at BIGINT, duration_s INTEGER, at BIGINT,
         binds BOOLEAN, noted BOOLEAN, job UUID, kind TEXT, key TEXT, payload TEXT, tries BIGINT"
    ),
    ",
     own AS MATERIALIZED (SELECT asked.*, own.lead_id, own.campaign_id, own.to_number FROM asked CROSS JOIN LATERAL (
        SELECT lead_id, campaign_id, to_number FROM attempt WHERE attempt.id = asked.attempt
            AND (CAST(attempt.xmin AS TEXT) = asked.version
                OR asked.version IS NULL AND attempt.state = 'sending' AND attempt.send_no = asked.send_no AND attempt.call_sid IS NULL)
        FOR NO KEY UPDATE SKIP LOCKED) AS own),
     callee AS MATERIALIZED (SELECT own.attempt FROM own CROSS JOIN LATERAL (
        SELECT id FROM lead WHERE lead.id = own.lead_id FOR NO KEY UPDATE SKIP LOCKED) AS callee WHERE own.binds),
     free AS MATERIALIZED (SELECT * FROM own WHERE NOT own.binds OR own.attempt IN (SELECT attempt FROM callee)),
     seen AS (INSERT INTO seen_call (provider, call_sid, attempt_id, send_no, signed, seen_at)
        SELECT 'twilio', free.call_sid, free.attempt, free.send_no, TRUE, free.at FROM free WHERE NOT free.noted ORDER BY free.call_sid
        ON CONFLICT (provider, call_sid) DO UPDATE SET signed = TRUE WHERE seen_call.attempt_id = excluded.attempt_id
        RETURNING attempt_id),
     changed AS (UPDATE attempt SET ",
    folded!(
        "free.state",
        "free.call_sid",
        "free.status",
        "free.sequence",
        "free.sip_code",
        "free.answered_by",
        "free.placed_at",
        "free.ringing_at",
        "free.answered_at",
        "free.ended_at",
        "free.duration_s",
        "free.at"
    ),
    engine_part!(postgres now),
    " FROM free WHERE attempt.id = free.attempt AND (free.noted OR free.attempt IN (SELECT attempt_id FROM seen)) RETURNING free.*),
     counted AS (UPDATE lead SET placed = 1 + (SELECT COUNT(*) FROM attempt other
            WHERE other.lead_id = lead.id AND other.placed_at IS NOT NULL AND other.id <> changed.attempt)
        FROM changed WHERE lead.id = changed.lead_id AND changed.binds),
     rung AS (INSERT INTO job (id, kind, key, payload, state, run_at, max_attempts, created_at, updated_at)
        SELECT changed.job, changed.kind, changed.key, changed.payload, 'queued', changed.at, changed.tries, changed.at, changed.at
        FROM changed WHERE changed.job IS NOT NULL ON CONFLICT (kind, key) DO NOTHING)
     SELECT attempt, lead_id, campaign_id, to_number FROM changed"
);

/// Which row may be written.
#[derive(Debug)]
pub(super) enum OnlyIf {
    /// The one that was read.
    Version(String),
    /// One that waits for the answer to its POST.
    Sending,
}

/// A row of [`NEWS`].
#[derive(Debug, Serialize)]
pub(super) struct Change {
    attempt: AttemptId,
    version: Option<String>,
    send_no: u32,
    state: &'static str,
    call_sid: Option<String>,
    status: Option<&'static str>,
    sequence: i32,
    sip_code: Option<u16>,
    answered_by: Option<String>,
    placed_at: Option<i64>,
    ringing_at: Option<i64>,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
    duration_s: Option<i32>,
    at: i64,
    binds: bool,
    noted: bool,
    #[serde(flatten)]
    job: Option<Job>,
}

/// The job that folds the outcome.
#[derive(Debug, Serialize)]
struct Job {
    job: JobId,
    kind: String,
    key: String,
    payload: String,
    tries: u32,
}

/// Whose news were written.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Whose {
    attempt: AttemptId,
    pub lead_id: LeadId,
    pub campaign_id: CampaignId,
    pub to_number: PhoneNumber,
}

impl Change {
    /// `noted`: the call is known as this attempt's.
    pub fn of(attempt: AttemptId, only_if: OnlyIf, folded: &Folded, noted: bool, now: Timestamp) -> Self {
        let (row, millis) = (&folded.row, |at: Option<Timestamp>| at.map(Timestamp::as_millis));
        Self {
            attempt,
            version: match only_if {
                OnlyIf::Version(version) => Some(version),
                OnlyIf::Sending => None,
            },
            send_no: row.send_no,
            state: row.state.as_str(),
            call_sid: row.call_sid.clone(),
            status: row.status.map(CallStatus::as_str),
            sequence: row.sequence,
            sip_code: row.sip_code,
            answered_by: row.answered_by.clone(),
            placed_at: millis(row.placed_at),
            ringing_at: millis(row.ringing_at),
            answered_at: millis(row.answered_at),
            ended_at: millis(row.provider_ended_at),
            duration_s: row.provider_duration_s.map(|s| i32::try_from(s).unwrap_or(i32::MAX)),
            at: now.as_millis(),
            binds: folded.meeting == Meeting::Bind,
            noted,
            job: folded.finish.then(|| Job::of(attempt, now)),
        }
    }
}

impl Job {
    fn of(attempt: AttemptId, now: Timestamp) -> Self {
        let finish = FinishJob::of(attempt);
        let row = finish.row(now);
        let (kind, key, payload) = (row.kind.to_owned(), row.key.to_owned(), row.payload.to_owned());
        Self { job: JobId::new(), kind, key, payload, tries: row.max_attempts }
    }
}

impl Store {
    /// `None` when the row is not the one that was looked at.
    pub(super) async fn written(&self, change: Change) -> Result<Option<Whose>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        let written = self.rounds.news.ask_server(server, change, async |changes| self.write_all(changes).await);
        Ok(written.await?.flatten())
    }

    /// In the order of the changes. Of two that change one attempt, or name one call, one is written.
    async fn write_all(&self, changes: Vec<Change>) -> Result<Vec<Option<Whose>>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Vec::new()) };
        let asked: Vec<AttemptId> = changes.iter().map(|change| change.attempt).collect();
        let rows = rows(one_each(changes))?;
        let found: Result<Vec<Whose>, StoreError> =
            on_db!(@read_server server, conn, Ok(sqlx::query_as(NEWS).bind(rows).fetch_all(conn).await?));
        let mut found: HashMap<AttemptId, Whose> = found?.into_iter().map(|whose| (whose.attempt, whose)).collect();
        Ok(asked.iter().map(|attempt| found.remove(attempt)).collect())
    }
}

/// The first of each, in the order in which rows are locked.
fn one_each(changes: Vec<Change>) -> Vec<Change> {
    let (mut attempts, mut calls) = (HashSet::new(), HashSet::new());
    let mut first = |change: &Change| attempts.insert(change.attempt) && change.call_sid.clone().is_none_or(|sid| calls.insert(sid));
    let mut alone: Vec<Change> = changes.into_iter().filter(|change| first(change)).collect();
    alone.sort_by_key(|change| change.attempt);
    alone
}
