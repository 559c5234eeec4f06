//! A campaign copied under its own ids: its open leads, and all that decides whether and when they are called.
//!
//! Of a person only the number, the zones and the state go with it, since nobody talks with the copy.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::campaign::CampaignState;
use crate::domain::ids::{AttemptId, CampaignId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, on_conn, on_db};
use crate::store::rehearsal::standing;
use crate::store::{Store, StoreError, spend};

/// Rows read and written at once.
const PAGE: i64 = 1_000;
/// Caps on numbers and caller numbers look back a day; a call is placed at most so long after it was armed.
const LOOK_BACK: Duration = Duration::from_secs(25 * 3_600);

/// What to copy, and as what.
#[derive(Debug, Clone, Copy)]
pub struct CopyOrder<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// The settings the copy has.
    pub settings: &'a Value,
    /// The state the copy is in.
    pub state: CampaignState,
    /// The copy's clock begins here.
    pub from: Timestamp,
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Leads that are new or wait.
    pub leads: u64,
    /// Leads that were left out, by state: being called, done, not to be called.
    pub left_out: BTreeMap<LeadState, u64>,
    /// What the campaign has spent so far.
    pub spent: NanoUsd,
}

impl Store {
    /// Copies a campaign into an empty, migrated store. The rows are read page by page, not as of one moment.
    ///
    /// # Errors
    /// This store cannot be read, or the other one cannot be written.
    pub async fn copy_campaign(&self, into: &Self, order: &CopyOrder<'_>) -> Result<Copied, StoreError> {
        let id = order.campaign.id;
        copy_head(self, into, order).await?;
        let leads = copy_leads(self, into, id).await?;
        copy_attempts(self, into, OWN, id, Uuid::nil()).await?;
        copy_attempts(self, into, OTHERS, id, first_id_at(order.from - LOOK_BACK)).await?;
        copy_promises(self, into, id).await?;
        standing::watch_gates(into).await?;
        let left_out: Vec<(LeadState, i64)> = on_db!(self.db, read, conn => {
            let sql = "SELECT state, COUNT(*) FROM lead WHERE campaign_id = $1 AND state NOT IN ('new', 'waiting') GROUP BY state";
            Ok(sqlx::query_as(sql).bind(id).fetch_all(conn).await?)
        })?;
        let left_out = left_out.into_iter().map(|(state, leads)| (state, u64::try_from(leads).unwrap_or(0))).collect();
        let spent = on_db!(into.db, read, conn => spend::of(conn.into(), id).await)?;
        Ok(Copied { leads, left_out, spent })
    }
}

/// The campaign, its classes of hours, its spending, and the do-not-call lists whose age counts.
async fn copy_head(from: &Store, into: &Store, order: &CopyOrder<'_>) -> Result<(), StoreError> {
    let campaign = order.campaign;
    let classes: Vec<(i64, String, String)> = on_db!(from.db, read, conn => {
        let sql = "SELECT class, zones, laws FROM hours_class WHERE campaign_id = $1";
        Ok(sqlx::query_as(sql).bind(campaign.id).fetch_all(conn).await?)
    })?;
    let lists: Vec<(String, String, Option<String>)> = on_db!(from.db, read, conn => {
        Ok(sqlx::query_as("SELECT name, scrub_date, registry FROM dnc_list").fetch_all(conn).await?)
    })?;
    let spent = on_db!(from.db, read, conn => spend::of(conn.into(), campaign.id).await)?;
    on_db!(into.db, write, tx => {
        sqlx::query(
            "INSERT INTO campaign (id, name, state, settings, agent_version_id, created_at, started_at, running_since,
               not_permitted, look_again_after)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
        )
        .bind(campaign.id).bind(&campaign.name).bind(order.state).bind(JsonText(order.settings)).bind(campaign.agent_version_id)
        .bind(campaign.created_at).bind(order.from).bind(campaign.not_permitted.clone()).bind(campaign.look_again_after)
        .execute(&mut *tx).await?;
        for (class, zones, laws) in &classes {
            let sql = "INSERT INTO hours_class (campaign_id, class, zones, laws) VALUES ($1, $2, $3, $4)";
            sqlx::query(sql).bind(campaign.id).bind(class).bind(zones).bind(laws).execute(&mut *tx).await?;
        }
        for (name, scrub_date, registry) in &lists {
            let sql = "INSERT INTO dnc_list (name, scrub_date, numbers, imported_at, registry) VALUES ($1, $2, 0, $3, $4)";
            sqlx::query(sql).bind(name).bind(scrub_date).bind(order.from).bind(registry).execute(&mut *tx).await?;
        }
        spend::add(tx.into(), campaign.id, spent).await
    })
}

