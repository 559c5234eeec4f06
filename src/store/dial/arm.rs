//! Arming: a lead gets its attempt, its number and its reservation in one transaction, or moves out of the way.

use crate::domain::attempt::DialKind;
use crate::domain::campaign::CampaignSettings;
use crate::domain::dialing::{DialTimings, LeadStep, after_denial};
use crate::domain::ids::{AgentVersionId, AttemptId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::permit::{self, Denial, Gate};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, engine_part, on_db};
use crate::store::dial::arm_together::arm_together;
use crate::store::dial::facts::Facts;
use crate::store::dial::lead::{self, LeadRow};
use crate::store::dial::sql::{execute, millis};
use crate::store::dial::{number, promise};
use crate::store::lead_rank::rank;
use crate::store::{Store, StoreError};

/// A lead to arm.
#[derive(Debug, Clone, Copy)]
pub struct ArmOrder<'a> {
    /// Which lead.
    pub lead: LeadId,
    /// Its campaign's settings.
    pub settings: &'a CampaignSettings,
    /// The agent version the campaign is pinned to.
    pub agent_version: Option<AgentVersionId>,
    /// Worst case of the call, kept until it ends.
    pub reserve: NanoUsd,
    /// The protocol's times.
    pub timings: &'a DialTimings,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arming {
    /// Ring a ticket for this attempt, send number 1.
    Armed(AttemptId),
    /// Another attempt has the number; the lead was moved to a later time.
    NumberBusy {
        /// Who has it.
        holder: AttemptId,
    },
    /// A gate is closed; the lead was moved to its opening (or parked, suppressed, finished).
    Denied(Denial),
    /// The lead is no longer due: somebody else armed, moved or cancelled it, or its promised time passed and it was moved.
    LeadMoved,
}

/// So many leads of the same class move with the first one that finds its hours closed.
const ALIKE: i64 = 2_000;

impl Store {
    /// Arms one lead: permit, number, attempt `ready` with send number 1 and a ticket lease, lead `active`.
    ///
    /// # Errors
    /// The database cannot be written; nothing was armed.
    pub async fn arm(&self, order: &ArmOrder<'_>, now: Timestamp) -> Result<Arming, StoreError> {
        let armings = self.arm_all(std::slice::from_ref(order), now).await?;
        Ok(armings.into_iter().next().unwrap_or(Arming::LeadMoved))
    }

