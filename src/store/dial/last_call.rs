//! When a campaign last called somebody: what a slow pace is counted from by whoever was not there.

use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::fetch_value;
use crate::store::{Store, StoreError};

/// The campaign stands in the maximum and not in the condition, so that attempts are found by their last change: a long campaign
/// has many that are old, and none changed before its call began.
const LAST: &str = "SELECT MAX(CASE WHEN campaign_id = $1 THEN COALESCE(placed_at, state_at) END) FROM attempt
    WHERE state IN ('sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'ended') AND state_at >= $2
      AND (placed_at IS NOT NULL OR state IN ('sending', 'unknown'))";

impl Store {
    /// When the last call of a campaign began, or may have begun; `None`: nobody was called since that moment.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn last_call(&self, campaign: CampaignId, since: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let last: Option<Timestamp> = on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            Ok(fetch_value!(conn, Option<Timestamp>, LAST, campaign, since))
        })?;
        Ok(last.filter(|last| *last >= since))
    }
}