#[derive(FromRow)]
struct LeadRow {
    id: LeadId,
    phone_number: PhoneNumber,
    zones: String,
    variables: String,
    consent_basis: Option<String>,
    priority: Priority,
    state: LeadState,
    next_kind: DialKind,
    next_attempt_at: Timestamp,
    attempts: i32,
    placed: i32,
    callbacks: i32,
    created_at: Timestamp,
    hours_class: i64,
}

async fn copy_leads(from: &Store, into: &Store, campaign: CampaignId) -> Result<u64, StoreError> {
    const LEADS: &str = "SELECT id, phone_number, zones, variables, consent_basis, priority, state, next_kind, next_attempt_at, attempts,
            placed, callbacks, created_at, hours_class
        FROM lead WHERE campaign_id = $1 AND id > $2 AND state IN ('new', 'waiting') ORDER BY id LIMIT $3";
    const SUPPRESSIONS: &str = "SELECT s.phone_number, s.scope, s.source, s.created_at
        FROM lead l JOIN suppression s ON s.phone_number = l.phone_number
        WHERE l.campaign_id = $1 AND l.id > $2 AND l.id <= $3 AND l.state IN ('new', 'waiting')";
    let (mut after, mut copied) = (LeadId(Uuid::nil()), 0);
    loop {
        let rows: Vec<LeadRow> = on_db!(from.db, read, conn => {
            Ok(sqlx::query_as(LEADS).bind(campaign).bind(after).bind(PAGE).fetch_all(conn).await?)
        })?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(copied) };
        let suppressed: Vec<(String, String, String, Timestamp)> = on_db!(from.db, read, conn => {
            Ok(sqlx::query_as(SUPPRESSIONS).bind(campaign).bind(after).bind(last).fetch_all(conn).await?)
        })?;
        on_db!(into.db, write, tx => {
            for row in &rows {
                write_lead((&mut *tx).into(), campaign, row).await?;
            }
            for (number, scope, source, at) in &suppressed {
                let sql = "INSERT INTO suppression (phone_number, scope, source, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
                sqlx::query(sql).bind(number).bind(scope).bind(source).bind(at).execute(&mut *tx).await?;
            }
            Ok(())
        })?;
        (after, copied) = (last, copied + rows.len() as u64);
    }
}

async fn write_lead(conn: Conn<'_>, campaign: CampaignId, row: &LeadRow) -> Result<(), StoreError> {
    const WRITE: &str = "INSERT INTO lead (id, campaign_id, phone_number, zones, variables, consent_basis, state, next_kind,
            next_attempt_at, attempts, placed, callbacks, created_at, updated_at, hours_class, priority)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15) ON CONFLICT DO NOTHING";
    on_conn!(conn, conn => {
        let query = sqlx::query(WRITE).bind(row.id).bind(campaign).bind(row.phone_number.clone()).bind(&row.zones);
        let query = query.bind(address_alone(&row.variables)).bind(row.consent_basis.as_ref().map(|_| "stated")).bind(row.state);
        let query = query.bind(row.next_kind).bind(row.next_attempt_at).bind(row.attempts).bind(row.placed).bind(row.callbacks);
        query.bind(row.created_at).bind(row.hours_class).bind(row.priority).execute(conn).await?;
        Ok(())
    })
}

/// The law goes by the state that the list names.
fn address_alone(variables: &str) -> String {
    let variables: Value = serde_json::from_str(variables).unwrap_or_default();
    let stated = ["state", "postal_code"].into_iter().filter_map(|name| Some((name.to_owned(), variables.get(name)?.clone())));
    Value::Object(stated.collect()).to_string()
}

#[derive(FromRow)]
struct PlacedRow {
    id: AttemptId,
    lead_id: LeadId,
    campaign_id: CampaignId,
    attempt_no: i32,
    kind: DialKind,
    to_number: PhoneNumber,
    from_number: PhoneNumber,
    created_at: Timestamp,
    placed_at: Timestamp,
    disposition: Option<Disposition>,
    reason: Option<Reason>,
    state_at: Timestamp,
}

