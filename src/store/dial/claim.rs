//! The claim, durable before a byte is sent: intent, send deadline, one-time stream token.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use crate::boottime;
use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{self, Claim, DialTimings, Switches};
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId, WorkerId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::permit::{self, Denial, DialPermit};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, Db, EngineSql, engine_part, on_db};
use crate::store::dial::facts::{self, Facts, Look, Own, look, suppressions};
use crate::store::dial::lead::LeadRow;
use crate::store::dial::sql::{among, execute, fetch_optional, millis};
use crate::store::dial::withdraw::withdraw_one;
use crate::store::queue_control::dials_paused;
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

/// What a ticket is about, while its row waits for it.
#[derive(Debug)]
pub struct ReadyTicket {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Who speaks.
    pub agent_version: Option<AgentVersionId>,
    look: TicketAndLook,
    looked_at: Duration,
}

/// So old may be what the permit looks at, if its turn comes at once: less than settings are kept. The claim itself looks again at
/// attempt, lead, campaign, queue and suppressions; consent, zones and the dates of lists may be so old.
pub(super) const FRESH: Duration = Duration::from_millis(200);

impl ReadyTicket {
    fn fresh(&self) -> Option<TicketAndLook> {
        (boottime::now().saturating_sub(self.looked_at) < FRESH).then(|| self.look.clone())
    }
}

impl Store {
    /// What a ticket is about; `None` when it is stale or dials are paused: it is not worth a pacer's permit. The claim asks
    /// again.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn ready_ticket(&self, attempt: AttemptId, send_no: u32, now: Timestamp) -> Result<Option<ReadyTicket>, StoreError> {
        let looked_at = boottime::now();
        let look = self.ticket_and_look(attempt, now).await?;
        Ok(look.filter(|look| look.ticket.waits_for(send_no)).map(|look| ReadyTicket {
            campaign: look.ticket.lead.campaign_id,
            agent_version: look.ticket.agent_version_id,
            look,
            looked_at,
        }))
    }

    async fn ticket_and_look(&self, attempt: AttemptId, now: Timestamp) -> Result<Option<TicketAndLook>, StoreError> {
        if let Db::Postgres(server) = &self.db {
            let look = self.rounds.looks.ask_server(server, attempt, async |asked| self.looks(asked, now).await);
            if let Some(look) = look.await? {
                return Ok(look);
            }
            // somebody else's round failed: that says nothing of this ticket
            return Ok(self.looks(vec![attempt], now).await?.pop().flatten());
        }
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            Ok(fetch_optional!(conn, TicketAndLook, TICKET_AND_LOOK.sqlite, attempt, facts::since(now)))
        })
    }

    /// Where the engine is a server, tickets that come together are looked at together; in the order of the question.
    async fn looks(&self, asked: Vec<AttemptId>, now: Timestamp) -> Result<Vec<Option<TicketAndLook>>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(Vec::new()) };
        let ids: Vec<Uuid> = asked.iter().map(|attempt| attempt.0).collect();
        let found: Result<Vec<TicketAndLook>, StoreError> = on_db!(@read_server server, conn, {
            Ok(sqlx::query_as(TICKET_AND_LOOK.postgres).bind(ids).bind(facts::since(now)).fetch_all(conn).await?)
        });
        let found = found?;
        Ok(asked.iter().map(|attempt| found.iter().find(|look| look.ticket.attempt == *attempt).cloned()).collect())
    }

    /// Claims one send. The commit is durable when this returns.
    ///
    /// # Errors
    /// The database cannot be written; the claim may still have been made, so nothing may be sent.
    pub async fn claim(&self, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
        if !self.is_settled().await? {
            return Err(StoreError::Unsettled);
        }
        if let Some(claimed) = self.claim_at_once(ask, now).await? {
            return Ok(ClaimOutcome::Claimed(Box::new(claimed)));
        }
        on_db!(self.db, write, tx => claim(tx.into(), ask, now).await)
    }

    /// Where the engine is a server: read and decided without a lock, then claimed by one statement that holds only while
    /// attempt, lead, campaign and queue still allow it. `None`: nothing was claimed, and what becomes of the ticket is decided under
    /// a lock.
    async fn claim_at_once(&self, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<Option<Claimed>, StoreError> {
        let Db::Postgres(server) = &self.db else { return Ok(None) };
        let read = match ask.seen.and_then(ReadyTicket::fresh) {
            Some(seen) => Some(seen),
            None => self.ticket_and_look(ask.attempt, now).await?,
        };
        // an entry may be of no weight by now, or for this call: decided under the lock
        let Some(TicketAndLook { ticket: row, look }) = read.filter(|read| read.look.suppressions == 0) else { return Ok(None) };
        on_db!(@read_server server, conn, {
            let mut conn: Conn<'_> = conn.into();
            let facts = Facts::after(look, conn.reborrow(), &row.lead, row.own(ask), ask.settings, now).await?;
            match row.decide(&facts, ask, now) {
                Claim::Claimed(permit) => intend(conn, INTENT_AT_ONCE, row, permit, ask, now).await,
                Claim::Stale | Claim::Withdraw(_) => Ok(None),
            }
        })
    }
}

