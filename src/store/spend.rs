//! What each campaign has spent: a total kept with every ledger entry, so that the budget's gate need not sum the ledger.

use crate::domain::ids::CampaignId;
use crate::domain::money::NanoUsd;
use crate::store::StoreError;
use crate::store::db::{Conn, on_conn};

/// Adds costs, in the transaction that writes their ledger entries.
pub(crate) async fn add(conn: Conn<'_>, campaign: CampaignId, cost: NanoUsd) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO campaign_spend (campaign_id, spent_nano_usd) VALUES ($1, $2)
         ON CONFLICT (campaign_id) DO UPDATE SET spent_nano_usd = campaign_spend.spent_nano_usd + excluded.spent_nano_usd";
    on_conn!(conn, conn => {
        sqlx::query(ADD).bind(campaign).bind(cost).execute(conn).await?;
        Ok(())
    })
}

/// Spent so far.
pub(crate) async fn of(conn: Conn<'_>, campaign: CampaignId) -> Result<NanoUsd, StoreError> {
    const ASK: &str = "SELECT spent_nano_usd FROM campaign_spend WHERE campaign_id = $1";
    on_conn!(conn, conn => {
        let spent: Option<NanoUsd> = sqlx::query_scalar(ASK).bind(campaign).fetch_optional(conn).await?;
        Ok(spent.unwrap_or(NanoUsd::ZERO))
    })
}
