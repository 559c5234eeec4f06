//! Leads into PostgreSQL: one statement for a whole transaction, a column as one array.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{COLUMNS, Fresh, ListPlace, OnDuplicate, PROOF_COLUMNS, any_proof, on_conflict};
use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::time::Timestamp;
use crate::store::StoreError;

/// Rows of a statement.
const ROWS: usize = 5_000;

/// The values of many leads, column by column.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<uuid::Uuid>,
    external_ids: Vec<Option<&'a str>>,
    phone_numbers: Vec<&'a str>,
    zones: Vec<&'a str>,
    variables: Vec<&'a str>,
    consents: Vec<Option<&'a str>>,
    priorities: Vec<i32>,
    due: Vec<i64>,
    states: Vec<&'a str>,
    dispositions: Vec<Option<&'a str>>,
    classes: Vec<i64>,
    proof: Option<ProofColumns<'a>>,
}

/// When and where consent was given, of many leads.
type ProofColumns<'a> = (Vec<Option<i64>>, Vec<Option<&'a str>>);

fn proof_columns(leads: &[Fresh]) -> ProofColumns<'_> {
    leads.iter().map(|fresh| (fresh.lead.consent_at().map(Timestamp::as_millis), fresh.lead.consent_ref())).unzip()
}

impl<'a> Columns<'a> {
    fn of(leads: &'a [Fresh], listed_at: Timestamp, now: Timestamp) -> Self {
        let mut columns = Self { proof: any_proof(leads).then(|| proof_columns(leads)), ..Self::default() };
        for fresh in leads {
            let lead = &fresh.lead;
            columns.ids.push(fresh.id.0);
            columns.external_ids.push(lead.external_id.as_deref());
            columns.phone_numbers.push(lead.phone_number.e164());
            columns.zones.push(&lead.zones);
            columns.variables.push(&lead.variables);
            columns.consents.push(lead.consent_basis.as_deref());
            columns.priorities.push(lead.priority.get().into());
            columns.due.push(lead.due(listed_at, now).as_millis());
            columns.states.push(fresh.state());
            columns.dispositions.push(fresh.disposition());
            columns.classes.push(fresh.hours_class);
        }
        columns
    }
}

/// The statement with its values, in the order of [`sql`].
macro_rules! bound {
    ($place:expr, $leads:expr, $now:expr) => {{
        let columns = Columns::of($leads, $place.listed_at($now), $now);
        let query = sqlx::query(AssertSqlSafe(sql($place.on_duplicate, columns.proof.is_some())));
        let query = query.bind($place.campaign).bind($place.import_id()).bind($now).bind(columns.ids).bind(columns.external_ids);
        let query = query.bind(columns.phone_numbers).bind(columns.zones).bind(columns.variables).bind(columns.consents);
        let query = query.bind(columns.priorities).bind(columns.due).bind(columns.states).bind(columns.dispositions);
        let query = query.bind(columns.classes);
        match columns.proof {
            Some((consents_at, consent_refs)) => query.bind(consents_at).bind(consent_refs),
            None => query,
        }
    }};
}

/// Stores new leads and passes over numbers that are there; how many are new.
pub(super) async fn skip(conn: &mut PgConnection, place: ListPlace, leads: &[Fresh], now: Timestamp) -> Result<u64, StoreError> {
    require(conn, place.campaign).await?;
    let mut accepted = 0;
    for leads in leads.chunks(ROWS) {
        accepted += bound!(place, leads, now).execute(&mut *conn).await?.rows_affected();
    }
    Ok(accepted)
}

/// Stores new leads and replaces what is known of the others; the ids of all.
pub(super) async fn update(conn: &mut PgConnection, place: ListPlace, leads: &[Fresh], now: Timestamp) -> Result<Vec<LeadId>, StoreError> {
    require(conn, place.campaign).await?;
    let mut ids = Vec::with_capacity(leads.len());
    for leads in leads.chunks(ROWS) {
        let rows = bound!(place, leads, now).fetch_all(&mut *conn).await?;
        ids.extend(rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<LeadId>, _>>()?);
    }
    Ok(ids)
}

/// One look for the whole transaction, in the place of a foreign key that looks once for each row.
async fn require(conn: &mut PgConnection, campaign: CampaignId) -> Result<(), StoreError> {
    sqlx::query("SELECT 1 FROM campaign WHERE id = $1 FOR KEY SHARE").bind(campaign).fetch_one(conn).await?;
    Ok(())
}

/// `$1` campaign, `$2` import, `$3` now; then eleven columns, or thirteen with the proof of consent.
fn sql(on_duplicate: OnDuplicate, proof: bool) -> String {
    let (more, proof) = if proof { (PROOF_COLUMNS, ", CAST($15 AS BIGINT[]), CAST($16 AS TEXT[])") } else { ("", "") };
    let conflict = on_conflict(on_duplicate);
    format!(
        "INSERT INTO lead ({COLUMNS}{more}) SELECT $1, $2, $3, $3, listed.* FROM UNNEST(CAST($4 AS UUID[]), CAST($5 AS TEXT[]),
           CAST($6 AS TEXT[]), CAST($7 AS TEXT[]), CAST($8 AS TEXT[]), CAST($9 AS TEXT[]), CAST($10 AS INTEGER[]),
           CAST($11 AS BIGINT[]), CAST($12 AS TEXT[]), CAST($13 AS TEXT[]), CAST($14 AS BIGINT[]){proof}) AS listed{conflict}"
    )
}
