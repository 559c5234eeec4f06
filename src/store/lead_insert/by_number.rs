//! What is there of the numbers of a batch: leads of the list, and who must not be called.

use std::collections::HashSet;

use crate::domain::ids::{CampaignId, ImportId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::db::{Conn, EngineSql, engine_sql, on_conn};

pub(in crate::store) const KEEP: EngineSql = engine_sql!(
    "INSERT INTO lead_before (import_id, lead_id, external_id, zones, variables, consent_basis, consent_at, consent_ref, priority, hours_class,
       next_attempt_at, replaced_at)
     SELECT $1, id, external_id, zones, variables, consent_basis, consent_at, consent_ref, priority, hours_class,
       CASE WHEN state = 'new' THEN next_attempt_at END, $4
     FROM " (of_numbers lead "$3") " AND campaign_id = $2
     ON CONFLICT (import_id, lead_id) DO NOTHING"
);

/// What an import is about to replace, so that it can be taken back; of a lead that it meets twice, the first. The time is
/// replaced of new leads alone.
pub(super) async fn keep_former(
    conn: Conn<'_>,
    campaign: CampaignId,
    import: ImportId,
    numbers: &[&PhoneNumber],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = KEEP.for_conn(&conn);
    on_conn!(conn, conn => {
        sqlx::query(sql).bind(import).bind(campaign).bind(JsonText(numbers)).bind(now).execute(conn).await?;
        Ok(())
    })
}

pub(in crate::store) const NEVER: EngineSql = engine_sql!(
    "SELECT phone_number FROM " (of_numbers suppression "$1") "
     AND source <> 'quarantine' AND (scope IN ('global', $2) OR source = 'list')"
);

/// Those of the numbers that must not be called. They are stored, so that the list is complete, but never dialled.
pub(in crate::store) async fn suppressed_of(
    conn: Conn<'_>,
    campaign: CampaignId,
    numbers: &[&PhoneNumber],
) -> Result<HashSet<PhoneNumber>, StoreError> {
    let sql = NEVER.for_conn(&conn);
    on_conn!(conn, conn => {
        let found = sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(campaign.to_string()).fetch_all(conn).await?;
        Ok(found.into_iter().collect())
    })
}

pub(in crate::store) const STORED: EngineSql = engine_sql!("SELECT id FROM " (of_numbers lead "$1") " AND campaign_id = $2");

/// How many of these ids have become leads: a number may have been there with another one.
pub(super) async fn stored_among(
    conn: Conn<'_>,
    campaign: CampaignId,
    numbers: &HashSet<PhoneNumber>,
    ids: &HashSet<LeadId>,
) -> Result<u64, StoreError> {
    let sql = STORED.for_conn(&conn);
    on_conn!(conn, conn => {
        let there: Vec<LeadId> = sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(campaign).fetch_all(conn).await?;
        Ok(there.iter().filter(|id| ids.contains(id)).count() as u64)
    })
}
