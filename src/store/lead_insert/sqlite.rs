//! Leads into SQLite: one statement for some hundred rows.
//!
//! The values are bound by place and not by number: for numbered ones the driver looks each name up from the start of the
//! list, which takes longer than storing the rows.

use std::vec::IntoIter;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Row, Sqlite, SqliteConnection};

use super::{COLUMNS, Fresh, ListLead, ListPlace, OnDuplicate, PROOF_COLUMNS, any_proof, on_conflict};
use crate::domain::ids::LeadId;
use crate::domain::time::Timestamp;
use crate::store::StoreError;

/// Rows of a statement.
const ROWS: usize = 250;

/// Binds the values in the order of [`sql`], and takes them with it.
macro_rules! bound {
    ($query:expr, $place:expr, $leads:expr, $proof:expr, $now:expr) => {{
        let mut query = $query.bind($place.campaign).bind($place.import_id()).bind($now).bind($now);
        let listed_at = $place.listed_at($now);
        for fresh in $leads {
            let (state, disposition, due) = (fresh.state(), fresh.disposition(), fresh.lead.due(listed_at, $now));
            let ListLead { external_id, phone_number, zones, variables, consent_basis, consent_proof, priority, .. } = fresh.lead;
            query = query.bind(fresh.id).bind(external_id).bind(phone_number).bind(zones).bind(variables).bind(consent_basis);
            query = query.bind(priority).bind(due).bind(state).bind(disposition).bind(fresh.hours_class);
            if $proof {
                let (consent_at, consent_ref) = consent_proof.map_or((None, None), |proof| (proof.at, proof.reference));
                query = query.bind(consent_at).bind(consent_ref);
            }
        }
        query
    }};
}

/// Stores new leads and passes over numbers that are there; how many are new.
pub(super) async fn skip(conn: &mut SqliteConnection, place: ListPlace, leads: Vec<Fresh>, now: Timestamp) -> Result<u64, StoreError> {
    let (mut accepted, mut leads) = (0, leads.into_iter());
    let mut ready = statement(place, &mut leads, now);
    while let Some(query) = ready {
        // the values of the next statement are bound while this one runs, in the driver's own thread
        let (done, next) = tokio::join!(query.execute(&mut *conn), async { statement(place, &mut leads, now) });
        accepted += done?.rows_affected();
        ready = next;
    }
    Ok(accepted)
}

/// Stores new leads and replaces what is known of the others; the ids of all.
pub(super) async fn update(
    conn: &mut SqliteConnection,
    place: ListPlace,
    leads: Vec<Fresh>,
    now: Timestamp,
) -> Result<Vec<LeadId>, StoreError> {
    let (mut ids, mut leads) = (Vec::with_capacity(leads.len()), leads.into_iter());
    let mut ready = statement(place, &mut leads, now);
    while let Some(query) = ready {
        let (rows, next) = tokio::join!(query.fetch_all(&mut *conn), async { statement(place, &mut leads, now) });
        ids.extend(rows?.iter().map(|row| row.try_get(0)).collect::<Result<Vec<LeadId>, _>>()?);
        ready = next;
    }
    Ok(ids)
}

/// A statement that stores the next leads, with its values; `None` when there are no more.
fn statement(place: ListPlace, leads: &mut IntoIter<Fresh>, now: Timestamp) -> Option<Query<'static, Sqlite, SqliteArguments>> {
    let leads: Vec<Fresh> = leads.by_ref().take(ROWS).collect();
    if leads.is_empty() {
        return None;
    }
    // the rest of a piece has another length each time, and each length kept would be up to a quarter of a megabyte
    let (proof, full) = (any_proof(&leads), leads.len() == ROWS);
    let sql = sql(leads.len(), proof, place.on_duplicate);
    Some(bound!(sqlx::query(AssertSqlSafe(sql)).persistent(full), place, leads, proof, now))
}

/// Campaign, import and the time twice; then eleven values per row, or thirteen with the proof of consent.
fn sql(rows: usize, proof: bool, on_duplicate: OnDuplicate) -> String {
    let (more, row) = if proof { (PROOF_COLUMNS, "(?,?,?,?,?,?,?,?,?,?,?,?,?)") } else { ("", "(?,?,?,?,?,?,?,?,?,?,?)") };
    let values = vec![row; rows].join(",");
    // without the WHERE, SQLite would read ON CONFLICT as a join
    let conflict = on_conflict(on_duplicate);
    format!("INSERT INTO lead ({COLUMNS}{more}) SELECT ?, ?, ?, ?, * FROM (VALUES {values}) WHERE TRUE{conflict}")
}
