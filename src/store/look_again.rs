//! Leads that a gate has put off come forward when a change of settings may have opened it, page by page: a list may have a million of
//! them, and nobody waits long for the database. What comes forward is due; the permit judges it anew.

use crate::domain::ids::{CampaignId, LeadId};
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// Leads looked at in one transaction.
const PAGE: i64 = 2_000;

impl Store {
    /// Looks at the next leads behind `after` and brings forward those that wait for a gate that settings open; how many. Another change of
    /// settings begins anew: then this does nothing.
    ///
    /// # Errors
    /// The database cannot be written; the same leads are looked at next time.
    pub async fn look_again(&self, campaign: CampaignId, after: LeadId, now: Timestamp) -> Result<u64, StoreError> {
        const PAGE_END: &str = "SELECT id FROM (SELECT id FROM lead WHERE campaign_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS page
             ORDER BY id DESC LIMIT 1";
        const GO_ON: &str = "UPDATE campaign SET look_again_after = $3 WHERE id = $1 AND look_again_after = $2";
        // what puts a lead off begins with its gate
        const BRING_FORWARD: &str = "UPDATE lead SET next_attempt_at = $4, wait_reason = NULL, updated_at = $4
             WHERE campaign_id = $1 AND id > $2 AND id <= $3 AND state = 'waiting' AND next_attempt_at > $4
               AND (substr(wait_reason, 1, 7) = 'hours: ' OR substr(wait_reason, 1, 9) = 'day_cap: '
                 OR substr(wait_reason, 1, 12) = 'caller_cap: ')";
        on_db!(self.db, write, tx => {
            let upto: Option<LeadId> =
                sqlx::query_scalar(PAGE_END).bind(campaign).bind(after).bind(PAGE).fetch_optional(&mut *tx).await?;
            let went_on = sqlx::query(GO_ON).bind(campaign).bind(after).bind(upto).execute(&mut *tx).await?.rows_affected() == 1;
            let Some(upto) = upto.filter(|_| went_on) else { return Ok(0) };
            let forward = sqlx::query(BRING_FORWARD).bind(campaign).bind(after).bind(upto).bind(now);
            Ok(forward.execute(tx).await?.rows_affected())
        })
    }
}
