//! The end of an attempt at once, where the engine is a server: attempt and lead are decided on as they were read, without a lock,
//! then written by one statement that holds only while both are still so. Calls that end at the same time share it.
//!
//! What reaches beyond the two rows (a number that is suppressed, a promise) gives `None` and goes the locked way.

use std::collections::HashSet;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{DialTimings, LeadStep, Verdict};
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, Db, on_db};
use crate::store::dial::called::Called;
use crate::store::dial::ending::{Ending, Versions};
use crate::store::dial::finish::{Closing, FinishedCall, closed, finished, next_of};
use crate::store::dial::settle::Move;
use crate::store::dial::sql::{given, rows};
use crate::store::{Store, StoreError};

/// Locks in the order of the other transactions: attempt, lead; the number goes last. A row that somebody else has is left out: the
/// others of the round do not wait for it.
pub(super) const FINISH: &str = concat!(
    "WITH ",
    given!(
        "attempt UUID, version TEXT, lead_version TEXT, number TEXT, disposition TEXT, reason TEXT, opt_out BOOLEAN,
         recording_refused BOOLEAN, asked_if_ai BOOLEAN, human_requested BOOLEAN, ended_at BIGINT, duration_s INTEGER, placed_at BIGINT,
         at BIGINT, lead_state TEXT, kind TEXT, due BIGINT, why TEXT, lead_disposition TEXT, lead_reason TEXT, placed BIGINT"
    ),
    ",
     own AS MATERIALIZED (SELECT own.id, own.lead_id, asked.lead_version FROM asked CROSS JOIN LATERAL (
        SELECT id, lead_id FROM attempt WHERE id = asked.attempt AND CAST(xmin AS TEXT) = asked.version
        FOR NO KEY UPDATE SKIP LOCKED) AS own),
     callee AS MATERIALIZED (SELECT own.id AS attempt, callee.id FROM own CROSS JOIN LATERAL (
        SELECT id FROM lead WHERE id = own.lead_id AND CAST(xmin AS TEXT) = own.lead_version
        FOR NO KEY UPDATE SKIP LOCKED) AS callee),
     moved AS (UPDATE lead SET state = asked.lead_state, next_kind = COALESCE(asked.kind, lead.next_kind),
            next_attempt_at = COALESCE(asked.due, lead.next_attempt_at), wait_reason = asked.why,
            disposition = COALESCE(asked.lead_disposition, lead.disposition),
            reason = CASE WHEN asked.lead_state = 'finished' THEN asked.lead_reason ELSE COALESCE(asked.lead_reason, lead.reason) END,
            placed = asked.placed, updated_at = asked.at
        FROM callee JOIN asked ON asked.attempt = callee.attempt WHERE lead.id = callee.id RETURNING asked.attempt, asked.number),
     freed AS (DELETE FROM open_number USING moved
        WHERE open_number.phone_number = moved.number AND open_number.attempt_id = moved.attempt)
     UPDATE attempt SET ",
    closed!(
        "asked.attempt",
        "asked.disposition",
        "asked.reason",
        ("asked.opt_out", "asked.recording_refused", "asked.asked_if_ai", "asked.human_requested"),
        "asked.ended_at",
        "asked.duration_s",
        "asked.placed_at",
        "asked.at"
    ),
    " FROM moved JOIN asked ON asked.attempt = moved.attempt WHERE attempt.id = moved.attempt RETURNING attempt.id"
);

/// A row of [`FINISH`].
#[derive(Debug, Serialize)]
pub(super) struct Close {
    attempt: Uuid,
    version: String,
    lead_version: String,
    number: String,
    disposition: &'static str,
    reason: Option<&'static str>,
    opt_out: bool,
    recording_refused: bool,
    asked_if_ai: bool,
    human_requested: bool,
    ended_at: i64,
    duration_s: Option<i32>,
    placed_at: Option<i64>,
    at: i64,
    lead_state: &'static str,
    kind: Option<&'static str>,
    due: Option<i64>,
    why: Option<String>,
    lead_disposition: Option<&'static str>,
    lead_reason: Option<&'static str>,
    placed: u32,
}

