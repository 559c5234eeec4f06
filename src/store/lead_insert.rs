//! Many leads at once: few statements, so that a list of a million rows is a matter of seconds.

mod postgres;
mod sqlite;

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::{Store, StoreError};
use crate::word_enum;

/// A lead to put on a list; already checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLead {
    /// The operator's own key.
    pub external_id: Option<String>,
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// IANA zones the callee may be in; empty when unknown.
    pub zones: JsonText<Vec<String>>,
    /// What the list says about the person, for the agent.
    pub variables: JsonText<Map<String, Value>>,
    /// Why we may call.
    pub consent_basis: Option<String>,
    /// Not to be called earlier.
    pub not_before: Option<Timestamp>,
}

impl NewLead {
    /// When it may be called first.
    fn due(&self, now: Timestamp) -> Timestamp {
        self.not_before.map_or(now, |not_before| not_before.max(now))
    }
}

word_enum! {
    /// What to do with a number that the campaign has already.
    pub enum OnDuplicate {
        /// Leave the lead as it is.
        Skip = "skip",
        /// Take the new key, zones, variables and consent; state and history stay.
        Update = "update",
    }
}

/// What came of a batch; the four add up to its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Inserted {
    /// New leads.
    pub accepted: u64,
    /// Leads whose data was replaced.
    pub updated: u64,
    /// Rows left out because the number is there already, in the campaign or in the batch.
    pub duplicates: u64,
    /// New leads that are on a do-not-call list; stored as suppressed, never called.
    pub suppressed: u64,
}

/// Where new leads go.
#[derive(Debug, Clone, Copy)]
pub struct ListPlace {
    /// Whose list.
    pub campaign: CampaignId,
    /// Which import brings them.
    pub import: Option<ImportId>,
    /// What to do with numbers the campaign has.
    pub on_duplicate: OnDuplicate,
}

impl Store {
    /// Puts leads on a list in one transaction.
    ///
    /// # Errors
    /// The campaign does not exist, or the database cannot be written; nothing is stored then.
    pub async fn insert_leads(&self, place: ListPlace, leads: &[NewLead], now: Timestamp) -> Result<Inserted, StoreError> {
        on_db!(self.db, write, tx => insert(tx.into(), place, leads, now).await)
    }

    /// Those of the numbers that a campaign has on its list.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn numbers_on_list(&self, campaign: CampaignId, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, StoreError> {
        const THERE: EngineSql = engine_sql!("SELECT phone_number FROM lead WHERE campaign_id = $2 AND phone_number IN (" (each "$1") ")");
        let sql = THERE.on(&self.db);
        on_db!(self.db, read, conn => Ok(sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(campaign).fetch_all(conn).await?))
    }
}

/// A lead with the id it gets if it is new, and its JSON.
struct Fresh<'a> {
    id: LeadId,
    lead: &'a NewLead,
    zones: String,
    variables: String,
}

impl<'a> Fresh<'a> {
    fn of(lead: &'a NewLead) -> Result<Self, StoreError> {
        let json = |source| StoreError::Unreadable { what: "values of a new lead".to_owned(), source };
        let zones = serde_json::to_string(&lead.zones).map_err(json)?;
        Ok(Self { id: LeadId::new(), lead, zones, variables: serde_json::to_string(&lead.variables).map_err(json)? })
    }
}

/// Puts leads on a list inside a transaction of the caller.
pub(crate) async fn insert(mut conn: Conn<'_>, place: ListPlace, leads: &[NewLead], now: Timestamp) -> Result<Inserted, StoreError> {
    let before = LeadId::new();
    let (accepted, updated) = match place.on_duplicate {
        OnDuplicate::Skip => (skip(conn.reborrow(), place, &in_order(leads.iter())?, now).await?, 0),
        OnDuplicate::Update => {
            let rows = in_order(last_of_each_number(leads).into_iter())?;
            if let Some(import) = place.import {
                keep_former(conn.reborrow(), place.campaign, import, &rows, now).await?;
            }
            let ids = update(conn.reborrow(), place, &rows, now).await?;
            let accepted = ids.iter().filter(|id| **id > before).count() as u64;
            (accepted, ids.len() as u64 - accepted)
        }
    };
    let suppressed = if accepted > 0 { suppress_new(conn, place.campaign, before, now).await? } else { 0 };
    Ok(Inserted { accepted: accepted - suppressed, updated, duplicates: leads.len() as u64 - accepted - updated, suppressed })
}

