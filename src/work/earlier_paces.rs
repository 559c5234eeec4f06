//! What slow campaigns did before this process knew of them. A pace that lives in one process does not know, and would let each of
//! them wait for an interval once more: those that are new too, and where processes live shorter than that, nobody would ever be
//! called.

use crate::domain::dialing::turns_apart;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::{Store, StoreError};
use crate::work::turns::Turns;

/// Tells it from the rows, where the pacer asks, before a campaign's first turn is taken. A pace that the fleet shares never asks.
///
/// # Errors
/// The rows cannot be read.
pub(super) async fn tell(turns: &Turns, store: &Store, campaign: CampaignId, rate: f64, now: Timestamp) -> Result<(), StoreError> {
    if turns.asks_about(campaign, rate) {
        let last = store.last_call(campaign, now - turns_apart(rate)).await?;
        turns.remember(campaign, rate, last.map(|last| now.since(last)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use callfleet_jobs::pace::LocalPacer;
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::store::campaign::NewCampaign;
    use crate::store::contract::fixtures::{at, attempt, lead};
    use crate::store::contract::support::on_both_engines;
    use crate::store::db::on_db;

    /// A call in twenty seconds, of an account that makes ten a second.
    const RATE: f64 = 0.05;

    async fn slow_campaign(store: &Store, name: &str) -> CampaignId {
        let settings = json!({ "caller_numbers": ["+14155550200"], "pace": { "calls_per_second": RATE } });
        let new = NewCampaign { name, settings: &settings, agent_version: None };
        store.create_campaign(new, "test", at(0)).await.unwrap().unwrap().id
    }

    on_both_engines! {
        async fn a_process_goes_on_where_the_one_before_was(store: Store) {
            let (fresh, called) = (slow_campaign(&store, "fresh").await, slow_campaign(&store, "called").await);
            let id = attempt(&store, called, lead(&store, called, 1).await).await;
            let placed: Result<(), StoreError> = on_db!(store.db, statement, conn => {
                sqlx::query("UPDATE attempt SET placed_at = $2, state_at = $2 WHERE id = $1").bind(id).bind(at(10_000)).execute(conn).await?;
                Ok(())
            });
            placed.unwrap();
            let (turns, begun) = (Turns::new(Arc::new(LocalPacer::default()), 10.0), Instant::now());
            // one that nobody tells of waits for all of its twenty seconds, and no dial waits so long
            for campaign in [fresh, called] {
                tell(&turns, &store, campaign, RATE, at(28_000)).await.unwrap();
                assert!(!turns.asks_about(campaign, RATE) && turns.to_claim(campaign, RATE).await.unwrap());
            }
            let waited = begun.elapsed().as_millis();
            assert!(waited >= 1_990, "the last call was eighteen seconds ago: {waited} ms");
        }
    }
}
