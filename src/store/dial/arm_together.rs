//! Arming where the engine is a server: all leads of a transaction are locked and looked at by one statement, and those whose
//! gates are open are written by one. A lead each would be three round trips, and a plan to be started for each of them.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::ids::{AgentVersionId, AttemptId, CampaignId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::db::{Conn, engine_part};
use crate::store::dial::arm::{ArmOrder, Arming, busy, deny, is_due, may_call};
use crate::store::dial::facts::{self, Facts, Look, look};
use crate::store::dial::lead::LeadRow;
use crate::store::dial::promise;
use crate::store::dial::sql::{among, given, millis, rows};

/// A lead, locked, and what its permit looks at.
#[derive(Debug, FromRow)]
struct LeadAndLook {
    #[sqlx(flatten)]
    lead: LeadRow,
    #[sqlx(flatten)]
    look: Look,
}

/// Whoever has a lead now moves it: waiting for that one, with other leads in hand, could last for ever. `$2` a day ago.
pub(super) const LEADS: &str = concat!(
    "SELECT l.id, l.campaign_id, l.phone_number, l.zones, l.variables, l.consent_basis, l.state, l.next_kind, l.next_attempt_at,
        l.attempts, l.callbacks, c.state AS campaign, c.not_permitted, ",
    look!(lead "l.id", number "l.phone_number", scope "CAST(l.campaign_id AS TEXT)", since "$2"),
    " FROM lead l JOIN campaign c ON c.id = l.campaign_id WHERE l.id",
    among!(),
    " FOR UPDATE OF l SKIP LOCKED"
);

/// Numbers, attempts and leads in one statement; the attempts that have their number. Numbers in one order, so that two
/// transactions never wait for each other.
pub(super) const TAKE: &str = concat!(
    "WITH ",
    given!(
        "attempt UUID, lead UUID, campaign UUID, attempt_no INTEGER, kind TEXT, callee TEXT, caller TEXT, agent_version UUID,
         reserve BIGINT, lease BIGINT"
    ),
    ",
     taken AS (INSERT INTO open_number (phone_number, attempt_id) SELECT callee, attempt FROM asked ORDER BY callee
        ON CONFLICT (phone_number) DO NOTHING RETURNING attempt_id),
     armed AS (INSERT INTO attempt (id, lead_id, campaign_id, attempt_no, kind, state, send_no, to_number, from_number,
            agent_version_id, reserved_nano_usd, created_at, state_at, lease_until_db)
        SELECT attempt, lead, campaign, attempt_no, kind, 'ready', 1, callee, caller, agent_version, reserve, $2, $2, lease + ",
    engine_part!(postgres now),
    " FROM asked JOIN taken ON taken.attempt_id = asked.attempt),
     activated AS (UPDATE lead SET state = 'active', attempts = attempts + 1, wait_reason = NULL, updated_at = $2
        FROM asked JOIN taken ON taken.attempt_id = asked.attempt WHERE lead.id = asked.lead)
     SELECT attempt_id FROM taken"
);

/// Arms leads in the order of their orders.
pub(super) async fn arm_together(mut conn: Conn<'_>, orders: &[ArmOrder<'_>], now: Timestamp) -> Result<Vec<Arming>, StoreError> {
    let mut leads = locked(conn.reborrow(), orders, now).await?;
    let (mut armings, mut batch) = (vec![Arming::LeadMoved; orders.len()], Batch::default());
    for (place, order) in orders.iter().enumerate() {
        let Some(LeadAndLook { lead, look }) = leads.remove(&order.lead).filter(|found| is_due(&found.lead, now)) else { continue };
        if looks_at_others(order) {
            batch.write(conn.reborrow(), &mut armings, now).await?;
        }
        let facts = Facts::after(look, conn.reborrow(), &lead, None, order.settings, now).await?;
        if let Err(denial) = may_call(&facts, &lead, order, now) {
            // leads like this one are moved with it, but not those that are armed
            batch.write(conn.reborrow(), &mut armings, now).await?;
            armings[place] = deny(conn.reborrow(), &lead, denial, order, now).await?;
        } else if promise::may_dial(conn.reborrow(), &lead, &order.settings.callbacks, now).await?
            && let Some(from) = facts.caller()
        {
            let from = from.clone();
            batch.0.push(Opened { place, order, lead, from, attempt: AttemptId::new() });
        }
    }
    batch.write(conn, &mut armings, now).await?;
    Ok(armings)
}

async fn locked(mut conn: Conn<'_>, orders: &[ArmOrder<'_>], now: Timestamp) -> Result<HashMap<LeadId, LeadAndLook>, StoreError> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.lead.0).collect();
    let found = match conn.reborrow() {
        Conn::Postgres(conn) => sqlx::query_as(LEADS).bind(ids).bind(facts::since(now)).fetch_all(conn).await?,
        Conn::Sqlite(_) => Vec::new(),
    };
    Ok(found.into_iter().map(|found: LeadAndLook| (found.lead.id, found)).collect())
}

/// Whether what is armed before in the same transaction may close a gate, or choose the caller's number.
fn looks_at_others(order: &ArmOrder<'_>) -> bool {
    let settings = order.settings;
    settings.budget.is_some() || settings.calls_per_caller.is_some() || settings.caller_numbers.len() > 1
}

/// A lead whose gates are open.
struct Opened<'a> {
    /// Among the orders.
    place: usize,
    order: &'a ArmOrder<'a>,
    lead: LeadRow,
    from: PhoneNumber,
    attempt: AttemptId,
}

/// A row of [`TAKE`].
#[derive(Serialize)]
struct Asked<'a> {
    attempt: AttemptId,
    lead: LeadId,
    campaign: CampaignId,
    attempt_no: i32,
    kind: &'static str,
    callee: &'a str,
    caller: &'a str,
    agent_version: Option<AgentVersionId>,
    reserve: i64,
    lease: i64,
}

/// Leads that are not written yet.
#[derive(Default)]
struct Batch<'a>(Vec<Opened<'a>>);

impl Batch<'_> {
    async fn write(&mut self, mut conn: Conn<'_>, armings: &mut [Arming], now: Timestamp) -> Result<(), StoreError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let asked = rows(self.0.iter().map(Opened::asked))?;
        let taken = match conn.reborrow() {
            Conn::Postgres(conn) => sqlx::query_scalar(TAKE).bind(asked).bind(now).fetch_all(conn).await?,
            Conn::Sqlite(_) => Vec::new(),
        };
        for Opened { place, order, lead, attempt, .. } in self.0.drain(..) {
            armings[place] = if taken.contains(&attempt) {
                promise::keep_with(conn.reborrow(), &lead, attempt).await?;
                Arming::Armed(attempt)
            } else {
                busy(conn.reborrow(), &lead, order, now).await?
            };
        }
        Ok(())
    }
}

impl Opened<'_> {
    fn asked(&self) -> Asked<'_> {
        let Self { order, lead, from, attempt, .. } = self;
        Asked {
            attempt: *attempt,
            lead: lead.id,
            campaign: lead.campaign_id,
            attempt_no: lead.attempts + 1,
            kind: lead.next_kind.as_str(),
            callee: lead.phone_number.e164(),
            caller: from.e164(),
            agent_version: order.agent_version,
            reserve: order.reserve.0,
            lease: millis(order.timings.ticket_lease),
        }
    }
}
