//! What the one POST proved, kept: a bound call, a refusal with its consequences, or an unknown for the reconciler.

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{Callback, DialTimings, LeadStep, PostClass, Refusal, RefusalPlan};
use crate::domain::ids::AttemptId;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, engine_sql, on_db};
use crate::store::dial::callback::{Evidence, Told, take};
use crate::store::dial::halt::{NewlyRefused, halt};
use crate::store::dial::lead::{self, LeadRow};
use crate::store::dial::row::{AttemptRow, change_state};
use crate::store::dial::sql::{execute, fetch_value, millis, whole};
use crate::store::dial::{number, suppress};
use crate::store::suppression::SuppressionSource;
use crate::store::{Store, StoreError};

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// The call exists; see what has to be done.
    Placed(Told),
    /// No call; the plan was written, its halt and backoff are the caller's to spread.
    Refused(RefusalPlan),
    /// Left to the reconciler.
    Unknown,
    /// The row had moved on: a callback was faster, or the deadline had passed.
    Stale,
}

impl Store {
    /// Keeps the answer to the POST of `send_no`. Safe to repeat. A country that the provider refused with it for the first time is the
    /// caller's to park, once it has raised the alarm: that reads a whole list.
    ///
    /// # Errors
    /// The database cannot be written; the row stays `sending` and becomes unknown at its deadline.
    pub async fn record_answer(
        &self,
        attempt: AttemptId,
        send_no: u32,
        class: &PostClass,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<(Recorded, Option<NewlyRefused>), StoreError> {
        if let PostClass::Placed { call_sid } = class
            && let Some(told) = self.answer_at_once(attempt, send_no, call_sid, now).await?
        {
            return Ok((Recorded::Placed(told), None));
        }
        on_db!(self.db, write, tx => {
            match class {
                PostClass::Placed { call_sid } => Ok((placed(tx.into(), attempt, send_no, call_sid, timings, now).await?, None)),
                PostClass::Refused { refusal, code } => refused(tx.into(), (attempt, send_no), refusal, *code, timings, now).await,
                PostClass::Unknown => Ok((unknown(tx.into(), attempt, send_no, now).await?, None)),
            }
        })
    }
}

async fn placed(
    conn: Conn<'_>,
    attempt: AttemptId,
    send_no: u32,
    call_sid: &str,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    let told = take(conn, attempt, &naming(send_no, call_sid), Evidence::Signed, timings, now).await?;
    Ok(told.map_or(Recorded::Stale, Recorded::Placed))
}

/// News that only name the call.
pub(super) fn naming(send_no: u32, call_sid: &str) -> Callback {
    let call_sid = call_sid.to_owned();
    Callback { send_no, call_sid, status: None, sequence: None, sip_code: None, duration_s: None, answered_by: None }
}

async fn unknown(mut conn: Conn<'_>, attempt: AttemptId, send_no: u32, now: Timestamp) -> Result<Recorded, StoreError> {
    match locked_sending(conn.reborrow(), attempt, send_no).await? {
        None => Ok(Recorded::Stale),
        Some(row) => {
            change_state(conn, row.id, AttemptState::Sending, AttemptState::Unknown, now).await?;
            Ok(Recorded::Unknown)
        }
    }
}

async fn locked_sending(conn: Conn<'_>, attempt: AttemptId, send_no: u32) -> Result<Option<AttemptRow>, StoreError> {
    let row = AttemptRow::lock(conn, attempt).await?;
    Ok(row.filter(|row| row.state == AttemptState::Sending && row.send_no() == send_no))
}

async fn refused(
    mut conn: Conn<'_>,
    (attempt, send_no): (AttemptId, u32),
    refusal: &Refusal,
    code: Option<u32>,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<(Recorded, Option<NewlyRefused>), StoreError> {
    let Some(row) = locked_sending(conn.reborrow(), attempt, send_no).await? else { return Ok((Recorded::Stale, None)) };
    let nth = refusal.nth(u32::try_from(row.refusals).unwrap_or(0), send_no);
    let plan = refusal.plan(row.kind, nth, tried_later(conn.reborrow(), &row).await?, now, timings);
    write_refusal(conn.reborrow(), &row, refusal, code, &plan, now).await?;
    if let Err(step) = &plan.attempt {
        close_refused(conn.reborrow(), &row, step, now).await?;
    }
    let country = consequences(conn, &row, &plan, code, now).await?;
    Ok((Recorded::Refused(plan), country))
}

/// This lead had its one later try already.
async fn tried_later(mut conn: Conn<'_>, row: &AttemptRow) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) FROM attempt WHERE lead_id = $1 AND refused_reason = 'try_later' AND id <> $2";
    Ok(fetch_value!(conn, i64, sql, row.lead_id, row.id) > 0)
}

const REFUSE: EngineSql = engine_sql!(
    "UPDATE attempt SET state = 'refused', refused_reason = $3, refused_code = $4, refusals = refusals + $7, state_at = $5,
        rearm_at_db = $6 + " now " WHERE id = $1 AND state = $2"
);

async fn write_refusal(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    refusal: &Refusal,
    code: Option<u32>,
    plan: &RefusalPlan,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = REFUSE.for_conn(&conn);
    let wait = plan.attempt.as_ref().map(|wait| millis(*wait)).ok();
    execute!(conn, sql, row.id, AttemptState::Sending, refusal.as_str(), code.map(whole), now, wait, i32::from(refusal.adds_up()));
    Ok(())
}

/// Refused for good: the attempt ends, the lead moves, the number is free.
async fn close_refused(mut conn: Conn<'_>, row: &AttemptRow, step: &LeadStep, now: Timestamp) -> Result<(), StoreError> {
    change_state(conn.reborrow(), row.id, AttemptState::Refused, AttemptState::Ended, now).await?;
    let reason = match step {
        LeadStep::Finished { reason: Some(reason), .. } => *reason,
        _ => Reason::ProviderRefused,
    };
    execute!(
        conn,
        "UPDATE attempt SET disposition = $2, reason = $3, ended_at = $4, reserved_nano_usd = 0, stream_token = NULL WHERE id = $1",
        row.id,
        Disposition::Failed,
        reason,
        now
    );
    if let Some(lead) = LeadRow::lock(conn.reborrow(), row.lead_id).await? {
        lead::step(conn.reborrow(), &lead, step, now).await?;
    }
    number::release(conn, &row.to_number, row.id).await?;
    Ok(())
}

async fn consequences(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    plan: &RefusalPlan,
    code: Option<u32>,
    now: Timestamp,
) -> Result<Option<NewlyRefused>, StoreError> {
    let code = code.map_or_else(|| "without a code".to_owned(), |code| format!("with code {code}"));
    if plan.quarantine {
        suppress::suppress(conn.reborrow(), &row.to_number, SuppressionSource::Quarantine, row.id, now).await?;
    }
    match plan.halt {
        Some(scope) => halt(conn, scope, row, &format!("the provider refused a call {code}"), now).await,
        None => Ok(None),
    }
}
