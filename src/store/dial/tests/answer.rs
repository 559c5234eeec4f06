//! Answers and callbacks in any order: one call per attempt, every refusal with its consequence.

use super::bench::{Bench, news, now, running};
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{CallStatus, PostClass};
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::permit::Gate;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Arming, ClaimOutcome, Recorded, Swept, Trouble};

on_both_engines! {
    async fn an_answer_binds_and_repeats_change_nothing(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let before = bench.store.attempt(claimed.attempt).await.unwrap();
        assert!(matches!(bench.answer(&claimed, "CA1").await, Recorded::Placed(told) if told.trouble.is_none()));
        assert_eq!(bench.store.attempt(claimed.attempt).await.unwrap(), before);
        assert_eq!(bench.view(claimed.lead).await.lead.placed, 1);
    }

    async fn that_dialling_begins_changes_no_row(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let before = bench.store.attempt(claimed.attempt).await.unwrap();
        bench.callback(claimed.attempt, &news("CA1", CallStatus::Initiated, 0)).await;
        assert_eq!(bench.store.attempt(claimed.attempt).await.unwrap(), before);
    }

    async fn a_callback_may_come_before_the_answer(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert!(matches!(bench.answer(&claimed, "CA1").await, Recorded::Placed(told) if told.trouble.is_none()));
        assert_eq!(bench.store.attempt(claimed.attempt).await.unwrap().unwrap().state, AttemptState::Ringing);
    }

    async fn a_second_call_for_the_attempt_is_cancelled(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let told = bench.callback(claimed.attempt, &news("CA2", CallStatus::Initiated, 0)).await;
        assert_eq!((told.cancel.as_deref(), told.trouble), (Some("CA2"), Some(Trouble::StrayCall)));
        assert_eq!(bench.store.attempt(claimed.attempt).await.unwrap().unwrap().call_sid.as_deref(), Some("CA1"));
    }

    async fn a_call_of_another_attempt_is_not_taken(store: Store) {
        let bench = Bench::new(store).await;
        bench.placed(1, "CA1").await;
        let other = bench.sending(2).await;
        let told = bench.callback(other.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!((told.cancel, told.trouble), (None, Some(Trouble::ForeignCall)));
        assert_eq!(bench.store.attempt(other.attempt).await.unwrap().unwrap().state, AttemptState::Sending);
    }

    async fn a_dead_number_is_finished_here_and_closed_elsewhere(store: Store) {
        let mut bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        assert!(matches!(bench.refuse(&claimed, 400, 21211).await, Recorded::Refused(plan) if plan.quarantine));
        let view = bench.view(claimed.lead).await;
        assert_eq!((view.lead.state, view.lead.disposition, view.number_held_by), (LeadState::Finished, Some(Disposition::Failed), None));
        assert_eq!((view.attempts[0].state, view.attempts[0].reason), (AttemptState::Ended, Some(Reason::InvalidNumber)));
        bench.campaign = running(&bench.store, "other").await;
        let elsewhere = bench.lead(1).await;
        assert!(matches!(bench.try_arm(elsewhere, now()).await, Arming::Denied(denial) if denial.gate == Gate::Quarantine));
        assert_eq!(bench.view(elsewhere).await.lead.state, LeadState::Finished);
    }

    async fn a_full_provider_is_tried_again_with_the_next_send(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.refusal_backoff = std::time::Duration::ZERO;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 429, 20429).await;
        let swept = bench.store.sweep(9, &bench.timings, now()).await.unwrap();
        assert_eq!(swept.iter().map(|row| row.swept).collect::<Vec<_>>(), [Swept::Ring { send_no: 2 }]);
        assert!(matches!(bench.try_claim(claimed.attempt, 1).await, ClaimOutcome::Stale));
        bench.claim(claimed.attempt, 2).await;
    }

    async fn a_call_that_rings_after_its_refusal_is_adopted_and_the_next_ticket_is_stale(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.refusal_backoff = std::time::Duration::ZERO;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 429, 20429).await;
        bench.store.sweep(9, &bench.timings, now()).await.unwrap();
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!((told.trouble, told.cancel), (Some(Trouble::Adopted), None));
        assert!(matches!(bench.try_claim(claimed.attempt, 2).await, ClaimOutcome::Stale));
    }

    async fn an_older_send_that_rings_beside_a_newer_one_is_cancelled(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.refusal_backoff = std::time::Duration::ZERO;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 429, 20429).await;
        bench.store.sweep(9, &bench.timings, now()).await.unwrap();
        bench.claim(claimed.attempt, 2).await;
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!((told.cancel.as_deref(), told.trouble), (Some("CA1"), Some(Trouble::StrayCall)));
    }

    async fn a_country_that_is_not_permitted_parks_its_leads_only(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        let alike = bench.lead(2).await;
        bench.refuse(&claimed, 400, 21215).await;
        assert_eq!(bench.view(alike).await.lead.state, LeadState::Parked);
        assert_eq!(bench.view(claimed.lead).await.lead.state, LeadState::Parked);
        assert_eq!(bench.store.campaign(bench.campaign).await.unwrap().unwrap().state, CampaignState::Running);
    }

    async fn a_refused_account_halts_every_campaign(store: Store) {
        let bench = Bench::new(store).await;
        let other = running(&bench.store, "other").await;
        let claimed = bench.sending(1).await;
        bench.refuse(&claimed, 401, 20003).await;
        for campaign in [bench.campaign, other] {
            assert_eq!(bench.store.campaign(campaign).await.unwrap().unwrap().state, CampaignState::Halted);
        }
        let view = bench.view(claimed.lead).await;
        assert_eq!((view.lead.state, view.lead.placed), (LeadState::Waiting, 0));
    }

    async fn what_nobody_knows_is_never_sent_again_in_line(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        assert_eq!(bench.record(&claimed, &PostClass::Unknown).await, Recorded::Unknown);
        assert_eq!(bench.record(&claimed, &PostClass::Unknown).await, Recorded::Stale);
        assert!(bench.store.sweep(9, &bench.timings, now()).await.unwrap().is_empty());
        assert!(matches!(bench.try_claim(claimed.attempt, 1).await, ClaimOutcome::Stale));
    }
}
