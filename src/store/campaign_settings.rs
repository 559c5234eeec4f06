//! A campaign's settings in their checked form.

use crate::domain::campaign::CampaignSettings;
use crate::domain::campaign::file::CampaignFile;
use crate::domain::ids::AttemptId;
use crate::store::campaign::Campaign;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

impl Campaign {
    /// The settings as the rules read them.
    ///
    /// # Errors
    /// The stored settings cannot be read: they were written by another binary or by hand.
    pub fn checked_settings(&self) -> Result<CampaignSettings, StoreError> {
        let read = CampaignFile::from_json(&self.settings.0.to_string());
        read.and_then(|file| file.settings()).map_err(|wrong| StoreError::Unusable {
            what: format!("settings of campaign {}", self.name),
            problem: wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        })
    }
}

impl Store {
    /// The campaign an attempt belongs to; `None` when there is no such attempt.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaign_of_attempt(&self, attempt: AttemptId) -> Result<Option<Campaign>, StoreError> {
        on_db!(self.db, read, conn => {
            let sql = "SELECT c.* FROM campaign c JOIN attempt a ON a.campaign_id = c.id WHERE a.id = $1";
            Ok(sqlx::query_as(sql).bind(attempt).fetch_optional(conn).await?)
        })
    }
}
