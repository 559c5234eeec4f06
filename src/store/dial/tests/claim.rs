//! The claim: once, durable, and only while every gate is open.

use super::bench::{Bench, now};
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::lead::LeadState;
use crate::domain::permit::Gate;
use crate::store::contract::fixtures::{dnc_list, number};
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Arming, ClaimOutcome};
use crate::store::dnc::ReadList;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

fn listed(scrub_date: &str) -> ReadList<'_> {
    ReadList { name: "national", registry: None, scrub_date }
}

on_both_engines! {
    async fn of_many_tickets_one_is_claimed(store: Store) {
        let bench = std::sync::Arc::new(Bench::new(store).await);
        let attempt = bench.arm(bench.lead(1).await).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let bench = bench.clone();
            tasks.spawn(async move { matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Claimed(_)) });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(bench.store.attempt(attempt).await.unwrap().unwrap().state, AttemptState::Sending);
    }

    async fn a_ticket_of_another_send_is_stale(store: Store) {
        let bench = Bench::new(store).await;
        let attempt = bench.arm(bench.lead(1).await).await;
        assert!(bench.look(attempt, 1).await.is_some());
        assert!(bench.look(attempt, 2).await.is_none());
        assert!(matches!(bench.try_claim(attempt, 2).await, ClaimOutcome::Stale));
    }

    async fn a_pause_after_arming_gives_the_lead_and_the_number_back(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Withdrawn(denial) if denial.gate == Gate::Campaign));
        let view = bench.view(lead).await;
        assert_eq!((view.lead.state, view.number_held_by), (LeadState::Waiting, None));
        assert_eq!((view.attempts[0].state, view.lead.placed), (AttemptState::Withdrawn, 0));
        bench.change_state(CampaignState::Paused, CampaignState::Running).await;
        bench.arm(lead).await;
    }

    async fn a_paused_queue_leaves_what_is_armed_for_after_the_pause(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        bench.pause_dials(true).await;
        assert!(bench.look(attempt, 1).await.is_none(), "not worth a turn of the pacer");
        assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Stale));
        let view = bench.view(lead).await;
        assert_eq!((view.lead.state, view.attempts[0].state), (LeadState::Active, AttemptState::Ready));
        bench.pause_dials(false).await;
        assert!(bench.look(attempt, 1).await.is_some());
        bench.claim(attempt, 1).await;
    }

    async fn what_a_ticket_was_found_to_be_about_holds_only_while_its_rows_allow_the_call(store: Store) {
        let bench = Bench::new(store).await;
        let (first, second) = (bench.arm(bench.lead(1).await).await, bench.arm(bench.lead(2).await).await);
        let seen = [bench.look(first, 1).await, bench.look(second, 1).await];
        bench.pause_dials(true).await;
        assert!(matches!(bench.claim_as_seen(first, 1, seen[0].as_ref()).await, Ok(ClaimOutcome::Stale)));
        bench.pause_dials(false).await;
        assert!(matches!(bench.claim_as_seen(first, 1, seen[0].as_ref()).await, Ok(ClaimOutcome::Claimed(_))));
        assert!(matches!(bench.claim_as_seen(first, 1, seen[0].as_ref()).await, Ok(ClaimOutcome::Stale)), "sent already");
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        let claimed = bench.claim_as_seen(second, 1, seen[1].as_ref()).await;
        assert!(matches!(claimed, Ok(ClaimOutcome::Withdrawn(denial)) if denial.gate == Gate::Campaign));
    }

    async fn a_campaign_that_drains_after_the_look_makes_no_fresh_call(store: Store) {
        let bench = Bench::new(store).await;
        let attempt = bench.arm(bench.lead(1).await).await;
        let seen = bench.look(attempt, 1).await;
        bench.change_state(CampaignState::Running, CampaignState::Draining).await;
        let claimed = bench.claim_as_seen(attempt, 1, seen.as_ref()).await;
        assert!(!matches!(claimed, Ok(ClaimOutcome::Claimed(_))), "{claimed:?}");
    }

    async fn whoever_opts_out_after_the_look_is_not_called(store: Store) {
        let bench = Bench::new(store).await;
        let attempt = bench.arm(bench.lead(1).await).await;
        let (seen, phone_number) = (bench.look(attempt, 1).await, number(1));
        let new = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        bench.store.suppress(new, now()).await.unwrap();
        let claimed = bench.claim_as_seen(attempt, 1, seen.as_ref()).await;
        assert!(matches!(claimed, Ok(ClaimOutcome::Withdrawn(denial)) if denial.gate == Gate::Suppression));
    }

    async fn a_pause_of_another_queue_stops_no_dial(store: Store) {
        let bench = Bench::new(store).await;
        let attempt = bench.arm(bench.lead(1).await).await;
        bench.store.set_queue_paused("finish_call", true, "test", now()).await.unwrap();
        bench.claim(attempt, 1).await;
    }

    async fn an_opt_out_after_arming_stops_the_call(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        let phone_number = number(1);
        let new = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source: SuppressionSource::Operator, attempt: None };
        bench.store.suppress(new, now()).await.unwrap();
        assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Withdrawn(denial) if denial.gate == Gate::Suppression));
        assert_eq!(bench.view(lead).await.lead.state, LeadState::Suppressed);
    }

    async fn a_list_that_is_too_old_stops_arming_and_claiming_until_a_newer_one_comes(store: Store) {
        let bench = Bench::new(store).await;
        let (armed, waiting) = (bench.arm(bench.lead(1).await).await, bench.lead(2).await);
        dnc_list(&bench.store, listed("2020-01-01"), now()).await;
        assert!(matches!(bench.try_claim(armed, 1).await, ClaimOutcome::Withdrawn(denial) if denial.gate == Gate::DncAge));
        let Arming::Denied(denial) = bench.try_arm(waiting, now()).await else { panic!("armed by an old list") };
        let opens = denial.opens_at.unwrap();
        assert_eq!((denial.gate, bench.view(waiting).await.lead.next_attempt_at), (Gate::DncAge, opens));
        let today = opens.in_zone(&jiff::tz::TimeZone::UTC).date().to_string();
        dnc_list(&bench.store, listed(&today), now()).await;
        assert!(matches!(bench.try_arm(waiting, opens).await, Arming::Armed(_)));
    }

    async fn a_cancelled_lead_stays_cancelled(store: Store) {
        let bench = Bench::new(store).await;
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        bench.store.cancel_lead(lead, "test", now()).await.unwrap().is_changed().then_some(()).unwrap();
        assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Withdrawn(_)));
        let view = bench.view(lead).await;
        assert_eq!((view.lead.state, view.number_held_by), (LeadState::Cancelled, None));
    }

    async fn a_pause_withdraws_what_is_armed_and_leaves_what_is_sent(store: Store) {
        let bench = Bench::new(store).await;
        bench.arm(bench.lead(1).await).await;
        bench.sending(2).await;
        let refused = bench.sending(3).await;
        bench.refuse(&refused, 429, 20429).await;
        assert_eq!(bench.store.withdraw_ready(bench.campaign, &bench.timings, now()).await.unwrap(), 2);
        assert_eq!(bench.view(refused.lead).await.attempts[0].state, AttemptState::Withdrawn);
        assert_eq!(bench.store.withdraw_ready(bench.campaign, &bench.timings, now()).await.unwrap(), 0);
    }
}
