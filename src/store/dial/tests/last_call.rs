//! A campaign's last call, by its rows.

use std::time::Duration;

use super::bench::{Bench, now};
use crate::domain::dialing::PostClass;
use crate::domain::ids::CampaignId;
use crate::store::contract::support::on_both_engines;

on_both_engines! {
    async fn what_may_be_a_call_counts_and_what_was_refused_does_not(store: Store) {
        let bench = Bench::new(store).await;
        let last = async || bench.store.last_call(bench.campaign, now()).await.unwrap();
        bench.arm(bench.lead(1).await).await;
        let refused = bench.sending(2).await;
        bench.refuse(&refused, 429, 20_429).await;
        assert_eq!(last().await, None, "nobody was called");
        let unsure = bench.sending(3).await;
        assert_eq!(last().await, Some(now()));
        bench.record(&unsure, &PostClass::Unknown).await;
        assert_eq!(last().await, Some(now()));
        let later = now() + Duration::from_millis(1);
        assert_eq!(bench.store.last_call(bench.campaign, later).await.unwrap(), None, "it began before");
        assert_eq!(bench.store.last_call(CampaignId::new(), now()).await.unwrap(), None, "it is another campaign's");
    }
}
