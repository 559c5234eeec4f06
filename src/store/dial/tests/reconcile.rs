//! Sends nobody knows about: found, or absent with the number at rest, or found after all.

use std::time::Duration;

use super::bench::{Bench, news, now};
use super::prune::count;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{CallStatus, PostClass};
use crate::domain::lead::LeadState;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Arming, ClaimOutcome, Claimed, Trouble};

/// A send whose answer was lost and that the provider does not have.
async fn absent(bench: &Bench, n: u64) -> Claimed {
    let claimed = bench.sending(n).await;
    bench.record(&claimed, &PostClass::Unknown).await;
    assert!(bench.store.mark_absent(claimed.attempt, 1, &bench.timings, now()).await.unwrap());
    claimed
}

on_both_engines! {
    async fn a_send_past_its_deadline_is_looked_for_and_bound(store: Store) {
        let mut bench = Bench::new(store).await;
        let young = bench.sending(1).await;
        assert!(bench.store.open_unsure(9).await.unwrap().is_empty());
        bench.timings.send_deadline = Duration::ZERO;
        let claimed = bench.sending(2).await;
        let unsure = bench.store.open_unsure(9).await.unwrap();
        assert_eq!(unsure.iter().map(|call| (call.attempt, call.send_no)).collect::<Vec<_>>(), [(claimed.attempt, 1)]);
        assert!(unsure[0].row.intent_db > 0 && unsure[0].row.deadline_db >= unsure[0].row.intent_db);
        let told = bench.store.adopt(claimed.attempt, 1, "CA2", &bench.timings, now()).await.unwrap().unwrap();
        assert_eq!((told.trouble, told.cancel), (None, None));
        assert_eq!(bench.store.attempt(claimed.attempt).await.unwrap().unwrap().state, AttemptState::Placed);
        assert_eq!(bench.store.attempt(young.attempt).await.unwrap().unwrap().state, AttemptState::Sending);
    }

    async fn a_call_that_the_list_showed_is_noted_as_ours_by_its_first_callback(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        bench.record(&claimed, &PostClass::Unknown).await;
        bench.store.adopt(claimed.attempt, 1, "CA1", &bench.timings, now()).await.unwrap();
        let signed = "SELECT COUNT(*) FROM seen_call WHERE signed";
        assert_eq!(count(&bench.store, signed).await, 0);
        bench.callback(claimed.attempt, &news("CA1", CallStatus::Initiated, 0)).await;
        assert_eq!(count(&bench.store, signed).await, 1);
    }

    async fn calls_of_other_attempts_at_the_number_are_no_hits(store: Store) {
        let bench = Bench::new(store).await;
        let first = bench.placed(1, "CA1").await;
        bench.end(&first, "CA1", CallStatus::Busy).await;
        let later = now() + Duration::from_secs(86_400);
        let Arming::Armed(second) = bench.try_arm(first.lead, later).await else { panic!("not armed") };
        let claimed = bench.claim(second, 1).await;
        bench.record(&claimed, &PostClass::Unknown).await;
        assert_eq!(bench.store.open_unsure(9).await.unwrap()[0].row.taken, ["CA1"]);
    }

    async fn an_absent_call_lets_the_number_rest_and_the_lead_wait(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.absent_hold = Duration::from_secs(3_600);
        let claimed = absent(&bench, 1).await;
        let view = bench.view(claimed.lead).await;
        assert_eq!((view.lead.state, view.number_held_by), (LeadState::Waiting, Some(claimed.attempt)));
        assert_eq!(view.lead.next_attempt_at, now() + Duration::from_secs(3_600));
        assert!(bench.store.rested_numbers(9).await.unwrap().is_empty());
        assert!(!bench.store.mark_absent(claimed.attempt, 1, &bench.timings, now()).await.unwrap());
    }

    async fn after_the_last_look_the_lead_is_dialled_once_more_and_then_parked(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = absent(&bench, 1).await;
        assert!(matches!(bench.try_arm(claimed.lead, now()).await, Arming::NumberBusy { .. }));
        assert_eq!(bench.store.rested_numbers(9).await.unwrap()[0].attempt, claimed.attempt);
        assert!(bench.store.end_hold(claimed.attempt).await.unwrap());
        let Arming::Armed(second) = bench.try_arm(claimed.lead, now() + Duration::from_secs(60)).await else { panic!("not armed") };
        let again = bench.claim(second, 1).await;
        bench.record(&again, &PostClass::Unknown).await;
        assert!(bench.store.mark_absent(second, 1, &bench.timings, now()).await.unwrap());
        assert_eq!(bench.view(claimed.lead).await.lead.state, LeadState::Parked);
    }

    async fn an_absent_call_that_rings_after_all_is_adopted(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = absent(&bench, 1).await;
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!(told.trouble, Some(Trouble::Adopted));
        let view = bench.view(claimed.lead).await;
        assert_eq!((view.lead.state, view.attempts[0].state), (LeadState::Active, AttemptState::Ringing));
        assert_eq!(view.number_held_by, Some(claimed.attempt));
        assert!(!bench.store.end_hold(claimed.attempt).await.unwrap());
    }

    async fn an_adopted_call_takes_the_place_of_an_attempt_that_is_only_armed(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = absent(&bench, 1).await;
        bench.store.end_hold(claimed.attempt).await.unwrap();
        let second = bench.arm(claimed.lead).await;
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!((told.trouble, told.cancel), (Some(Trouble::Adopted), None));
        assert!(matches!(bench.try_claim(second, 1).await, ClaimOutcome::Stale));
        let view = bench.view(claimed.lead).await;
        assert_eq!((view.number_held_by, view.lead.state), (Some(claimed.attempt), LeadState::Active));
    }

    async fn an_absent_call_is_cancelled_when_a_newer_one_was_sent(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = absent(&bench, 1).await;
        bench.store.end_hold(claimed.attempt).await.unwrap();
        let second = bench.arm(claimed.lead).await;
        bench.claim(second, 1).await;
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!((told.cancel.as_deref(), told.trouble), (Some("CA1"), Some(Trouble::StrayCall)));
        assert_eq!(bench.view(claimed.lead).await.number_held_by, Some(second));
    }

    async fn a_suppressed_lead_is_not_talked_to_through_an_absent_call(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = absent(&bench, 1).await;
        bench.store.record_opt_out(claimed.attempt, now()).await.unwrap();
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!(told.cancel.as_deref(), Some("CA1"));
    }
}
