//! The claim, durable before a byte is sent: intent, send deadline, one-time stream token.

use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{self, Claim, DialTimings};
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::permit::{self, Denial, DialPermit};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, EngineSql, engine_sql, on_db};
use crate::store::dial::facts::{Facts, Own};
use crate::store::dial::lead::LeadRow;
use crate::store::dial::row::AttemptRow;
use crate::store::dial::sql::{execute, millis};
use crate::store::dial::withdraw::withdraw;
use crate::store::{Store, StoreError};

/// A ticket that wants to be sent.
#[derive(Debug, Clone, Copy)]
pub struct ClaimAsk<'a> {
    /// The ticket's attempt.
    pub attempt: AttemptId,
    /// The ticket's send number.
    pub send_no: u32,
    /// Who sends.
    pub worker: WorkerId,
    /// The campaign's settings, as they are now.
    pub settings: &'a CampaignSettings,
    /// Worst case of the call, as it is now.
    pub reserve: NanoUsd,
    /// The protocol's times.
    pub timings: &'a DialTimings,
}

/// What became of the ticket.
#[derive(Debug)]
pub enum ClaimOutcome {
    /// Send once, within the send window counted from before this claim.
    Claimed(Box<Claimed>),
    /// Nothing to do: acknowledge the ticket.
    Stale,
    /// A gate closed; the attempt is withdrawn and the lead moved. Acknowledge the ticket.
    Withdrawn(Denial),
}

/// All that the POST needs from the rows.
#[derive(Debug)]
pub struct Claimed {
    /// The right to send.
    pub permit: DialPermit,
    /// Which attempt.
    pub attempt: AttemptId,
    /// Which send.
    pub send_no: u32,
    /// Whose.
    pub lead: LeadId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Who speaks.
    pub agent_version: Option<AgentVersionId>,
    /// Why now.
    pub kind: DialKind,
    /// Whom to call.
    pub to: PhoneNumber,
    /// The number shown.
    pub from: PhoneNumber,
    /// The stream's one-time token, 256 random bits in hexadecimal; only its hash is stored.
    pub stream_token: String,
}

/// What a ticket is about, while its row waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct ReadyTicket {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Who speaks.
    pub agent_version: Option<AgentVersionId>,
}

impl Store {
    /// What a ticket is about; `None` when it is stale: it is not worth a pacer's permit. The claim asks again.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn ready_ticket(&self, attempt: AttemptId, send_no: u32) -> Result<Option<ReadyTicket>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT campaign_id AS campaign, agent_version_id AS agent_version FROM attempt
                       WHERE id = $1 AND send_no = $2 AND state = 'ready'";
            Ok(sqlx::query_as(sql).bind(attempt).bind(i64::from(send_no)).fetch_optional(conn).await?)
        })
    }

    /// Claims one send. The commit is durable when this returns.
    ///
    /// # Errors
    /// The database cannot be written; the claim may still have been made, so nothing may be sent.
    pub async fn claim(&self, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
        if !self.is_settled().await? {
            return Err(StoreError::Unsettled);
        }
        on_db!(self.db, write, tx => claim(tx.into(), ask, now).await)
    }
}

async fn claim(mut conn: Conn<'_>, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
    let Some(row) = AttemptRow::lock(conn.reborrow(), ask.attempt).await? else { return Ok(ClaimOutcome::Stale) };
    let Some(lead) = LeadRow::lock(conn.reborrow(), row.lead_id).await? else { return Ok(ClaimOutcome::Stale) };
    let facts = Facts::gather(conn.reborrow(), &lead, Some(Own { attempt: row.id, from: &row.from_number }), ask.settings, now).await?;
    let callable = lead.state == LeadState::Active;
    let view = facts.view(&lead, ask.settings, callable, ask.reserve, row.kind == DialKind::Callback);
    let permit = permit::check(&view, now);
    match dialing::claim(row.state, row.send_no(), ask.send_no, facts.campaign_dials(), permit) {
        Claim::Stale => Ok(ClaimOutcome::Stale),
        Claim::Withdraw(denial) => {
            withdraw(conn, &row, &lead, &denial, ask.timings, now).await?;
            Ok(ClaimOutcome::Withdrawn(denial))
        }
        Claim::Claimed(permit) => intend(conn, row, permit, ask, now).await,
    }
}

const INTENT: EngineSql = engine_sql!(
    "UPDATE attempt SET state = 'sending', sent_by = $4, reserved_nano_usd = $5, stream_token = $6, intent_at = $7, state_at = $7,
        intent_at_db = " now ", send_deadline_db = $8 + " now
    " WHERE id = $1 AND state = $2 AND send_no = $3"
);

async fn intend(
    mut conn: Conn<'_>,
    row: AttemptRow,
    permit: DialPermit,
    ask: &ClaimAsk<'_>,
    now: Timestamp,
) -> Result<ClaimOutcome, StoreError> {
    let stream_token = hex::encode(rand::random::<[u8; 32]>());
    let (sql, deadline) = (INTENT.for_conn(&conn), millis(ask.timings.send_deadline));
    let hash = token_hash(&stream_token);
    let rows = execute!(conn, sql, row.id, AttemptState::Ready, row.send_no, ask.worker, ask.reserve, hash.as_str(), now, deadline);
    if rows == 0 {
        return Ok(ClaimOutcome::Stale);
    }
    let (attempt, send_no, lead, campaign) = (row.id, row.send_no(), row.lead_id, row.campaign_id);
    let (agent_version, kind, to, from) = (row.agent_version_id, row.kind, row.to_number, row.from_number);
    let claimed = Claimed { permit, attempt, send_no, lead, campaign, agent_version, kind, to, from, stream_token };
    Ok(ClaimOutcome::Claimed(Box::new(claimed)))
}

/// What is stored of a stream token.
pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