    /// Arms several leads in one transaction: one wait for the disk instead of one each. In the order of the orders.
    ///
    /// # Errors
    /// One of them cannot be read, or the database cannot be written; nothing was armed.
    pub async fn arm_all(&self, orders: &[ArmOrder<'_>], now: Timestamp) -> Result<Vec<Arming>, StoreError> {
        on_db!(self.db, write, tx => {
            let mut conn: Conn<'_> = tx.into();
            if let Conn::Postgres(_) = conn {
                return arm_together(conn, orders, now).await;
            }
            let mut armings = Vec::with_capacity(orders.len());
            for order in orders {
                armings.push(arm(conn.reborrow(), order, now).await?);
            }
            Ok(armings)
        })
    }
}

/// For SQLite, where a statement costs no round trip.
async fn arm(mut conn: Conn<'_>, order: &ArmOrder<'_>, now: Timestamp) -> Result<Arming, StoreError> {
    let lead = LeadRow::lock(conn.reborrow(), order.lead).await?.filter(|lead| is_due(lead, now));
    let Some(lead) = lead else { return Ok(Arming::LeadMoved) };
    let facts = Facts::gather(conn.reborrow(), &lead, None, order.settings, now).await?;
    if let Err(denial) = may_call(&facts, &lead, order, now) {
        return deny(conn, &lead, denial, order, now).await;
    }
    if !promise::may_dial(conn.reborrow(), &lead, &order.settings.callbacks, now).await? {
        return Ok(Arming::LeadMoved);
    }
    // the permit has seen that there is one
    let Some(from) = facts.caller() else { return Ok(Arming::LeadMoved) };
    let attempt = AttemptId::new();
    if !number::take(conn.reborrow(), &lead.phone_number, attempt).await? {
        return busy(conn, &lead, order, now).await;
    }
    insert(conn.reborrow(), attempt, &lead, from, order, now).await?;
    lead::activate(conn.reborrow(), &lead, 1, now).await?;
    promise::keep_with(conn, &lead, attempt).await?;
    Ok(Arming::Armed(attempt))
}

/// Nobody else has armed, moved or cancelled it.
pub(super) fn is_due(lead: &LeadRow, now: Timestamp) -> bool {
    matches!(lead.state, LeadState::New | LeadState::Waiting) && lead.next_attempt_at <= now
}

/// Every gate, for a lead that is due.
pub(super) fn may_call(facts: &Facts, lead: &LeadRow, order: &ArmOrder<'_>, now: Timestamp) -> Result<(), Denial> {
    let view = facts.view(lead, order.settings, None, order.reserve, lead.next_kind == DialKind::Callback);
    permit::check(&view, now).map(drop)
}

/// Moves the lead to the gate's opening. Leads of a class that is not sorted yet are moved together with those in the same
/// zones (they are older than priorities); a sorted class is not looked at again while it is closed.
pub(super) async fn deny(
    mut conn: Conn<'_>,
    lead: &LeadRow,
    denial: Denial,
    order: &ArmOrder<'_>,
    now: Timestamp,
) -> Result<Arming, StoreError> {
    let step = after_denial(&denial, lead.next_kind, now, order.timings);
    lead::step(conn.reborrow(), lead, &step, now).await?;
    if let (Gate::Hours, LeadStep::Waiting { at, why, .. }) = (denial.gate, &step) {
        execute!(
            conn,
            concat!(
                "UPDATE lead SET next_attempt_at = $5, wait_reason = $6, updated_at = $7 WHERE id IN (
                    SELECT id FROM lead WHERE campaign_id = $1 AND state = $2 AND next_kind = $3 AND hours_class = 0 AND ",
                rank!(),
                " = 0 AND next_attempt_at <= $7 AND zones = $4 LIMIT $8)"
            ),
            lead.campaign_id,
            lead.state,
            lead.next_kind,
            &lead.zones,
            *at,
            why,
            now,
            ALIKE
        );
    }
    Ok(Arming::Denied(denial))
}

/// The number is in use: the lead waits, and says for whom.
pub(super) async fn busy(mut conn: Conn<'_>, lead: &LeadRow, order: &ArmOrder<'_>, now: Timestamp) -> Result<Arming, StoreError> {
    let Some(holder) = number::holder(conn.reborrow(), &lead.phone_number).await? else { return Ok(Arming::LeadMoved) };
    let why = format!("number in use by attempt {}", holder.attempt_id);
    let step = LeadStep::Waiting { kind: lead.next_kind, at: now + order.timings.silent_after, why };
    lead::step(conn, lead, &step, now).await?;
    Ok(Arming::NumberBusy { holder: holder.attempt_id })
}

const INSERT: &str = concat!(
    "INSERT INTO attempt (id, lead_id, campaign_id, attempt_no, kind, state, send_no, to_number, from_number, agent_version_id,
        reserved_nano_usd, created_at, state_at, lease_until_db)
     VALUES ($1, $2, $3, $4, $5, 'ready', 1, $6, $7, $8, $9, $10, $10, $11 + ",
    engine_part!(sqlite now),
    ")"
);

async fn insert(
    mut conn: Conn<'_>,
    attempt: AttemptId,
    lead: &LeadRow,
    from: &PhoneNumber,
    order: &ArmOrder<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        conn,
        INSERT,
        attempt,
        lead.id,
        lead.campaign_id,
        lead.attempts + 1,
        lead.next_kind,
        lead.phone_number.clone(),
        from.clone(),
        order.agent_version,
        order.reserve,
        now,
        millis(order.timings.ticket_lease)
    );
    Ok(())
}