/// An attempt and its lead, as the claim looks at them.
#[derive(Debug, Clone, FromRow)]
struct Ticket {
    attempt: AttemptId,
    attempt_state: AttemptState,
    send_no: i32,
    kind: DialKind,
    to_number: PhoneNumber,
    from_number: PhoneNumber,
    agent_version_id: Option<AgentVersionId>,
    queue_paused: bool,
    #[sqlx(flatten)]
    lead: LeadRow,
}

/// The same with what the permit looks at.
#[derive(Debug, Clone, FromRow)]
pub(super) struct TicketAndLook {
    #[sqlx(flatten)]
    ticket: Ticket,
    #[sqlx(flatten)]
    look: Look,
}

macro_rules! columns {
    () => {
        concat!(
            "SELECT a.id AS attempt, a.state AS attempt_state, a.send_no, a.kind, a.to_number, a.from_number, a.agent_version_id, ",
            dials_paused!(),
            " AS queue_paused,
            l.id, l.campaign_id, l.phone_number, l.zones, l.variables, l.consent_basis, l.state, l.next_kind, l.next_attempt_at,
            l.attempts, l.callbacks"
        )
    };
}
/// The attempt first, then the lead: both locked until the transaction ends.
const TICKET: EngineSql = EngineSql {
    postgres: concat!(columns!(), " FROM attempt a JOIN lead l ON l.id = a.lead_id WHERE a.id = $1 FOR UPDATE"),
    sqlite: concat!(columns!(), " FROM attempt a JOIN lead l ON l.id = a.lead_id WHERE a.id = $1"),
};
macro_rules! with_look {
    () => {
        concat!(
            columns!(),
            ", c.state AS campaign, c.not_permitted, ",
            look!(lead "l.id", number "l.phone_number", scope "CAST(l.campaign_id AS TEXT)", since "$2"),
            " FROM attempt a JOIN lead l ON l.id = a.lead_id JOIN campaign c ON c.id = l.campaign_id WHERE a.id"
        )
    };
}
/// `$2` a day ago.
pub(super) const TICKET_AND_LOOK: EngineSql =
    EngineSql { postgres: concat!(with_look!(), among!()), sqlite: concat!(with_look!(), " = $1") };

impl Ticket {
    fn send_no(&self) -> u32 {
        u32::try_from(self.send_no).unwrap_or(0)
    }

    fn waits_for(&self, send_no: u32) -> bool {
        self.attempt_state == AttemptState::Ready && self.send_no() == send_no && !self.queue_paused
    }

    const fn own<'a>(&'a self, ask: &ClaimAsk<'_>) -> Option<Own<'a>> {
        Some(Own { attempt: ask.attempt, from: &self.from_number })
    }

    fn decide(&self, facts: &Facts, ask: &ClaimAsk<'_>, now: Timestamp) -> Claim {
        let stands = (self.lead.state != LeadState::Active).then(|| self.lead.state.as_str());
        let view = facts.view(&self.lead, ask.settings, stands, ask.reserve, self.kind == DialKind::Callback);
        let switches = Switches { queue_paused: self.queue_paused, campaign_dials: facts.campaign_dials() };
        dialing::claim(self.attempt_state, self.send_no(), ask.send_no, switches, permit::check(&view, now))
    }
}

