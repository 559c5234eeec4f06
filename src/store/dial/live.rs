//! Calls of a campaign that people hear: what a stop has to hang up.

use sqlx::FromRow;

use crate::domain::ids::{AttemptId, CampaignId};
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::fetch_all;
use crate::store::{Store, StoreError};

/// A call that is not over.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LiveCall {
    /// Which attempt.
    pub attempt: AttemptId,
    /// The provider's id.
    pub call_sid: String,
    /// A worker holds it and can say goodbye.
    pub held: bool,
}

impl Store {
    /// A campaign's calls that ring or are talked on. Those that were transferred belong to somebody else.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn live_calls(&self, campaign: CampaignId) -> Result<Vec<LiveCall>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT id AS attempt, call_sid, (held_by IS NOT NULL AND closed_at IS NULL) AS held FROM attempt
                       WHERE campaign_id = $1 AND state IN ('placed', 'ringing', 'talking') AND provider_ended_at IS NULL
                         AND call_sid IS NOT NULL ORDER BY id";
            Ok(fetch_all!(conn, LiveCall, sql, campaign))
        })
    }
}
