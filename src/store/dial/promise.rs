//! Promised callbacks on their way to a dial: noted with the call's outcome, tied to the attempt that keeps them, moved when
//! their time has passed.

use jiff::tz::TimeZone;
use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::callback::keep::{Due, Keep, KeepRules, keep};
use crate::domain::dialing::LeadStep;
use crate::domain::ids::{AttemptId, LeadId};
use crate::domain::outcome::{Disposition, Outcome};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::Conn;
use crate::store::dial::lead::{self, LeadRow};
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, fetch_optional};

/// Keeps a promise beside the outcome of the call it was made in. One that the campaign's cap forbids was not promised.
pub(super) async fn note(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    outcome: &Outcome,
    next: &LeadStep,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (Some(promise), LeadStep::Waiting { kind: DialKind::Callback, .. }) = (&outcome.callback, next) else { return Ok(()) };
    execute!(
        conn,
        "INSERT INTO callback (promised_in, lead_id, campaign_id, words, zone, earliest, latest, promised_at, due_at, due_until,
           confidence_percent, confirmed_aloud)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $7, $9, $10) ON CONFLICT (promised_in) DO NOTHING",
        row.id,
        row.lead_id,
        row.campaign_id,
        &promise.words,
        &promise.zone,
        promise.earliest,
        promise.latest,
        now,
        promise.agreement.map(|agreement| i32::from(agreement.confidence_percent)),
        promise.agreement.map(|agreement| agreement.confirmed_aloud)
    );
    Ok(())
}

/// A promise that no call has kept yet.
#[derive(Debug, FromRow)]
struct OpenPromise {
    promised_in: AttemptId,
    zone: String,
    due_at: Timestamp,
    due_until: Option<Timestamp>,
    moves: i32,
}

/// The newest open promise of a lead; an attempt that was armed and never placed leaves it open.
async fn open_promise(mut conn: Conn<'_>, lead: LeadId) -> Result<Option<OpenPromise>, StoreError> {
    let sql = "SELECT promised_in, zone, due_at, due_until, moves FROM callback WHERE lead_id = $1 AND NOT given_up
                 AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = callback.dialed_in AND a.placed_at IS NOT NULL)
               ORDER BY promised_at DESC, promised_in DESC LIMIT 1";
    Ok(fetch_optional!(conn, OpenPromise, sql, lead))
}

/// Whether the lead may be dialed now: true unless it waits for a promise whose time has passed. Then the promise and its
/// lead go the way the campaign's rules say.
pub(super) async fn may_dial(mut conn: Conn<'_>, lead: &LeadRow, rules: &KeepRules, now: Timestamp) -> Result<bool, StoreError> {
    if lead.next_kind != DialKind::Callback {
        return Ok(true);
    }
    let Some(promise) = open_promise(conn.reborrow(), lead.id).await? else { return Ok(true) };
    let Ok(zone) = TimeZone::get(&promise.zone) else { return Ok(true) };
    let moves = u32::try_from(promise.moves).unwrap_or(u32::MAX);
    let step = match keep(Due { at: promise.due_at, until: promise.due_until, moves }, rules, &zone, now) {
        Keep::Dial => return Ok(true),
        Keep::Move(due) => return move_to(conn, lead, &promise, due, now).await,
        Keep::Retry => LeadStep::waiting(DialKind::Retry, now, "the promised time passed; called like any that is tried again"),
        Keep::Close => LeadStep::Finished { disposition: Disposition::Callback, reason: None },
        Keep::GiveUp => LeadStep::parked("a promised callback was missed too often"),
    };
    give_up(conn, lead, &promise, &step, now).await
}

async fn move_to(mut conn: Conn<'_>, lead: &LeadRow, promise: &OpenPromise, due: Due, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE callback SET due_at = $2, due_until = $3, moves = moves + 1 WHERE promised_in = $1";
    execute!(conn, sql, promise.promised_in, due.at, due.until);
    let step = LeadStep::waiting(DialKind::Callback, due.at, "the promised time passed; the same time on another day");
    lead::step(conn, lead, &step, now).await.map(|_| false)
}

async fn give_up(mut conn: Conn<'_>, lead: &LeadRow, promise: &OpenPromise, step: &LeadStep, now: Timestamp) -> Result<bool, StoreError> {
    execute!(conn, "UPDATE callback SET given_up = TRUE WHERE promised_in = $1", promise.promised_in);
    lead::step(conn, lead, step, now).await.map(|_| false)
}

/// Ties the attempt that was just armed to the promise it keeps, if the lead waited for one.
pub(super) async fn keep_with(mut conn: Conn<'_>, lead: &LeadRow, attempt: AttemptId) -> Result<(), StoreError> {
    if lead.next_kind == DialKind::Callback
        && let Some(promise) = open_promise(conn.reborrow(), lead.id).await?
    {
        execute!(conn, "UPDATE callback SET dialed_in = $2 WHERE promised_in = $1", promise.promised_in, attempt);
    }
    Ok(())
}
