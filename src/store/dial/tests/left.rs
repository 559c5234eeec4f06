//! Whether a campaign has anybody left to call.

use std::time::Duration;

use super::bench::Bench;
use crate::domain::attempt::DialKind;
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::store::StoreError;
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;

impl Bench {
    async fn becomes(&self, lead: LeadId, state: LeadState, kind: DialKind) {
        let done: Result<(), StoreError> = on_db!(self.store.db, statement, conn => {
            let sql = "UPDATE lead SET state = $2, next_kind = $3 WHERE id = $1";
            sqlx::query(sql).bind(lead).bind(state).bind(kind).execute(conn).await?;
            Ok(())
        });
        done.unwrap();
    }

    async fn is_left(&self, draining: bool) -> bool {
        self.store.has_leads_left(self.campaign, draining).await.unwrap()
    }
}

on_both_engines! {
    async fn whoever_waits_or_is_called_is_left_and_a_campaign_that_drains_has_its_promises(store: Store) {
        let bench = Bench::new(store).await;
        assert!(!bench.is_left(false).await, "nobody is listed");
        let lead = bench.lead(1).await;
        for state in [LeadState::New, LeadState::Waiting] {
            for kind in DialKind::ALL.iter().copied() {
                bench.becomes(lead, state, kind).await;
                assert_eq!((bench.is_left(false).await, bench.is_left(true).await), (true, kind == DialKind::Callback), "{state} {kind}");
            }
        }
        bench.becomes(lead, LeadState::Active, DialKind::Fresh).await;
        assert_eq!((bench.is_left(false).await, bench.is_left(true).await), (true, true));
        bench.becomes(lead, LeadState::Finished, DialKind::Fresh).await;
        assert_eq!((bench.is_left(false).await, bench.is_left(true).await), (false, false));
    }

    async fn a_lead_is_left_in_the_very_moment_in_which_it_is_armed_or_comes_back(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let moves = async {
            loop {
                bench.becomes(lead, LeadState::Active, DialKind::Retry).await;
                bench.becomes(lead, LeadState::Waiting, DialKind::Retry).await;
            }
        };
        let looks = async {
            let mut left = Vec::new();
            for _ in 0..300 {
                left.push(bench.is_left(false).await);
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            left
        };
        let left = tokio::select! { left = looks => left, () = moves => unreachable!("it goes on for ever") };
        assert!(left.iter().all(|left| *left), "it was nowhere {} times", left.iter().filter(|left| !**left).count());
    }
}
