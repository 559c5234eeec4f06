//! What slow campaigns did before this process began. A pace that lives in one process does not know, and would let each of them wait
//! for an interval once more; where processes live shorter than that, nobody would ever be called for them.

use crate::domain::campaign::CampaignState;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;
use crate::store::{Store, StoreError};
use crate::work::turns::Turns;

/// Tells it from the rows, before the first ticket is taken.
///
/// # Errors
/// The rows cannot be read.
pub async fn tell(turns: &Turns, store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for (campaign, rate) in store.campaigns(None).await?.iter().filter_map(|campaign| slow(campaign, turns)) {
        let last = store.last_call(campaign).await?;
        turns.remember(campaign, rate, last.map(|last| now.since(last)));
    }
    Ok(())
}

fn slow(campaign: &Campaign, turns: &Turns) -> Option<(CampaignId, f64)> {
    let is_over = matches!(campaign.state, CampaignState::Completed | CampaignState::Cancelled);
    let rate = campaign.checked_settings().ok()?.calls_per_second;
    (!is_over && turns.is_slow(rate)).then_some((campaign.id, rate))
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

    /// A call in five seconds, of an account that makes ten a second.
    async fn slow_campaign(store: &Store, name: &str) -> CampaignId {
        let settings = json!({ "caller_numbers": ["+14155550200"], "pace": { "calls_per_second": 0.2 } });
        let new = NewCampaign { name, settings: &settings, agent_version: None };
        store.create_campaign(new, "test", at(0)).await.unwrap().unwrap().id
    }

    on_both_engines! {
        async fn a_process_goes_on_where_the_one_before_was(store: Store) {
            let (fresh, called) = (slow_campaign(&store, "fresh").await, slow_campaign(&store, "called").await);
            let id = attempt(&store, called, lead(&store, called, 1).await).await;
            let placed: Result<(), StoreError> = on_db!(store.db, statement, conn => {
                sqlx::query("UPDATE attempt SET placed_at = $2 WHERE id = $1").bind(id).bind(at(10_000)).execute(conn).await?;
                Ok(())
            });
            placed.unwrap();
            let (turns, begun) = (Turns::new(Arc::new(LocalPacer::default()), 10.0), Instant::now());
            tell(&turns, &store, at(13_000)).await.unwrap();
            assert!(turns.to_claim(fresh, 0.2).await.unwrap());
            assert!(begun.elapsed().as_millis() < 1_500, "nobody was called before: {:?}", begun.elapsed());
            assert!(turns.to_claim(called, 0.2).await.unwrap());
            let waited = begun.elapsed().as_millis();
            assert!((1_990..4_000).contains(&waited), "the last call was three seconds ago: {waited} ms");
        }
    }
}
