//! How many attempts stand where, and since when the oldest: room of a campaign and alarms are made of these.

use sqlx::FromRow;

use crate::domain::attempt::AttemptState;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::db::{Conn, on_db};
use crate::store::dial::sql::{fetch_all, fetch_value};
use crate::store::{Store, StoreError};

/// Open attempts of one campaign in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct OpenCount {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Which state.
    pub state: AttemptState,
    /// How many.
    pub attempts: i64,
}

/// The attempt that has stood longest in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct OldestRow {
    /// Which state.
    pub state: AttemptState,
    /// Since when.
    pub since: Timestamp,
}

impl Store {
    /// Open attempts by campaign and state.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_counts(&self) -> Result<Vec<OpenCount>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT campaign_id AS campaign, state, COUNT(*) AS attempts FROM attempt
                       WHERE state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')
                       GROUP BY campaign_id, state";
            Ok(fetch_all!(conn, OpenCount, sql))
        })
    }

    /// Since when the oldest open attempt of each state stands there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn oldest_by_state(&self) -> Result<Vec<OldestRow>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT state, MIN(state_at) AS since FROM attempt
                       WHERE state IN ('ready', 'sending', 'unknown', 'placed', 'ringing', 'talking', 'handed_off', 'refused')
                       GROUP BY state";
            Ok(fetch_all!(conn, OldestRow, sql))
        })
    }

    /// Since when the oldest attempt is armed of which no call was made yet. One that is held back or refused and rung again changes
    /// its state each time, and would look young by that.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn oldest_unsent(&self) -> Result<Option<Timestamp>, StoreError> {
        on_db!(self.db, read, conn => {
            let mut conn: Conn<'_> = conn.into();
            let sql = "SELECT MIN(created_at) FROM attempt WHERE state IN ('ready', 'sending', 'refused')";
            Ok(fetch_value!(conn, Option<Timestamp>, sql))
        })
    }
}