impl Store {
    /// Folds the outcome; `None` when that has to be done, or refused, under a lock.
    pub(super) async fn finish_at_once(
        &self,
        ending: &Ending,
        verdict: Verdict,
        settings: &CampaignSettings,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Option<FinishedCall>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        let Some(versions) = ending.versions.as_ref().filter(|_| stays_here(&verdict)) else { return Ok(None) };
        let row = &ending.row;
        // not kept while the round is waited for: its runner needs a connection too
        let decided: Result<Option<(Called, LeadStep)>, StoreError> = on_db!(@read_server server, conn, {
            let mut conn: Conn<'_> = conn.into();
            let called = match versions.others {
                0 => Some(Called::first(versions.called.clone(), versions.suppressed)),
                _ => Called::read(conn.reborrow(), row, &verdict.outcome).await?,
            };
            let Some(called) = called else { return Ok(None) };
            let next = next_of(conn, row, &called, &verdict, (settings, timings), now).await?;
            Ok(moves_alone(&called, &next).then_some((called, next)))
        });
        let Some((called, next)) = decided? else { return Ok(None) };
        let close = Close::of(ending, versions, &called, &verdict, &next, now);
        let written = self.rounds.closes.ask_server(server, close, async |closes| self.close_all(closes).await).await?;
        Ok((written == Some(true)).then(|| finished(row, verdict, next)))
    }

    /// Which of them were written, in their order; of two that end the same attempt one is.
    async fn close_all(&self, closes: Vec<Close>) -> Result<Vec<bool>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Vec::new()) };
        let mut ordered: Vec<&Close> = closes.iter().collect();
        ordered.sort_by_key(|close| close.attempt);
        let rows = rows(ordered)?;
        let ended: Result<Vec<Uuid>, StoreError> =
            on_db!(@read_server server, conn, Ok(sqlx::query_scalar(FINISH).bind(rows).fetch_all(conn).await?));
        let mut ended: HashSet<Uuid> = ended?.into_iter().collect();
        Ok(closes.iter().map(|close| ended.remove(&close.attempt)).collect())
    }
}

/// Nothing but the attempt, its lead and its number changes.
fn stays_here(verdict: &Verdict) -> bool {
    !verdict.suppresses() && verdict.outcome.reason != Some(Reason::InvalidNumber) && verdict.outcome.callback.is_none()
}

/// The lead can go there, and no promise is counted.
fn moves_alone(called: &Called, next: &LeadStep) -> bool {
    called.lead.state.may_become(next.state()) && !matches!(next, LeadStep::Waiting { kind: DialKind::Callback, .. })
}

impl Close {
    fn of(ending: &Ending, versions: &Versions, called: &Called, verdict: &Verdict, next: &LeadStep, now: Timestamp) -> Self {
        let (row, outcome, flags) = (&ending.row, &verdict.outcome, verdict.outcome.flags);
        let Closing { ended_at, duration_s, placed_at } = Closing::of(row, verdict, now);
        let Move { kind, at, why, disposition, reason } = Move::of(next, outcome);
        Self {
            attempt: row.id.0,
            version: versions.attempt.clone(),
            lead_version: versions.lead.clone(),
            number: row.to_number.e164().to_owned(),
            disposition: outcome.disposition.as_str(),
            reason: outcome.reason.map(Reason::as_str),
            opt_out: flags.opt_out,
            recording_refused: flags.recording_refused,
            asked_if_ai: flags.asked_if_ai,
            human_requested: flags.human_requested,
            ended_at: ended_at.as_millis(),
            duration_s,
            placed_at: placed_at.map(Timestamp::as_millis),
            at: now.as_millis(),
            lead_state: next.state().as_str(),
            kind: kind.map(DialKind::as_str),
            due: at.map(Timestamp::as_millis),
            why: why.map(str::to_owned),
            lead_disposition: disposition.map(Disposition::as_str),
            lead_reason: reason.map(Reason::as_str),
            placed: called.placed(row, verdict),
        }
    }
}
