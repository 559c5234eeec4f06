//! The attempt row: read under a lock, decided on in `domain`, written back only if its state is still the one that was read.

use sqlx::FromRow;

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::{CallStatus, DialRow};
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::codec::words;
use crate::store::db::{Conn, EngineSql, engine_part};
use crate::store::dial::sql::{execute, fetch_optional, whole};

words!(CallStatus);

/// What the protocol reads of an attempt.
#[derive(Debug, Clone, FromRow)]
pub(super) struct AttemptRow {
    pub id: AttemptId,
    pub lead_id: LeadId,
    pub campaign_id: CampaignId,
    pub kind: DialKind,
    pub state: AttemptState,
    pub send_no: i32,
    pub to_number: PhoneNumber,
    pub from_number: PhoneNumber,
    pub agent_version_id: Option<AgentVersionId>,
    pub refusals: i32,
    pub call_sid: Option<String>,
    pub provider_status: Option<CallStatus>,
    pub provider_sequence: i32,
    pub sip_code: Option<i32>,
    pub answered_by: Option<String>,
    pub placed_at: Option<Timestamp>,
    pub ringing_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub provider_ended_at: Option<Timestamp>,
    pub provider_duration_s: Option<i32>,
    pub held_by: Option<WorkerId>,
    pub hold_epoch: i32,
    pub closed_at: Option<Timestamp>,
    pub holder_died: bool,
    pub draft_outcome: Option<String>,
    pub opt_out: bool,
    pub recording_refused: bool,
    pub asked_if_ai: bool,
    pub human_requested: bool,
}

/// Columns of [`AttemptRow`].
macro_rules! columns {
    () => {
        "id, lead_id, campaign_id, kind, state, send_no, to_number, from_number, agent_version_id, refusals, call_sid, provider_status, \
         provider_sequence, sip_code, answered_by, placed_at, ringing_at, answered_at, provider_ended_at, provider_duration_s, held_by, \
         hold_epoch, closed_at, holder_died, draft_outcome, opt_out, recording_refused, asked_if_ai, human_requested"
    };
}
/// What the fold may change: of a [`DialRow`] in the order of its parameters, now, and then the database's own time. A row that goes
/// on from `refused` or `ready` forgets what it waited for.
macro_rules! folded {
    ($state:literal, $sid:literal, $status:literal, $sequence:literal, $sip:literal, $by:literal, $placed:literal, $ringing:literal,
     $answered:literal, $ended:literal, $duration:literal, $now:literal) => {
        concat!(
            "state = ",
            $state,
            ", call_sid = ",
            $sid,
            ", provider_status = ",
            $status,
            ", provider_sequence = ",
            $sequence,
            ", sip_code = ",
            $sip,
            ", answered_by = ",
            $by,
            ", placed_at = ",
            $placed,
            ", ringing_at = ",
            $ringing,
            ", answered_at = ",
            $answered,
            ", provider_ended_at = ",
            $ended,
            ", provider_duration_s = ",
            $duration,
            ", state_at = CASE WHEN attempt.state = ",
            $state,
            " THEN attempt.state_at ELSE ",
            $now,
            " END, rearm_at_db = NULL, news_at_db = "
        )
    };
}
pub(super) use {columns, folded};

const BY_ID: EngineSql = EngineSql {
    postgres: concat!("SELECT ", columns!(), " FROM attempt WHERE id = $1 FOR UPDATE"),
    sqlite: concat!("SELECT ", columns!(), " FROM attempt WHERE id = $1"),
};
const BY_TOKEN: EngineSql = EngineSql {
    postgres: concat!("SELECT ", columns!(), " FROM attempt WHERE stream_token = $1 FOR UPDATE"),
    sqlite: concat!("SELECT ", columns!(), " FROM attempt WHERE stream_token = $1"),
};

/// `$15` the worker that holds the call from now on, its token used up.
macro_rules! written {
    ($engine:ident) => {
        concat!(
            "UPDATE attempt SET held_by = COALESCE($15, held_by), hold_epoch = hold_epoch + CASE WHEN $15 IS NULL THEN 0 ELSE 1 END,
                held_at = CASE WHEN $15 IS NULL THEN held_at ELSE $14 END, stream_token = CASE WHEN $15 IS NULL THEN stream_token END, ",
            folded!("$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14"),
            engine_part!($engine now),
            " WHERE id = $1 AND state = $2"
        )
    };
}
const WRITE: EngineSql = EngineSql { postgres: written!(postgres), sqlite: written!(sqlite) };

impl AttemptRow {
    /// The row of this id, locked until the transaction ends.
    pub async fn lock(mut conn: Conn<'_>, id: AttemptId) -> Result<Option<Self>, StoreError> {
        let sql = BY_ID.for_conn(&conn);
        Ok(fetch_optional!(conn, Self, sql, id))
    }

    /// The row of this stream token's hash, locked until the transaction ends.
    pub async fn lock_by_token(mut conn: Conn<'_>, token_sha256: &str) -> Result<Option<Self>, StoreError> {
        let sql = BY_TOKEN.for_conn(&conn);
        Ok(fetch_optional!(conn, Self, sql, token_sha256))
    }

    /// The protocol's part of the row.
    pub fn dial(&self) -> DialRow {
        DialRow {
            state: self.state,
            send_no: self.send_no(),
            call_sid: self.call_sid.clone(),
            status: self.provider_status,
            sequence: self.provider_sequence,
            sip_code: self.sip_code.and_then(|code| u16::try_from(code).ok()),
            answered_by: self.answered_by.clone(),
            placed_at: self.placed_at,
            ringing_at: self.ringing_at,
            answered_at: self.answered_at,
            provider_ended_at: self.provider_ended_at,
            provider_duration_s: self.provider_duration_s.and_then(|s| u32::try_from(s).ok()),
        }
    }

    /// The send that is armed, on its way, or was the last.
    pub fn send_no(&self) -> u32 {
        u32::try_from(self.send_no).unwrap_or(0)
    }

    /// Writes the folded row, and who holds it from now on; false when it moved on meanwhile.
    pub async fn write(&self, mut conn: Conn<'_>, row: &DialRow, holder: Option<WorkerId>, now: Timestamp) -> Result<bool, StoreError> {
        let sql = WRITE.for_conn(&conn);
        let rows = execute!(
            conn,
            sql,
            self.id,
            self.state,
            row.state,
            row.call_sid.as_deref(),
            row.status,
            row.sequence,
            row.sip_code.map(i32::from),
            row.answered_by.as_deref(),
            row.placed_at,
            row.ringing_at,
            row.answered_at,
            row.provider_ended_at,
            row.provider_duration_s.map(whole),
            now,
            holder
        );
        Ok(rows == 1)
    }
}

/// Moves an attempt along the table of states and nothing else; false when it was not in `from`.
pub(super) async fn change_state(
    mut conn: Conn<'_>,
    id: AttemptId,
    from: AttemptState,
    to: AttemptState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    debug_assert!(from.may_become(to), "{from} to {to}");
    let rows = execute!(conn, "UPDATE attempt SET state = $3, state_at = $4 WHERE id = $1 AND state = $2", id, from, to, now);
    Ok(rows == 1)
}