async fn skip(conn: Conn<'_>, place: ListPlace, leads: &[Fresh<'_>], now: Timestamp) -> Result<u64, StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::skip(conn, place, leads, now).await,
        Conn::Sqlite(conn) => sqlite::skip(conn, place, leads, now).await,
    }
}

async fn update(conn: Conn<'_>, place: ListPlace, leads: &[Fresh<'_>], now: Timestamp) -> Result<Vec<LeadId>, StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::update(conn, place, leads, now).await,
        Conn::Sqlite(conn) => sqlite::update(conn, place, leads, now).await,
    }
}

/// Ids grow in the order of the list; the rows are stored in the order of their numbers, so that the index of numbers is walked
/// once instead of jumped about in, and two imports at once take their locks in the same order.
fn in_order<'a>(leads: impl Iterator<Item = &'a NewLead>) -> Result<Vec<Fresh<'a>>, StoreError> {
    let mut rows = leads.map(Fresh::of).collect::<Result<Vec<_>, _>>()?;
    rows.sort_by(|one, other| one.lead.phone_number.cmp(&other.lead.phone_number));
    Ok(rows)
}

/// One statement may update a row only once, so of several rows with one number the last one speaks.
fn last_of_each_number(leads: &[NewLead]) -> Vec<&NewLead> {
    let mut place_of = HashMap::with_capacity(leads.len());
    let mut rows: Vec<&NewLead> = Vec::with_capacity(leads.len());
    for lead in leads {
        match place_of.get(&lead.phone_number) {
            Some(&place) => rows[place] = lead,
            None => {
                place_of.insert(&lead.phone_number, rows.len());
                rows.push(lead);
            }
        }
    }
    rows
}

/// The columns in the order of the values.
const COLUMNS: &str = "campaign_id, import_id, state, created_at, updated_at,
    id, external_id, phone_number, zones, variables, consent_basis, next_attempt_at";

const fn on_conflict(on_duplicate: OnDuplicate) -> &'static str {
    match on_duplicate {
        OnDuplicate::Skip => " ON CONFLICT (phone_number, campaign_id) DO NOTHING",
        OnDuplicate::Update => {
            " ON CONFLICT (phone_number, campaign_id) DO UPDATE SET external_id = excluded.external_id, zones = excluded.zones,
                variables = excluded.variables, consent_basis = excluded.consent_basis, updated_at = excluded.updated_at
              RETURNING id"
        }
    }
}

/// What an import is about to replace, so that it can be taken back; of a lead that it meets twice, the first.
async fn keep_former(
    conn: Conn<'_>,
    campaign: CampaignId,
    import: ImportId,
    leads: &[Fresh<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    const KEEP: EngineSql = engine_sql!(
        "INSERT INTO lead_before (import_id, lead_id, external_id, zones, variables, consent_basis, replaced_at)
         SELECT $1, id, external_id, zones, variables, consent_basis, $4 FROM lead
         WHERE campaign_id = $2 AND phone_number IN (" (each "$3") ")
         ON CONFLICT (import_id, lead_id) DO NOTHING"
    );
    let numbers: Vec<&PhoneNumber> = leads.iter().map(|row| &row.lead.phone_number).collect();
    let sql = KEEP.for_conn(&conn);
    on_conn!(conn, conn => {
        sqlx::query(sql).bind(import).bind(campaign).bind(JsonText(numbers)).bind(now).execute(conn).await?;
        Ok(())
    })
}

/// Numbers that must not be called are stored, so that the list is complete, but never dialled.
async fn suppress_new(conn: Conn<'_>, campaign: CampaignId, before: LeadId, now: Timestamp) -> Result<u64, StoreError> {
    const SUPPRESS: &str = "UPDATE lead SET state = 'suppressed', disposition = 'dnc', updated_at = $3
         WHERE campaign_id = $1 AND id > $2 AND state = 'new' AND EXISTS (
           SELECT 1 FROM suppression s WHERE s.phone_number = lead.phone_number
             AND (s.scope IN ('global', $4) OR s.source = 'list'))";
    on_conn!(conn, conn => {
        let query = sqlx::query(SUPPRESS).bind(campaign).bind(before).bind(now).bind(campaign.to_string());
        Ok(query.execute(conn).await?.rows_affected())
    })
}
