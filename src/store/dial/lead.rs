//! Moving a lead: every closing attempt and every closed gate says what becomes of it, along its table of states.

use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::dialing::LeadStep;
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::{Conn, EngineSql, engine_sql};
use crate::store::dial::sql::{execute, fetch_optional, whole};

/// What the protocol reads of a lead.
#[derive(Debug, Clone, FromRow)]
pub(super) struct LeadRow {
    pub id: LeadId,
    pub campaign_id: CampaignId,
    pub phone_number: PhoneNumber,
    pub zones: String,
    pub variables: String,
    pub consent_basis: Option<String>,
    pub state: LeadState,
    pub next_kind: DialKind,
    pub next_attempt_at: Timestamp,
    pub attempts: i32,
    pub callbacks: i32,
}

const BY_ID: EngineSql = engine_sql!(
    "SELECT id, campaign_id, phone_number, zones, variables, consent_basis, state, next_kind, next_attempt_at, attempts, callbacks
     FROM lead WHERE id = $1" for_update
);

impl LeadRow {
    /// The lead as it stands, without a lock.
    pub async fn read(mut conn: Conn<'_>, id: LeadId) -> Result<Option<Self>, StoreError> {
        Ok(fetch_optional!(conn, Self, BY_ID.sqlite, id))
    }

    /// The lead, locked until the transaction ends.
    pub async fn lock(mut conn: Conn<'_>, id: LeadId) -> Result<Option<Self>, StoreError> {
        let sql = BY_ID.for_conn(&conn);
        Ok(fetch_optional!(conn, Self, sql, id))
    }
}

/// Moves a locked lead; false when its table has no such change (it was cancelled or suppressed meanwhile: it stays so).
pub(super) async fn step(mut conn: Conn<'_>, lead: &LeadRow, step: &LeadStep, now: Timestamp) -> Result<bool, StoreError> {
    let to = step.state();
    if !lead.state.may_become(to) {
        return Ok(false);
    }
    let rows = match step {
        LeadStep::Waiting { kind, at, why } => execute!(
            conn,
            "UPDATE lead SET state = $3, next_kind = $4, next_attempt_at = $5, wait_reason = $6, updated_at = $7
             WHERE id = $1 AND state = $2",
            lead.id,
            lead.state,
            to,
            *kind,
            *at,
            why,
            now
        ),
        LeadStep::Finished { disposition, reason } => execute!(
            conn,
            "UPDATE lead SET state = $3, disposition = $4, reason = $5, wait_reason = NULL, updated_at = $6 WHERE id = $1 AND state = $2",
            lead.id,
            lead.state,
            to,
            *disposition,
            *reason,
            now
        ),
        LeadStep::Suppressed => execute!(
            conn,
            "UPDATE lead SET state = $3, disposition = 'dnc', wait_reason = NULL, updated_at = $4 WHERE id = $1 AND state = $2",
            lead.id,
            lead.state,
            to,
            now
        ),
        LeadStep::Parked { why } => execute!(
            conn,
            "UPDATE lead SET state = $3, wait_reason = $4, updated_at = $5 WHERE id = $1 AND state = $2",
            lead.id,
            lead.state,
            to,
            why,
            now
        ),
    };
    Ok(rows == 1)
}

/// The lead has an open attempt again: `new` ones (armed), or one that was thought absent.
pub(super) async fn activate(mut conn: Conn<'_>, lead: &LeadRow, new: u32, now: Timestamp) -> Result<bool, StoreError> {
    if !lead.state.may_become(LeadState::Active) {
        return Ok(false);
    }
    let rows = execute!(
        conn,
        "UPDATE lead SET state = $3, attempts = attempts + $5, wait_reason = NULL, updated_at = $4 WHERE id = $1 AND state = $2",
        lead.id,
        lead.state,
        LeadState::Active,
        now,
        whole(new)
    );
    Ok(rows == 1)
}

/// Counts what was placed: the caps look at calls, not at attempts.
pub(super) async fn recount(mut conn: Conn<'_>, id: LeadId) -> Result<(), StoreError> {
    let placed = "UPDATE lead SET placed = (SELECT COUNT(*) FROM attempt WHERE lead_id = $1 AND placed_at IS NOT NULL) WHERE id = $1";
    execute!(conn, placed, id);
    Ok(())
}
