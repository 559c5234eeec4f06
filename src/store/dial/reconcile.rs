//! Rows for the reconciler: sends nobody knows about, and numbers that rest after a call that never appeared.

use sqlx::FromRow;

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::{DialTimings, LeadStep, UnsureRow};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, engine_sql, on_db};
use crate::store::dial::answer::naming;
use crate::store::dial::callback::{Evidence, Told, take};
use crate::store::dial::lead::{self, LeadRow};
use crate::store::dial::number;
use crate::store::dial::row::{AttemptRow, change_state};
use crate::store::dial::sql::{count, execute, fetch_all, fetch_value, fetch_values};
use crate::store::{Store, StoreError};

/// A send in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsureCall {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Which send.
    pub send_no: u32,
    /// Whom it called.
    pub to: PhoneNumber,
    /// From which number.
    pub from: PhoneNumber,
    /// What the decision needs.
    pub row: UnsureRow,
}

#[derive(Debug, FromRow)]
struct Row {
    id: AttemptId,
    campaign_id: CampaignId,
    send_no: i32,
    to_number: PhoneNumber,
    from_number: PhoneNumber,
    intent_at_db: Option<i64>,
    send_deadline_db: Option<i64>,
}

const UNSURE: EngineSql = engine_sql!(
    "SELECT id, campaign_id, send_no, to_number, from_number, intent_at_db, send_deadline_db FROM attempt
     WHERE state = 'unknown' OR (state = 'sending' AND send_deadline_db <= " now ") ORDER BY state_at LIMIT $1"
);

const RESTED: EngineSql = engine_sql!(
    "SELECT a.id, a.campaign_id, a.send_no, a.to_number, a.from_number, a.intent_at_db, a.send_deadline_db
     FROM open_number o JOIN attempt a ON a.id = o.attempt_id WHERE a.state = 'absent' AND o.hold_until_db <= " now " LIMIT $1"
);

impl Store {
    /// Sends whose answer is not known: `unknown`, and `sending` past the deadline. Oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_unsure(&self, limit: u32) -> Result<Vec<UnsureCall>, StoreError> {
        on_db!(self.db, read, conn => unsure(conn.into(), UNSURE, limit).await)
    }

    /// Absent calls whose number has rested long enough: look once more, then [`Store::adopt`] or [`Store::end_hold`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rested_numbers(&self, limit: u32) -> Result<Vec<UnsureCall>, StoreError> {
        on_db!(self.db, read, conn => unsure(conn.into(), RESTED, limit).await)
    }

    /// The provider's list shows the call: it is the attempt's. `None` when there is no such attempt.
    ///
    /// # Errors
    /// The database cannot be written; look again.
    pub async fn adopt(
        &self,
        attempt: AttemptId,
        send_no: u32,
        call_sid: &str,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        on_db!(self.db, write, tx => take(tx.into(), attempt, &naming(send_no, call_sid), Evidence::Listed, timings, now).await)
    }

    /// The provider has no such call: the attempt closes, its number rests, its lead waits as long, or is parked when that
    /// happened before. False when the row had moved on.
    ///
    /// # Errors
    /// The database cannot be written; look again.
    pub async fn mark_absent(&self, attempt: AttemptId, send_no: u32, timings: &DialTimings, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => mark_absent(tx.into(), attempt, send_no, timings, now).await)
    }

    /// The last look found nothing: the number is free. False when the attempt was adopted meanwhile.
    ///
    /// # Errors
    /// The database cannot be written; look again.
    pub async fn end_hold(&self, attempt: AttemptId) -> Result<bool, StoreError> {
        on_db!(self.db, write, tx => {
            let mut conn: Conn<'_> = tx.into();
            Ok(execute!(conn, "DELETE FROM open_number WHERE attempt_id = $1 AND hold_until_db IS NOT NULL", attempt) == 1)
        })
    }
}

async fn unsure(mut conn: Conn<'_>, sql: EngineSql, limit: u32) -> Result<Vec<UnsureCall>, StoreError> {
    let sql = sql.for_conn(&conn);
    let mut calls = Vec::new();
    for row in fetch_all!(conn, Row, sql, i64::from(limit)) {
        calls.push(known_calls(conn.reborrow(), row).await?);
    }
    Ok(calls)
}

/// A call that was named for another attempt at this number, or for another send of this one, cannot be the one we look for.
async fn known_calls(mut conn: Conn<'_>, row: Row) -> Result<UnsureCall, StoreError> {
    let taken = fetch_values!(
        conn,
        String,
        "SELECT s.call_sid FROM seen_call s JOIN attempt a ON a.id = s.attempt_id
         WHERE a.to_number = $1 AND (s.attempt_id <> $2 OR s.send_no <> $3)",
        row.to_number.clone(),
        row.id,
        row.send_no
    );
    let named = fetch_values!(
        conn,
        String,
        "SELECT call_sid FROM seen_call WHERE attempt_id = $1 AND send_no = $2 AND signed",
        row.id,
        row.send_no
    );
    let intent_db = row.intent_at_db.unwrap_or(0);
    let unsure = UnsureRow { intent_db, deadline_db: row.send_deadline_db.unwrap_or(intent_db), taken, named };
    let send_no = u32::try_from(row.send_no).unwrap_or(0);
    Ok(UnsureCall { attempt: row.id, campaign: row.campaign_id, send_no, to: row.to_number, from: row.from_number, row: unsure })
}

async fn mark_absent(
    mut conn: Conn<'_>,
    attempt: AttemptId,
    send_no: u32,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = AttemptRow::lock(conn.reborrow(), attempt).await? else { return Ok(false) };
    if row.send_no() != send_no {
        return Ok(false);
    }
    if row.state == AttemptState::Sending {
        change_state(conn.reborrow(), row.id, AttemptState::Sending, AttemptState::Unknown, now).await?;
    }
    if !change_state(conn.reborrow(), row.id, AttemptState::Unknown, AttemptState::Absent, now).await? {
        return Ok(false);
    }
    let close = "UPDATE attempt SET ended_at = $2, reserved_nano_usd = 0 WHERE id = $1";
    execute!(conn, close, row.id, now);
    let step = after_absent(conn.reborrow(), &row, timings, now).await?;
    if let Some(lead) = LeadRow::lock(conn.reborrow(), row.lead_id).await? {
        lead::step(conn.reborrow(), &lead, &step, now).await?;
    }
    number::hold(conn, &row.to_number, row.id, timings.absent_hold).await?;
    Ok(true)
}

/// One redial at most: a lead whose calls vanish twice needs a person.
async fn after_absent(mut conn: Conn<'_>, row: &AttemptRow, timings: &DialTimings, now: Timestamp) -> Result<LeadStep, StoreError> {
    let sql = "SELECT COUNT(*) FROM attempt WHERE lead_id = $1 AND state = 'absent' AND id <> $2";
    let before = count(fetch_value!(conn, i64, sql, row.lead_id, row.id));
    Ok(if before >= timings.absent_redials {
        LeadStep::parked("the provider lost the call again")
    } else {
        let kind = if row.kind == DialKind::Callback { DialKind::Callback } else { DialKind::Retry };
        LeadStep::waiting(kind, now + timings.absent_hold, "the provider lost the call")
    })
}
