//! Many leads at once: multi-row statements, so that a list of a million rows is a matter of seconds.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Row};

use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn, on_db};
use crate::store::{Store, StoreError, hours_class};
use crate::word_enum;

/// Rows per statement: enough to spread its cost, few enough that SQLite, which looks for the name of each bound value
/// from the start of the list, does not spend its time there.
const ROWS: usize = 50;

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

/// Puts leads on a list inside a transaction of the caller.
pub(crate) async fn insert(mut conn: Conn<'_>, place: ListPlace, leads: &[NewLead], now: Timestamp) -> Result<Inserted, StoreError> {
    let rows = match place.on_duplicate {
        OnDuplicate::Skip => leads.iter().collect(),
        OnDuplicate::Update => last_of_each_number(leads),
    };
    let (mut sum, first) = (Inserted::default(), LeadId::new());
    let (ids, classes) = hours_class::sort(&rows);
    hours_class::keep(conn.reborrow(), place.campaign, classes).await?;
    for (chunk, ids) in rows.chunks(ROWS).zip(ids.chunks(ROWS)) {
        let (accepted, updated) = insert_chunk(conn.reborrow(), place, chunk, ids, now).await?;
        sum.accepted += accepted;
        sum.updated += updated;
    }
    sum.duplicates = leads.len() as u64 - sum.accepted - sum.updated;
    sum.suppressed = suppress_new(conn, place.campaign, first, now).await?;
    sum.accepted -= sum.suppressed;
    Ok(sum)
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

/// Inserts up to [`ROWS`] leads; how many are new and how many were updated.
async fn insert_chunk(
    conn: Conn<'_>,
    place: ListPlace,
    leads: &[&NewLead],
    classes: &[i64],
    now: Timestamp,
) -> Result<(u64, u64), StoreError> {
    let sql = AssertSqlSafe(insert_sql(leads.len(), place.on_duplicate));
    let newest_known = LeadId::new();
    on_conn!(conn, conn => {
        let mut query = sqlx::query(sql).bind(place.campaign).bind(place.import).bind(now);
        for (lead, class) in leads.iter().zip(classes) {
            query = query.bind(LeadId::new()).bind(&lead.external_id).bind(&lead.phone_number);
            query = query.bind(&lead.zones).bind(&lead.variables).bind(&lead.consent_basis);
            query = query.bind(lead.not_before.map_or(now, |not_before| not_before.max(now))).bind(*class);
        }
        match place.on_duplicate {
            OnDuplicate::Skip => Ok((query.execute(conn).await?.rows_affected(), 0)),
            OnDuplicate::Update => {
                let ids: Vec<LeadId> = query.try_map(|row| row.try_get(0)).fetch_all(conn).await?;
                let accepted = ids.iter().filter(|id| **id > newest_known).count() as u64;
                Ok((accepted, ids.len() as u64 - accepted))
            }
        }
    })
}

/// `$1` campaign, `$2` import, `$3` now; then eight values per row.
fn insert_sql(rows: usize, on_duplicate: OnDuplicate) -> String {
    let mut sql = String::with_capacity(500 + rows * 51);
    sql.push_str(
        "INSERT INTO lead (campaign_id, import_id, state, created_at, updated_at,
           id, external_id, phone_number, zones, variables, consent_basis, next_attempt_at, hours_class) VALUES ",
    );
    for row in 0..rows {
        let at = 4 + row * 8;
        let comma = if row == 0 { "" } else { "," };
        let [b, c, d, e, f, g, h] = [at + 1, at + 2, at + 3, at + 4, at + 5, at + 6, at + 7];
        write!(sql, "{comma}($1,$2,'new',$3,$3,${at},${b},${c},${d},${e},${f},${g},${h})").expect("writing to a String cannot fail");
    }
    sql.push_str(match on_duplicate {
        OnDuplicate::Skip => " ON CONFLICT (campaign_id, phone_number) DO NOTHING",
        OnDuplicate::Update => {
            " ON CONFLICT (campaign_id, phone_number) DO UPDATE SET external_id = excluded.external_id, zones = excluded.zones,
                variables = excluded.variables, consent_basis = excluded.consent_basis, hours_class = excluded.hours_class,
                updated_at = excluded.updated_at
              RETURNING id"
        }
    });
    sql
}

/// Numbers that must not be called are stored, so that the list is complete, but never dialled.
async fn suppress_new(conn: Conn<'_>, campaign: CampaignId, first: LeadId, now: Timestamp) -> Result<u64, StoreError> {
    const SUPPRESS: &str = "UPDATE lead SET state = 'suppressed', disposition = 'dnc', updated_at = $3
         WHERE campaign_id = $1 AND id > $2 AND state = 'new' AND EXISTS (
           SELECT 1 FROM suppression s WHERE s.phone_number = lead.phone_number AND s.scope IN ('global', $4)
             AND s.source <> 'quarantine')";
    on_conn!(conn, conn => {
        let query = sqlx::query(SUPPRESS).bind(campaign).bind(first).bind(now).bind(campaign.to_string());
        Ok(query.execute(conn).await?.rows_affected())
    })
}
