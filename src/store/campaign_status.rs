//! How far a campaign is: what `campaign status` prints, counted from the rows and from nothing else.

use serde::Serialize;

use crate::domain::attempt::AttemptState;
use crate::domain::ids::CampaignId;
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::Disposition;
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// The counts of one campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CampaignStatus {
    /// Leads by state; states without leads are left out.
    pub leads: Vec<(LeadState, i64)>,
    /// Leads by what came of their last attempt.
    pub dispositions: Vec<(Disposition, i64)>,
    /// Attempts by state.
    pub attempts: Vec<(AttemptState, i64)>,
    /// Leads that asked not to be called again.
    pub opt_outs: i64,
    /// When the next lead is due, among those that wait.
    pub next_due: Option<Timestamp>,
    /// Spent so far, by the ledger.
    pub spent: NanoUsd,
    /// Reserved by attempts that are still open.
    pub reserved: NanoUsd,
}

impl CampaignStatus {
    /// Leads in all.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.leads.iter().map(|(_, leads)| leads).sum()
    }

    /// Leads in one state.
    #[must_use]
    pub fn in_state(&self, state: LeadState) -> i64 {
        self.leads.iter().find(|(of, _)| *of == state).map_or(0, |(_, leads)| *leads)
    }
}

impl Store {
    /// Counts a campaign. The counts are taken one after another, so a running campaign may move between them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn campaign_status(&self, id: CampaignId) -> Result<CampaignStatus, StoreError> {
        on_db!(self.db, read, conn => {
            let leads = sqlx::query_as("SELECT state, COUNT(*) FROM lead WHERE campaign_id = $1 GROUP BY state ORDER BY state")
                .bind(id).fetch_all(&mut *conn).await?;
            let dispositions = sqlx::query_as(
                "SELECT disposition, COUNT(*) FROM lead WHERE campaign_id = $1 AND disposition IS NOT NULL
                 GROUP BY disposition ORDER BY disposition",
            )
            .bind(id).fetch_all(&mut *conn).await?;
            let attempts = sqlx::query_as("SELECT state, COUNT(*) FROM attempt WHERE campaign_id = $1 GROUP BY state ORDER BY state")
                .bind(id).fetch_all(&mut *conn).await?;
            let (opt_outs, next_due) = sqlx::query_as(
                "SELECT COUNT(CASE WHEN opt_out THEN 1 END), MIN(CASE WHEN state IN ('new', 'waiting') THEN next_attempt_at END)
                 FROM lead WHERE campaign_id = $1",
            )
            .bind(id).fetch_one(&mut *conn).await?;
            let spent = sqlx::query_scalar("SELECT CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) FROM ledger WHERE campaign_id = $1")
                .bind(id).fetch_one(&mut *conn).await?;
            let reserved = sqlx::query_scalar(
                "SELECT CAST(COALESCE(SUM(reserved_nano_usd), 0) AS BIGINT) FROM attempt
                 WHERE campaign_id = $1 AND state NOT IN ('ended', 'withdrawn', 'absent')",
            )
            .bind(id).fetch_one(&mut *conn).await?;
            Ok(CampaignStatus { leads, dispositions, attempts, opt_outs, next_due, spent, reserved })
        })
    }
}
