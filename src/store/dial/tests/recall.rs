//! Calls at the provider that a pause or an opt-out takes back, and what becomes of their leads.

use super::bench::{Bench, news, now, running};
use super::hold::hold;
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{CallStatus, Recall};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::Claimed;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

async fn recalled(bench: &Bench) -> Vec<(String, Recall)> {
    bench.store.recallable(9).await.unwrap().into_iter().map(|call| (call.call_sid, call.why)).collect()
}

async fn opt_out(bench: &Bench, number: &PhoneNumber, scope: Scope) {
    let new = NewSuppression { phone_number: number, scope, source: SuppressionSource::OptOut, attempt: None };
    bench.store.opt_out(new, "test", &bench.timings, now()).await.unwrap();
}

/// Three calls: one queued, one dialed, one that rings.
async fn three(bench: &Bench) -> [Claimed; 3] {
    let calls = [bench.placed(1, "CA1").await, bench.placed(2, "CA2").await, bench.placed(3, "CA3").await];
    bench.callback(calls[1].attempt, &news("CA2", CallStatus::Initiated, 0)).await;
    bench.callback(calls[2].attempt, &news("CA3", CallStatus::Ringing, 1)).await;
    calls
}

on_both_engines! {
    async fn a_stopped_campaign_takes_back_what_has_not_begun_to_ring(store: Store) {
        let bench = Bench::new(store).await;
        let calls = three(&bench).await;
        assert_eq!((recalled(&bench).await, bench.store.queued_calls(bench.campaign).await.unwrap()), (vec![], 2));
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        let stopped = |sid: &str| (sid.to_owned(), Recall::Stopped);
        assert_eq!(recalled(&bench).await, [stopped("CA1"), stopped("CA2")]);
        bench.end(&calls[0], "CA1", CallStatus::Canceled).await;
        assert_eq!(recalled(&bench).await, [stopped("CA2")]);
        let lead = bench.view(calls[0].lead).await.lead;
        assert_eq!((lead.state, lead.placed), (LeadState::Waiting, 0), "a call that was taken back counts for nothing");
    }

    async fn a_draining_campaign_keeps_what_it_has_sent(store: Store) {
        let bench = Bench::new(store).await;
        three(&bench).await;
        bench.change_state(CampaignState::Running, CampaignState::Draining).await;
        assert_eq!(recalled(&bench).await, []);
    }

    async fn a_lead_that_is_taken_off_the_list_takes_its_queued_call_with_it(store: Store) {
        let bench = Bench::new(store).await;
        let calls = three(&bench).await;
        for call in &calls {
            assert!(bench.store.cancel_lead(call.lead, "test", now()).await.unwrap().is_changed());
        }
        let stopped = |sid: &str| (sid.to_owned(), Recall::Stopped);
        assert_eq!(recalled(&bench).await, [stopped("CA1"), stopped("CA2")], "the third rings");
        bench.end(&calls[0], "CA1", CallStatus::Canceled).await;
        assert_eq!(bench.view(calls[0].lead).await.lead.state, LeadState::Cancelled);
    }

    async fn an_opt_out_takes_back_what_rings_and_its_lead_is_called_no_more(store: Store) {
        let bench = Bench::new(store).await;
        let calls = three(&bench).await;
        for call in &calls[1..] {
            opt_out(&bench, &call.to, Scope::Global).await;
        }
        let suppressed = |sid: &str| (sid.to_owned(), Recall::Suppressed);
        assert_eq!(recalled(&bench).await, [suppressed("CA2"), suppressed("CA3")]);
        for (call, sid) in calls[1..].iter().zip(["CA2", "CA3"]) {
            bench.end(call, sid, CallStatus::Canceled).await;
            assert_eq!(bench.view(call.lead).await.lead.state, LeadState::Suppressed);
        }
        assert_eq!(recalled(&bench).await, []);
    }

    async fn an_opt_out_of_another_campaign_changes_nothing(store: Store) {
        let bench = Bench::new(store).await;
        let call = bench.placed(1, "CA1").await;
        let other = running(&bench.store, "other").await;
        opt_out(&bench, &call.to, Scope::Campaign(other)).await;
        assert_eq!(recalled(&bench).await, []);
        opt_out(&bench, &call.to, Scope::Campaign(bench.campaign)).await;
        assert_eq!(recalled(&bench).await, [("CA1".to_owned(), Recall::Suppressed)]);
    }

    async fn a_call_that_is_talked_on_is_left_alone(store: Store) {
        let bench = Bench::new(store).await;
        let call = bench.placed(1, "CA1").await;
        hold(&bench, &call, "CA1").await;
        opt_out(&bench, &call.to, Scope::Global).await;
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        assert_eq!(recalled(&bench).await, [], "its callbacks are late, but its stream is here");
    }
}
