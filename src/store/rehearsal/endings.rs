//! What calls have come to so far: the best guess at what the next ones will.

use sqlx::FromRow;

use crate::domain::ids::CampaignId;
use crate::domain::outcome::{Disposition, Reason};
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// A call that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct PastCall {
    /// What came of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<Reason>,
    /// Seconds talked.
    pub duration_s: Option<i32>,
}

impl Store {
    /// The latest calls that have ended, of one campaign or of the whole deployment.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn past_calls(&self, campaign: Option<CampaignId>, limit: u32) -> Result<Vec<PastCall>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT disposition, reason, duration_s FROM attempt
                       WHERE ($1 IS NULL OR campaign_id = $1) AND state = 'ended' AND disposition IS NOT NULL AND placed_at IS NOT NULL
                       ORDER BY id DESC LIMIT $2";
            Ok(sqlx::query_as(sql).bind(campaign).bind(i64::from(limit)).fetch_all(conn).await?)
        })
    }
}
