//! A ticket and what it is about: the attempt that waits to be sent, its lead, and what the permit looks at.

use std::time::Duration;

use sqlx::FromRow;
use uuid::Uuid;

use crate::boottime;
use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::{self, Claim, Switches};
use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId};
use crate::domain::lead::LeadState;
use crate::domain::permit;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, Db, EngineSql, on_db};
use crate::store::dial::claim::ClaimAsk;
use crate::store::dial::facts::{self, Facts, Look, Own, look};
use crate::store::dial::lead::LeadRow;
use crate::store::dial::sql::{among, fetch_optional};
use crate::store::queue_control::dials_paused;
use crate::store::{Store, StoreError};

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
/// attempt, lead, campaign, queue and suppressions; consent, zones and the dates of lists may be so old, and older by the round that
/// the claim goes along with.
pub(super) const FRESH: Duration = Duration::from_millis(200);

impl ReadyTicket {
    pub(super) fn fresh(&self) -> Option<TicketAndLook> {
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

    pub(super) async fn ticket_and_look(&self, attempt: AttemptId, now: Timestamp) -> Result<Option<TicketAndLook>, StoreError> {
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
}

/// An attempt and its lead, as the claim looks at them.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Ticket {
    pub attempt: AttemptId,
    pub attempt_state: AttemptState,
    pub send_no: i32,
    pub kind: DialKind,
    pub to_number: PhoneNumber,
    pub from_number: PhoneNumber,
    pub agent_version_id: Option<AgentVersionId>,
    pub queue_paused: bool,
    #[sqlx(flatten)]
    pub lead: LeadRow,
}

/// The same with what the permit looks at.
#[derive(Debug, Clone, FromRow)]
pub(super) struct TicketAndLook {
    #[sqlx(flatten)]
    pub ticket: Ticket,
    #[sqlx(flatten)]
    pub look: Look,
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
pub(super) const TICKET: EngineSql = EngineSql {
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
    pub(super) fn send_no(&self) -> u32 {
        u32::try_from(self.send_no).unwrap_or(0)
    }

    fn waits_for(&self, send_no: u32) -> bool {
        self.attempt_state == AttemptState::Ready && self.send_no() == send_no && !self.queue_paused
    }

    pub(super) const fn own<'a>(&'a self, ask: &ClaimAsk<'_>) -> Option<Own<'a>> {
        Some(Own { attempt: ask.attempt, from: &self.from_number })
    }

    pub(super) fn decide(&self, facts: &Facts, ask: &ClaimAsk<'_>, now: Timestamp) -> Claim {
        let stands = (self.lead.state != LeadState::Active).then(|| self.lead.state.as_str());
        let view = facts.view(&self.lead, ask.settings, stands, ask.reserve, self.kind == DialKind::Callback);
        let switches = Switches { queue_paused: self.queue_paused, campaign_dials: facts.campaign_dials() };
        dialing::claim(self.attempt_state, self.send_no(), ask.send_no, switches, permit::check(&view, now))
    }
}