/// Placed calls of the campaign itself, and those of all others; `$2` the id after which to read.
const OWN: &str = "SELECT id, lead_id, campaign_id, attempt_no, kind, to_number, from_number, created_at, placed_at, disposition, reason,
        state_at
    FROM attempt WHERE campaign_id = $1 AND id > $2 AND placed_at IS NOT NULL ORDER BY id LIMIT $3";
const OTHERS: &str =
    "SELECT id, lead_id, campaign_id, attempt_no, kind, to_number, from_number, created_at, placed_at, disposition, reason,
        state_at
    FROM attempt WHERE campaign_id <> $1 AND id > $2 AND placed_at IS NOT NULL ORDER BY id LIMIT $3";

/// A call that is under way counts as one that has ended: the copy hears no more of it.
async fn copy_attempts(from: &Store, into: &Store, sql: &'static str, campaign: CampaignId, after: Uuid) -> Result<(), StoreError> {
    const WRITE: &str = "INSERT INTO attempt (id, lead_id, campaign_id, attempt_no, kind, state, to_number, from_number, created_at,
            placed_at, ended_at, disposition, reason, state_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $13, $11, $12, $13) ON CONFLICT DO NOTHING";
    let mut after = AttemptId(after);
    loop {
        let rows: Vec<PlacedRow> = on_db!(from.db, read, conn => {
            Ok(sqlx::query_as(sql).bind(campaign).bind(after).bind(PAGE).fetch_all(conn).await?)
        })?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(()) };
        on_db!(into.db, write, tx => {
            for row in &rows {
                let query = sqlx::query(WRITE).bind(row.id).bind(row.lead_id).bind(row.campaign_id).bind(row.attempt_no).bind(row.kind);
                let query = query.bind(AttemptState::Ended).bind(row.to_number.clone()).bind(row.from_number.clone()).bind(row.created_at);
                query.bind(row.placed_at).bind(row.disposition).bind(row.reason).bind(row.state_at).execute(&mut *tx).await?;
            }
            Ok(())
        })?;
        after = last;
    }
}

#[derive(FromRow)]
struct PromiseRow {
    promised_in: AttemptId,
    lead_id: LeadId,
    zone: String,
    earliest: Timestamp,
    latest: Option<Timestamp>,
    promised_at: Timestamp,
    due_at: Timestamp,
    due_until: Option<Timestamp>,
    moves: i32,
}

/// Promises that no call has kept yet.
async fn copy_promises(from: &Store, into: &Store, campaign: CampaignId) -> Result<(), StoreError> {
    const OPEN: &str = "SELECT promised_in, lead_id, zone, earliest, latest, promised_at, due_at, due_until, moves FROM callback
        WHERE campaign_id = $1 AND promised_in > $2 AND NOT given_up
          AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = callback.dialed_in AND a.placed_at IS NOT NULL)
        ORDER BY promised_in LIMIT $3";
    const WRITE: &str = "INSERT INTO callback (promised_in, lead_id, campaign_id, words, zone, earliest, latest, promised_at, due_at,
            due_until, moves)
        VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, $9, $10)";
    let mut after = AttemptId(Uuid::nil());
    loop {
        let rows: Vec<PromiseRow> = on_db!(from.db, read, conn => {
            Ok(sqlx::query_as(OPEN).bind(campaign).bind(after).bind(PAGE).fetch_all(conn).await?)
        })?;
        let Some(last) = rows.last().map(|row| row.promised_in) else { return Ok(()) };
        on_db!(into.db, write, tx => {
            for row in &rows {
                let query = sqlx::query(WRITE).bind(row.promised_in).bind(row.lead_id).bind(campaign).bind(&row.zone).bind(row.earliest);
                let query = query.bind(row.latest).bind(row.promised_at).bind(row.due_at).bind(row.due_until).bind(row.moves);
                query.execute(&mut *tx).await?;
            }
            Ok(())
        })?;
        after = last;
    }
}

/// Ids grow with time: every id made from this moment on is larger.
fn first_id_at(moment: Timestamp) -> Uuid {
    let millis = u128::try_from(moment.as_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
