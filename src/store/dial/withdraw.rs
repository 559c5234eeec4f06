//! Giving an armed attempt back before it was sent: pause, cancel, opt-out, a closed gate.

use crate::domain::attempt::AttemptState;
use crate::domain::dialing::claim::not_dialling;
use crate::domain::dialing::{DialTimings, after_denial};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::permit::{Denial, Gate};
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::lead::{self, LeadRow};
use crate::store::dial::number;
use crate::store::dial::row::{AttemptRow, change_state};
use crate::store::dial::sql::{execute, fetch_values};
use crate::store::{Store, StoreError};

impl Store {
    /// Gives back what a campaign has armed and not yet sent (pause, cancel, halt), and what was refused and waits to be sent again;
    /// how many were given back.
    ///
    /// # Errors
    /// The database cannot be written; the sweep will do it.
    pub async fn withdraw_ready(&self, campaign: CampaignId, timings: &DialTimings, now: Timestamp) -> Result<u32, StoreError> {
        on_db!(self.db, write, tx => withdraw_all(tx.into(), campaign, timings, now).await)
    }
}

async fn withdraw_all(mut conn: Conn<'_>, campaign: CampaignId, timings: &DialTimings, now: Timestamp) -> Result<u32, StoreError> {
    let sql = "SELECT id FROM attempt WHERE campaign_id = $1 AND state IN ('ready', 'refused') ORDER BY id";
    let mut given_back = 0;
    for id in fetch_values!(conn, AttemptId, sql, campaign) {
        given_back += u32::from(withdraw_stopped(conn.reborrow(), id, timings, now).await?);
    }
    Ok(given_back)
}

/// Gives back attempts to numbers that must not be called any more; how many were still `ready`.
pub(crate) async fn withdraw_suppressed(
    mut conn: Conn<'_>,
    attempts: &[AttemptId],
    timings: &DialTimings,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut given_back = 0;
    for id in attempts {
        given_back += u64::from(withdraw_one(conn.reborrow(), *id, &suppressed(), timings, now).await?);
    }
    Ok(given_back)
}

fn suppressed() -> Denial {
    let rule = Gate::Suppression.about().to_owned();
    Denial { gate: Gate::Suppression, rule, value: "the number must not be called any more".to_owned(), opens_at: None }
}

/// Gives back one attempt of a campaign that does not dial, if it is still `ready`, or `refused`: it was not sent, or the provider said
/// that it makes no call of it. Should it make one all the same, that is a stray, and hung up.
pub(super) async fn withdraw_stopped(conn: Conn<'_>, id: AttemptId, timings: &DialTimings, now: Timestamp) -> Result<bool, StoreError> {
    withdraw_from(conn, id, &[AttemptState::Ready, AttemptState::Refused], &not_dialling(), timings, now).await
}

/// Gives back one attempt if it is still `ready`.
pub(super) async fn withdraw_one(
    conn: Conn<'_>,
    id: AttemptId,
    denial: &Denial,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    withdraw_from(conn, id, &[AttemptState::Ready], denial, timings, now).await
}

async fn withdraw_from(
    mut conn: Conn<'_>,
    id: AttemptId,
    states: &[AttemptState],
    denial: &Denial,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = AttemptRow::lock(conn.reborrow(), id).await? else { return Ok(false) };
    if !states.contains(&row.state) {
        return Ok(false);
    }
    let Some(lead) = LeadRow::lock(conn.reborrow(), row.lead_id).await? else { return Ok(false) };
    withdraw(conn, &row, &lead, denial, timings, now).await
}

/// Closes an attempt as withdrawn, moves its lead and releases its number.
async fn withdraw(
    mut conn: Conn<'_>,
    row: &AttemptRow,
    lead: &LeadRow,
    denial: &Denial,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !change_state(conn.reborrow(), row.id, row.state, AttemptState::Withdrawn, now).await? {
        return Ok(false);
    }
    let rule = denial.why();
    execute!(
        conn,
        "UPDATE attempt SET withdrawn_by = $2, reserved_nano_usd = 0, stream_token = NULL, ended_at = $3 WHERE id = $1",
        row.id,
        rule,
        now
    );
    lead::step(conn.reborrow(), lead, &after_denial(denial, row.kind, now, timings), now).await?;
    number::release(conn, &row.to_number, row.id).await
}
