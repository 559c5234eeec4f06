//! What the work cost, and what it would have cost with everything on the expensive model: sums of the ledger.

use serde::Serialize;
use sqlx::FromRow;

use crate::domain::ids::CampaignId;
use crate::domain::money::NanoUsd;
use crate::mind::ledger::{Purpose, Service, Tier};
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

/// One kind of provider call, summed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct CostLine {
    /// Kind of service.
    pub service: Service,
    /// What for.
    pub purpose: Purpose,
    /// Model, voice or product.
    pub model: String,
    /// Price class.
    pub tier: Tier,
    /// Provider calls.
    pub calls: i64,
    /// Of those, served from a cache of ours.
    pub cache_hits: i64,
    /// Of those, counted by us because the provider did not.
    pub estimated: i64,
    /// Prompt tokens, cached ones included.
    pub tokens_in: i64,
    /// Of those, read from the provider's cache.
    pub tokens_cached: i64,
    /// Answer tokens.
    pub tokens_out: i64,
    /// Characters or milliseconds.
    pub units: i64,
    /// What it cost.
    pub cost: NanoUsd,
    /// What the same work costs on the expensive model, at once and uncached.
    pub baseline: NanoUsd,
}

/// The sums of a campaign, or of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CostReport {
    /// One line per kind of call, dearest first.
    pub lines: Vec<CostLine>,
    /// Sum of the lines.
    pub cost: NanoUsd,
    /// Sum of the lines' baselines.
    pub baseline: NanoUsd,
}

impl CostReport {
    /// The share saved against the baseline, 0 to 1; `None` where nothing was spent.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share, for printing")]
    pub fn saved(&self) -> Option<f64> {
        (self.baseline > NanoUsd::ZERO).then(|| 1.0 - self.cost.0 as f64 / self.baseline.0 as f64)
    }
}

impl Store {
    /// Sums the ledger of one campaign, or the whole.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn cost_report(&self, campaign: Option<CampaignId>) -> Result<CostReport, StoreError> {
        let lines: Vec<CostLine> = on_db!(self.db, read, conn => {
            Ok(sqlx::query_as(
                "SELECT service, purpose, model, tier, COUNT(*) AS calls, COUNT(CASE WHEN cache_hit THEN 1 END) AS cache_hits,
                   COUNT(CASE WHEN usage_source = 'estimated' THEN 1 END) AS estimated,
                   CAST(SUM(tokens_in) AS BIGINT) AS tokens_in, CAST(SUM(tokens_cached) AS BIGINT) AS tokens_cached,
                   CAST(SUM(tokens_out) AS BIGINT) AS tokens_out, CAST(SUM(units) AS BIGINT) AS units,
                   CAST(SUM(cost_nano_usd) AS BIGINT) AS cost, CAST(SUM(baseline_nano_usd) AS BIGINT) AS baseline
                 FROM ledger WHERE $1 IS NULL OR campaign_id = $1
                 GROUP BY service, purpose, model, tier ORDER BY SUM(cost_nano_usd) DESC, service, purpose, model, tier",
            )
            .bind(campaign).fetch_all(conn).await?)
        })?;
        let cost = lines.iter().map(|line| line.cost).sum();
        let baseline = lines.iter().map(|line| line.baseline).sum();
        Ok(CostReport { lines, cost, baseline })
    }
}
