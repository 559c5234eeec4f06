//! The claim: a ticket becomes the right to send once, or is withdrawn, or is not worth a send any more.

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{Claim, DialTimings};
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::money::NanoUsd;
use crate::domain::permit::{Denial, DialPermit};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::claim_at_once::{AtOnce, Untold};
use crate::store::dial::facts::Facts;
use crate::store::dial::intent::intend;
use crate::store::dial::sql::fetch_optional;
use crate::store::dial::ticket::{ReadyTicket, TICKET, Ticket};
use crate::store::dial::withdraw::withdraw_one;
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
    /// What was found when the ticket was looked at; without it, or when it is not fresh, the rows are read again.
    pub seen: Option<&'a ReadyTicket>,
}

/// What became of the ticket.
#[derive(Debug)]
pub enum ClaimOutcome {
    /// Send once, within the send window counted from before this claim.
    Claimed(Box<Claimed>),
    /// Nothing to do, or not while the queue is paused: acknowledge the ticket.
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

impl Claimed {
    pub(super) fn of(row: Ticket, permit: DialPermit, stream_token: String) -> Self {
        let (attempt, send_no, lead, campaign) = (row.attempt, row.send_no(), row.lead.id, row.lead.campaign_id);
        let (agent_version, kind, to, from) = (row.agent_version_id, row.kind, row.to_number, row.from_number);
        Self { permit, attempt, send_no, lead, campaign, agent_version, kind, to, from, stream_token }
    }
}

impl Store {
    /// Claims one send. The commit is durable when this returns.
    ///
    /// # Errors
    /// The database cannot be written; the claim may still have been made, so nothing may be sent.
    pub async fn claim(&self, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
        if !self.is_settled().await? {
            return Err(StoreError::Unsettled);
        }
        let untold = match self.claim_at_once(ask, now).await? {
            AtOnce::Claimed(claimed) => return Ok(ClaimOutcome::Claimed(claimed)),
            AtOnce::Untold(untold) => Some(untold),
            AtOnce::Nothing => None,
        };
        on_db!(self.db, write, tx => {
            self.still_settled()?;
            claim(tx.into(), ask, untold, now).await
        })
    }
}

async fn claim(mut conn: Conn<'_>, ask: &ClaimAsk<'_>, untold: Option<Untold>, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
    let sql = TICKET.for_conn(&conn);
    let Some(row) = fetch_optional!(conn, Ticket, sql, ask.attempt) else { return Ok(ClaimOutcome::Stale) };
    if let Some(untold) = untold
        && untold.was_made(conn.reborrow(), &row, ask).await?
    {
        return Ok(ClaimOutcome::Claimed(Box::new(untold.claimed(row))));
    }
    let facts = Facts::gather(conn.reborrow(), &row.lead, row.own(ask), ask.settings, now).await?;
    match row.decide(&facts, ask, now) {
        Claim::Stale => Ok(ClaimOutcome::Stale),
        Claim::Withdraw(denial) => {
            withdraw_one(conn, ask.attempt, &denial, ask.timings, now).await?;
            Ok(ClaimOutcome::Withdrawn(denial))
        }
        Claim::Claimed(permit) => {
            let claimed = intend(conn, row, permit, ask, now).await?;
            Ok(claimed.map_or(ClaimOutcome::Stale, |claimed| ClaimOutcome::Claimed(Box::new(claimed))))
        }
    }
}
