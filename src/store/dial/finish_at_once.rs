//! The end of an attempt at once, where the engine is a server: attempt and lead are read and decided on without a lock, then
//! written by one statement that holds only while both are still as they were read.
//!
//! What reaches beyond the two rows (a number that is suppressed, a promise) gives `None` and goes the locked way.

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{self, DialTimings, LeadStep, Verdict};
use crate::domain::ids::AttemptId;
use crate::domain::outcome::Reason;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, Db, on_db};
use crate::store::dial::at_once::Read;
use crate::store::dial::called::{Called, CalledAtOnce};
use crate::store::dial::finish::{Closing, FinishedCall, closed, finished, next_of};
use crate::store::dial::settle::Move;
use crate::store::dial::sql::{execute, whole};
use crate::store::{Store, StoreError};

/// Locks in the order of the other transactions: attempt, lead; the number goes last.
const FINISH: &str = concat!(
    "WITH own AS MATERIALIZED (SELECT id, lead_id FROM attempt WHERE id = $1 AND CAST(xmin AS TEXT) = $2 FOR NO KEY UPDATE),
     callee AS MATERIALIZED (SELECT lead.id FROM own JOIN lead ON lead.id = own.lead_id
        WHERE CAST(lead.xmin AS TEXT) = $13 FOR NO KEY UPDATE OF lead),
     moved AS (UPDATE lead SET state = $14, next_kind = COALESCE($15, next_kind), next_attempt_at = COALESCE($16, next_attempt_at),
        wait_reason = $17, disposition = COALESCE($18, disposition),
        reason = CASE WHEN $14 = 'finished' THEN $19 ELSE COALESCE($19, reason) END, placed = $20, updated_at = $12
        FROM callee WHERE lead.id = callee.id RETURNING lead.id),
     freed AS (DELETE FROM open_number USING moved WHERE phone_number = $21 AND attempt_id = $1)
     UPDATE attempt SET ",
    closed!(),
    " WHERE id = $1 AND EXISTS (SELECT 1 FROM moved)"
);

impl Store {
    /// Folds the outcome; `None` when that has to be done, or refused, under a lock.
    pub(super) async fn finish_at_once(
        &self,
        attempt: AttemptId,
        settings: &CampaignSettings,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Option<FinishedCall>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        on_db!(@read_server server, conn, {
            let Some(read) = Read::of(&mut *conn, attempt).await?.filter(|read| read.row.state.is_open()) else { return Ok(None) };
            let row = &read.row;
            let verdict = dialing::finish(row.end().as_ref(), row.holder()?, row.flags());
            let Some(verdict) = verdict.filter(stays_here) else { return Ok(None) };
            let mut conn: Conn<'_> = conn.into();
            let Some(lead) = Called::read(conn.reborrow(), row, &verdict.outcome).await? else { return Ok(None) };
            let next = next_of(conn.reborrow(), row, &lead.called, &verdict, (settings, timings), now).await?;
            if !moves_alone(&lead.called, &next) {
                return Ok(None);
            }
            let is_written = write(conn, &read, &lead, &verdict, &next, now).await?;
            Ok(is_written.then(|| finished(row, verdict, next)))
        })
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

async fn write(
    mut conn: Conn<'_>,
    read: &Read,
    lead: &CalledAtOnce,
    verdict: &Verdict,
    next: &LeadStep,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (row, outcome, flags) = (&read.row, &verdict.outcome, verdict.outcome.flags);
    let Closing { ended_at, duration_s, placed_at } = Closing::of(row, verdict, now);
    let Move { kind, at, why, disposition, reason } = Move::of(next, outcome);
    let rows = execute!(
        conn,
        FINISH,
        row.id,
        read.version.as_str(),
        outcome.disposition,
        outcome.reason,
        flags.opt_out,
        flags.recording_refused,
        flags.asked_if_ai,
        flags.human_requested,
        ended_at,
        duration_s,
        placed_at,
        now,
        lead.version.as_str(),
        next.state(),
        kind,
        at,
        why,
        disposition,
        reason,
        whole(lead.called.placed(row, verdict)),
        row.to_number.clone()
    );
    Ok(rows == 1)
}
