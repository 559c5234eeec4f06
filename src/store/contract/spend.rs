//! The kept total of each campaign equals the sum of its ledger, whoever writes and however often.

use super::call_record::entry;
use super::fixtures::{at, attempt, campaign, lead};
use super::support::on_both_engines;
use crate::domain::ids::CampaignId;
use crate::domain::money::NanoUsd;
use crate::mind::ledger::{Purpose, Service};
use crate::store::db::on_db;
use crate::store::{Store, StoreError, spend};

async fn total(store: &Store, campaign: CampaignId) -> NanoUsd {
    let total: Result<NanoUsd, StoreError> = on_db!(store.db, read, conn => spend::of(conn.into(), campaign).await);
    total.unwrap()
}

on_both_engines! {
    async fn the_total_is_the_sum_of_the_ledger(store: Store) {
        let (spring, autumn) = (campaign(&store, "spring").await, campaign(&store, "autumn").await);
        let call = attempt(&store, spring, lead(&store, spring, 1).await).await;
        assert_eq!(total(&store, spring).await, NanoUsd::ZERO);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 1..=12_i64 {
            let (store, order) = (store.clone(), if n % 2 == 0 { [spring, autumn] } else { [autumn, spring] });
            tasks.spawn(async move {
                let entries = order.map(|campaign| entry(campaign, call, Service::Llm, Purpose::Reply, n));
                store.append_ledger(&entries, at(n)).await.unwrap();
                // the same entries again, as after a lost answer
                store.append_ledger(&entries, at(n)).await.unwrap();
            });
        }
        tasks.join_all().await;
        for campaign in [spring, autumn] {
            assert_eq!(total(&store, campaign).await, NanoUsd(78));
            assert_eq!(store.campaign_status(campaign).await.unwrap().spent, NanoUsd(78));
        }
    }
}
