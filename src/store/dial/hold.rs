//! Holding: one worker gets the call's stream, once; what it leaves behind when it closes, and when it dies.

use serde_json::Value;
use sqlx::FromRow;

use crate::domain::attempt::DialKind;
use crate::domain::dialing::{CallStatus, Callback, DialTimings};
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::outcome::Outcome;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, on_db};
use crate::store::dial::answer::naming;
use crate::store::dial::callback::{Evidence, Told, take_into};
use crate::store::dial::intent::token_hash;
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, fetch_all, fetch_optional, fetch_value, whole};
use crate::store::{Store, StoreError};

/// What became of a stream that presented a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamClaim {
    /// The call is yours until you close it.
    Held(Box<HoldClaim>),
    /// The token is unknown, used, or its attempt is over: close the socket.
    Refused,
    /// The call is not the attempt's: hang it up at the provider.
    Stray(Told),
}

/// A call in one worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldClaim {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Fences the holder: every later write names it.
    pub epoch: u32,
    /// Which send of it.
    pub send_no: u32,
    /// Which campaign.
    pub campaign: CampaignId,
    /// Which lead.
    pub lead: LeadId,
    /// Who speaks.
    pub agent_version: Option<AgentVersionId>,
    /// Why it was called now.
    pub kind: DialKind,
    /// The callee.
    pub to: PhoneNumber,
    /// The number shown.
    pub from: PhoneNumber,
    /// The provider's id.
    pub call_sid: String,
}

/// A call in a worker's hands, as the reaper sees it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct HeldCall {
    /// Which attempt.
    pub attempt: AttemptId,
    /// The fence of this hold.
    pub epoch: i32,
    /// The provider's id.
    pub call_sid: Option<String>,
    /// Who holds it.
    pub worker: WorkerId,
    /// The worker's heartbeat counter; `None` when its row is gone.
    pub heartbeat: Option<i64>,
}

impl Store {
    /// Gives the call to the worker whose stream shows the one-time token. Valid once, while the attempt is open; binds the
    /// call when its callbacks were lost.
    ///
    /// # Errors
    /// The database cannot be written; the stream cannot be served.
    pub async fn claim_stream(
        &self,
        token: &str,
        call_sid: &str,
        worker: WorkerId,
        timings: &DialTimings,
        now: Timestamp,
    ) -> Result<StreamClaim, StoreError> {
        on_db!(self.db, write, tx => claim_stream(tx.into(), token, call_sid, worker, timings, now).await)
    }

