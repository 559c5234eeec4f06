//! How a campaign's calls went lately, and what it has spent: what may halt it.

use sqlx::FromRow;

use crate::domain::campaign::breaker::Recent;
use crate::domain::ids::CampaignId;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::store::db::on_db;
use crate::store::{Store, StoreError, spend};

#[derive(Debug, FromRow)]
struct Row {
    calls: i64,
    failed: i64,
}

/// What was taken back before it rang, and what the provider refused for a fault of ours, is no call. The campaign stands in
/// the sums and not in the condition, so that the attempts are found by their end: a long campaign has many that are old.
const RECENT: &str = "SELECT COUNT(CASE WHEN campaign_id = $1 THEN 1 END) AS calls,
        COUNT(CASE WHEN campaign_id = $1 AND (disposition = 'failed' OR reason = 'agent_error') THEN 1 END) AS failed
     FROM attempt WHERE state = 'ended' AND state_at >= $2
       AND (placed_at IS NOT NULL OR refused_reason IN ('number_fatal', 'try_later'))";

impl Store {
    /// A campaign's calls that ended since a moment.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recent_calls(&self, campaign: CampaignId, since: Timestamp) -> Result<Recent, StoreError> {
        let row: Row = on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(RECENT).bind(campaign).bind(since).fetch_one(conn).await?)
        })?;
        let count = |calls| u32::try_from(calls).unwrap_or(u32::MAX);
        Ok(Recent { calls: count(row.calls), failed: count(row.failed) })
    }

    /// What a campaign has spent for good.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn spent(&self, campaign: CampaignId) -> Result<NanoUsd, StoreError> {
        on_db!(self.db, read, conn => spend::of(conn.into(), campaign).await)
    }
}
