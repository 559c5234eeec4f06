//! What a list said about people, for comparing it with another list.

use std::collections::HashSet;

use serde_json::{Map, Value};
use sqlx::FromRow;

use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::store::codec::JsonText;
use crate::store::db::{EngineSql, engine_sql, on_db};
use crate::store::lead_insert::by_number::suppressed_of;
use crate::store::{Store, StoreError};

/// The values of a lead that an import may change.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct LeadValues {
    /// Whose.
    pub phone_number: PhoneNumber,
    /// The operator's own key.
    pub external_id: Option<String>,
    /// Zones the callee may be in, a JSON list.
    pub zones: String,
    /// What the list said about the person.
    pub variables: JsonText<Map<String, Value>>,
    /// Why we may call.
    pub consent_basis: Option<String>,
    /// When consent was given.
    pub consent_at: Option<Timestamp>,
    /// Where the record of it is kept.
    pub consent_ref: Option<String>,
    /// Who goes first among the fresh leads.
    pub priority: Priority,
    /// Where it stands: an import moves the first call of new leads alone.
    pub state: LeadState,
    /// Not to be called earlier.
    pub next_attempt_at: Timestamp,
}

pub(super) const THERE: EngineSql = engine_sql!(
    "SELECT phone_number, external_id, zones, variables, consent_basis, consent_at, consent_ref, priority, state, next_attempt_at
     FROM " (of_numbers lead "$1") " AND campaign_id = $2"
);

pub(super) const LISTED: EngineSql = engine_sql!("SELECT phone_number FROM " (of_numbers lead "$1") " AND campaign_id = $2");

impl Store {
    /// The values of those numbers that a campaign has on its list.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lead_values(&self, campaign: CampaignId, numbers: &[PhoneNumber]) -> Result<Vec<LeadValues>, StoreError> {
        let sql = THERE.on(&self.db);
        on_db!(self.db, read, conn => Ok(sqlx::query_as(sql).bind(JsonText(numbers)).bind(campaign).fetch_all(conn).await?))
    }

    /// Those of the numbers that a campaign has on its list.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn listed_among(&self, campaign: CampaignId, numbers: &[&PhoneNumber]) -> Result<HashSet<PhoneNumber>, StoreError> {
        let sql = LISTED.on(&self.db);
        on_db!(self.db, read, conn => {
            let found: Vec<PhoneNumber> = sqlx::query_scalar(sql).bind(JsonText(numbers)).bind(campaign).fetch_all(conn).await?;
            Ok(found.into_iter().collect::<HashSet<_>>())
        })
    }

    /// Those of the numbers that this campaign must not call.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn suppressed_among(&self, campaign: CampaignId, numbers: &[&PhoneNumber]) -> Result<HashSet<PhoneNumber>, StoreError> {
        on_db!(self.db, read, conn => suppressed_of(conn.into(), campaign, numbers).await)
    }
}
