//! When a campaign last called somebody: what a slow pace is counted from by whoever was not there.

use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::fetch_value;
use crate::store::{Store, StoreError};

impl Store {
    /// When the last call of a campaign began, or may have begun; `None`: nobody was called.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn last_call(&self, campaign: CampaignId) -> Result<Option<Timestamp>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT MAX(COALESCE(placed_at, state_at)) FROM attempt
                       WHERE campaign_id = $1 AND (placed_at IS NOT NULL OR state IN ('sending', 'unknown'))";
            Ok(fetch_value!(conn, Option<Timestamp>, sql, campaign))
        })
    }
}