async fn claim(mut conn: Conn<'_>, ask: &ClaimAsk<'_>, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
    let sql = TICKET.for_conn(&conn);
    let Some(row) = fetch_optional!(conn, Ticket, sql, ask.attempt) else { return Ok(ClaimOutcome::Stale) };
    let facts = Facts::gather(conn.reborrow(), &row.lead, row.own(ask), ask.settings, now).await?;
    match row.decide(&facts, ask, now) {
        Claim::Stale => Ok(ClaimOutcome::Stale),
        Claim::Withdraw(denial) => {
            withdraw_one(conn, ask.attempt, &denial, ask.timings, now).await?;
            Ok(ClaimOutcome::Withdrawn(denial))
        }
        Claim::Claimed(permit) => {
            let sql = INTENT.for_conn(&conn);
            let claimed = intend(conn, sql, row, permit, ask, now).await?;
            Ok(claimed.map_or(ClaimOutcome::Stale, |claimed| ClaimOutcome::Claimed(Box::new(claimed))))
        }
    }
}

macro_rules! intent {
    ($engine:ident) => {
        concat!(
            "UPDATE attempt SET state = 'sending', sent_by = $4, reserved_nano_usd = $5, stream_token = $6, intent_at = $7, state_at = $7,
                intent_at_db = ", engine_part!($engine now), ", send_deadline_db = $8 + ", engine_part!($engine now)
        )
    };
}
const INTENT: EngineSql = EngineSql {
    postgres: concat!(intent!(postgres), " WHERE id = $1 AND state = $2 AND send_no = $3"),
    sqlite: concat!(intent!(sqlite), " WHERE id = $1 AND state = $2 AND send_no = $3"),
};
/// Locks in the order of the other transactions: attempt, lead. Looks again at what may have changed since the look: a campaign that
/// drains keeps its promises only, and whoever suppressed the number while the attempt was being armed has not taken it back.
const INTENT_AT_ONCE: &str = concat!(
    "WITH own AS MATERIALIZED (SELECT lead_id, campaign_id, kind, to_number FROM attempt WHERE id = $1 AND state = $2 AND send_no = $3
        FOR NO KEY UPDATE),
     callee AS MATERIALIZED (SELECT lead.id FROM own JOIN lead ON lead.id = own.lead_id WHERE lead.state = 'active'
        AND EXISTS (SELECT 1 FROM campaign WHERE campaign.id = own.campaign_id
            AND (campaign.state = 'running' OR campaign.state = 'draining' AND own.kind = 'callback'))
        AND NOT EXISTS (SELECT 1 ",
    suppressions!(of "own.to_number", scope "CAST(own.campaign_id AS TEXT)"),
    ") AND NOT ",
    dials_paused!(),
    " FOR NO KEY UPDATE OF lead) ",
    intent!(postgres),
    " WHERE id = $1 AND EXISTS (SELECT 1 FROM callee)"
);

/// Writes the intent; `None` when the row had moved on.
async fn intend(
    mut conn: Conn<'_>,
    sql: &'static str,
    row: Ticket,
    permit: DialPermit,
    ask: &ClaimAsk<'_>,
    now: Timestamp,
) -> Result<Option<Claimed>, StoreError> {
    let stream_token = hex::encode(rand::random::<[u8; 32]>());
    let (hash, deadline) = (token_hash(&stream_token), millis(ask.timings.send_deadline));
    let (attempt, ready) = (ask.attempt, AttemptState::Ready);
    let rows = execute!(conn, sql, attempt, ready, row.send_no, ask.worker, ask.reserve, hash.as_str(), now, deadline);
    if rows == 0 {
        return Ok(None);
    }
    let (send_no, lead, campaign) = (row.send_no(), row.lead.id, row.lead.campaign_id);
    let (agent_version, kind, to, from) = (row.agent_version_id, row.kind, row.to_number, row.from_number);
    Ok(Some(Claimed { permit, attempt, send_no, lead, campaign, agent_version, kind, to, from, stream_token }))
}

/// What is stored of a stream token.
pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