    /// Keeps the holder's view so far, for the case that it dies. False when the hold is no longer this one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn save_draft(&self, attempt: AttemptId, epoch: u32, outcome: &Outcome, slots: &Value) -> Result<bool, StoreError> {
        let draft = json("draft outcome", outcome)?;
        on_db!(self.db, statement, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "UPDATE attempt SET draft_outcome = $3, slots = $4 WHERE id = $1 AND hold_epoch = $2 AND closed_at IS NULL";
            Ok(execute!(conn, sql, attempt, whole(epoch), draft.as_str(), slots.to_string()) == 1)
        })
    }

    /// The holder closes its side with what the call told (`None`: nothing). Gives whether the provider's end is known
    /// already, so that the outcome can be folded; `None` when the hold is no longer this one or was closed. A holder that was
    /// thought dead may still close until the outcome is folded: what the call told counts more than that it fell silent.
    ///
    /// # Errors
    /// The database cannot be written; try until it is.
    pub async fn close_hold(
        &self,
        attempt: AttemptId,
        epoch: u32,
        outcome: Option<&Outcome>,
        slots: &Value,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let draft = outcome.map(|outcome| json("draft outcome", outcome)).transpose()?;
        on_db!(self.db, statement, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "UPDATE attempt SET closed_at = COALESCE(closed_at, $3), draft_outcome = $4, slots = $5, holder_died = FALSE
                       WHERE id = $1 AND hold_epoch = $2 AND held_by IS NOT NULL AND (closed_at IS NULL OR holder_died)
                         AND state IN ('placed', 'ringing', 'talking', 'handed_off')
                       RETURNING provider_ended_at IS NOT NULL";
            let ended = fetch_optional!(conn, (bool,), sql, attempt, whole(epoch), now, draft.as_deref(), slots.to_string());
            Ok(ended.map(|(ended,)| ended))
        })
    }

    /// Every call in a worker's hands, with the worker's heartbeat. Transferred calls have no holder.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn held_calls(&self) -> Result<Vec<HeldCall>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT a.id AS attempt, a.hold_epoch AS epoch, a.call_sid, a.held_by AS worker, w.heartbeat
                       FROM attempt a LEFT JOIN worker w ON w.id = a.held_by
                       WHERE a.held_by IS NOT NULL AND a.closed_at IS NULL AND a.state IN ('placed', 'ringing', 'talking')";
            Ok(fetch_all!(conn, HeldCall, sql))
        })
    }

    /// How many calls that this worker held have no outcome yet. Transferred calls have no holder.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unfolded_calls(&self, worker: WorkerId) -> Result<i64, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT COUNT(*) FROM attempt WHERE held_by = $1 AND state IN ('placed', 'ringing', 'talking')";
            Ok(fetch_value!(conn, i64, sql, worker))
        })
    }

    /// When the database server started, milliseconds: a heartbeat cannot move while it is away. 0 for SQLite, which lives
    /// and dies with us.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn database_start(&self) -> Result<i64, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = STARTED.for_conn(&conn);
            Ok(fetch_value!(conn, i64, sql))
        })
    }

    /// Whether a call is still in the hands it was seen in: not closed, and not handed to a person since.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_still_held(&self, call: &HeldCall) -> Result<bool, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT COUNT(*) FROM attempt WHERE id = $1 AND hold_epoch = $2 AND closed_at IS NULL
                       AND state IN ('placed', 'ringing', 'talking')";
            Ok(fetch_value!(conn, i64, sql, call.attempt, call.epoch) == 1)
        })
    }

    /// The holder is dead: its side is closed with the draft it left. False when it closed by itself, was replaced, or the call was
    /// handed to a person, who needs no holder.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn bury_holder(&self, attempt: AttemptId, epoch: u32, now: Timestamp) -> Result<bool, StoreError> {
        on_db!(self.db, statement, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "UPDATE attempt SET closed_at = $3, holder_died = TRUE WHERE id = $1 AND hold_epoch = $2 AND closed_at IS NULL
                       AND state IN ('placed', 'ringing', 'talking')";
            Ok(execute!(conn, sql, attempt, whole(epoch), now) == 1)
        })
    }
}

const STARTED: EngineSql =
    EngineSql { postgres: "SELECT CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000 AS BIGINT)", sqlite: "SELECT 0" };

async fn claim_stream(
    mut conn: Conn<'_>,
    token: &str,
    call_sid: &str,
    worker: WorkerId,
    timings: &DialTimings,
    now: Timestamp,
) -> Result<StreamClaim, StoreError> {
    let Some(row) = AttemptRow::lock_by_token(conn.reborrow(), &token_hash(token)).await? else { return Ok(StreamClaim::Refused) };
    if row.held_by.is_some() || row.provider_ended_at.is_some() {
        return Ok(StreamClaim::Refused);
    }
    let answered = Callback { status: Some(CallStatus::InProgress), ..naming(row.send_no(), call_sid) };
    let told = take_into(conn, &row, &answered, Evidence::Signed, Some(worker), timings, now).await?;
    if told.cancel.is_some() || told.trouble.is_some_and(|trouble| trouble != crate::store::dial::Trouble::Adopted) {
        return Ok(StreamClaim::Stray(told));
    }
    Ok(StreamClaim::Held(Box::new(held(row, call_sid))))
}

fn held(row: AttemptRow, call_sid: &str) -> HoldClaim {
    HoldClaim {
        attempt: row.id,
        epoch: u32::try_from(row.hold_epoch).unwrap_or(0) + 1,
        send_no: row.send_no(),
        campaign: row.campaign_id,
        lead: row.lead_id,
        agent_version: row.agent_version_id,
        kind: row.kind,
        to: row.to_number,
        from: row.from_number,
        call_sid: call_sid.to_owned(),
    }
}

/// JSON of a draft; it can only fail for a type that JSON cannot hold.
fn json<T: serde::Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Unreadable { what: what.to_owned(), source })
}
