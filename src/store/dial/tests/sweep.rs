//! What stood still too long, and what people see of it.

use std::time::Duration;

use super::bench::{Bench, news, now};
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{CallStatus, PostClass, Refusal};
use crate::domain::lead::LeadState;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{CallFilter, ClaimOutcome, Recorded, Swept, SweptRow};
use crate::store::worker::LiveLines;

async fn swept(bench: &Bench) -> Vec<Swept> {
    bench.store.sweep(9, &bench.timings, now()).await.unwrap().into_iter().map(|row| row.swept).collect()
}

on_both_engines! {
    async fn a_lost_ticket_rings_again_for_the_same_send(store: Store) {
        let mut bench = Bench::new(store).await;
        let kept = bench.arm(bench.lead(1).await).await;
        bench.timings.ticket_lease = Duration::ZERO;
        let lost = bench.arm(bench.lead(2).await).await;
        bench.timings.ticket_lease = Duration::from_secs(60);
        let rows = bench.store.sweep(9, &bench.timings, now()).await.unwrap();
        assert_eq!(rows.iter().map(|row| (row.attempt, row.swept)).collect::<Vec<_>>(), [(lost, Swept::Ring { send_no: 1 })]);
        assert!(swept(&bench).await.is_empty());
        bench.claim(lost, 1).await;
        bench.claim(kept, 1).await;
    }

    async fn what_is_left_aside_takes_no_place_and_is_swept_by_itself(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.ticket_lease = Duration::ZERO;
        let (aside, other) = (bench.arm(bench.lead(1).await).await, bench.arm(bench.lead(2).await).await);
        assert_eq!(bench.store.stale(&[], 9).await.unwrap().len(), 2);
        assert_eq!(bench.store.stale(&[aside], 1).await.unwrap(), [other]);
        let swept = Swept::Ring { send_no: 1 };
        let rows = bench.store.sweep_all_but(&[aside], 1, &bench.timings, now()).await.unwrap();
        assert_eq!(rows, [SweptRow { attempt: other, swept }]);
        let row = bench.store.sweep_one(aside, &bench.timings, now()).await.unwrap();
        assert_eq!(row, Some(SweptRow { attempt: aside, swept }));
    }

    async fn a_paused_campaign_gets_its_armed_leads_back(store: Store) {
        let bench = Bench::new(store).await;
        let attempt = bench.arm(bench.lead(1).await).await;
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        assert_eq!(swept(&bench).await, [Swept::Withdrawn]);
        assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Stale));
    }

    async fn a_paused_campaign_gets_its_refused_leads_back_with_the_armed_ones(store: Store) {
        let bench = Bench::new(store).await;
        let armed = bench.arm(bench.lead(1).await).await;
        let refused = bench.sending(2).await;
        let not_sent = PostClass::Refused { refusal: Refusal::NotSent, code: None };
        assert!(matches!(bench.record(&refused, &not_sent).await, Recorded::Refused(_)));
        assert!(swept(&bench).await.is_empty(), "it waits for its next send");
        bench.pause_dials(true).await;
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        assert_eq!(swept(&bench).await, [Swept::Withdrawn, Swept::Withdrawn]);
        assert!(matches!(bench.try_claim(armed, 1).await, ClaimOutcome::Stale));
        let view = bench.view(refused.lead).await;
        let stands = (view.attempts[0].state, view.lead.state, view.number_held_by, view.lead.placed);
        assert_eq!(stands, (AttemptState::Withdrawn, LeadState::Waiting, None, 0));
    }

    async fn a_paused_queue_rings_nothing_until_it_is_resumed(store: Store) {
        let mut bench = Bench::new(store).await;
        (bench.timings.ticket_lease, bench.timings.refusal_backoff) = (Duration::ZERO, Duration::ZERO);
        let lost = bench.arm(bench.lead(1).await).await;
        let refused = bench.sending(2).await;
        let not_sent = PostClass::Refused { refusal: Refusal::NotSent, code: None };
        assert!(matches!(bench.record(&refused, &not_sent).await, Recorded::Refused(_)));
        bench.pause_dials(true).await;
        assert!(swept(&bench).await.is_empty());
        bench.pause_dials(false).await;
        let rung = bench.store.sweep(9, &bench.timings, now()).await.unwrap();
        let rings = |attempt, send_no| rung.contains(&SweptRow { attempt, swept: Swept::Ring { send_no } });
        assert!(rung.len() == 2 && rings(lost, 1) && rings(refused.attempt, 2), "{rung:?}");
    }

    async fn a_call_that_we_hold_back_is_rung_again_however_often(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.refusal_backoff = Duration::ZERO;
        let held_back = PostClass::Refused { refusal: Refusal::HeldBack, code: None };
        let mut claimed = bench.sending(1).await;
        for send_no in 2..=bench.timings.refusal_limit + 2 {
            assert!(matches!(bench.record(&claimed, &held_back).await, Recorded::Refused(plan) if plan.attempt.is_ok()));
            assert_eq!(swept(&bench).await, [Swept::Ring { send_no }]);
            claimed = bench.claim(claimed.attempt, send_no).await;
        }
        let not_sent = PostClass::Refused { refusal: Refusal::NotSent, code: None };
        bench.timings.refusal_limit = 2;
        assert!(matches!(bench.record(&claimed, &not_sent).await, Recorded::Refused(plan) if plan.attempt.is_ok()), "the first of two");
    }

    async fn calls_that_we_held_back_make_nobody_wait_longer_for_a_provider_that_is_full(store: Store) {
        let mut bench = Bench::new(store).await;
        let short = std::mem::take(&mut bench.timings.refusal_backoff);
        let held_back = PostClass::Refused { refusal: Refusal::HeldBack, code: None };
        let mut claimed = bench.sending(1).await;
        for send_no in 2..=4 {
            bench.record(&claimed, &held_back).await;
            assert_eq!(swept(&bench).await, [Swept::Ring { send_no }]);
            claimed = bench.claim(claimed.attempt, send_no).await;
        }
        bench.timings.refusal_backoff = short;
        assert!(matches!(bench.refuse(&claimed, 429, 20429).await, Recorded::Refused(plan) if plan.fleet_backoff == Some(short)));
    }

    async fn what_is_held_back_again_and_again_is_as_old_as_its_arming(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.refusal_backoff = Duration::ZERO;
        assert_eq!(bench.store.oldest_unsent().await.unwrap(), None);
        let claimed = bench.sending(1).await;
        let later = now() + Duration::from_secs(3_600);
        let held_back = PostClass::Refused { refusal: Refusal::HeldBack, code: None };
        bench.store.record_answer(claimed.attempt, 1, &held_back, &bench.timings, later).await.unwrap();
        assert_eq!(bench.store.oldest_by_state().await.unwrap()[0].since, later, "its state is young");
        assert_eq!(bench.store.oldest_unsent().await.unwrap(), Some(now()));
        assert_eq!(swept(&bench).await, [Swept::Ring { send_no: 2 }]);
        let claimed = bench.claim(claimed.attempt, 2).await;
        assert_eq!(bench.store.oldest_unsent().await.unwrap(), Some(now()));
        bench.answer(&claimed, "CA1").await;
        assert_eq!(bench.store.oldest_unsent().await.unwrap(), None, "there is a call");
    }

    async fn what_waits_for_a_paused_queue_hides_no_lost_send_and_no_stopped_campaign(store: Store) {
        let mut bench = Bench::new(store).await;
        (bench.timings.ticket_lease, bench.timings.send_deadline) = (Duration::ZERO, Duration::ZERO);
        bench.arm(bench.lead(1).await).await;
        bench.sending(2).await;
        bench.pause_dials(true).await;
        assert_eq!(bench.store.sweep(1, &bench.timings, now()).await.unwrap().len(), 1, "the older row waits and takes no place");
        bench.change_state(CampaignState::Running, CampaignState::Paused).await;
        assert_eq!(swept(&bench).await, [Swept::Withdrawn]);
    }

    async fn a_send_past_its_deadline_becomes_unknown(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.timings.send_deadline = Duration::ZERO;
        let claimed = bench.sending(1).await;
        assert_eq!(swept(&bench).await, [Swept::Unsure]);
        assert_eq!(bench.store.attempt(claimed.attempt).await.unwrap().unwrap().state, AttemptState::Unknown);
    }

    async fn a_silent_call_is_asked_about_and_then_left_for_a_while(store: Store) {
        let mut bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        assert!(bench.store.silent_calls(&bench.timings, 9).await.unwrap().is_empty());
        bench.timings.silent_after = Duration::ZERO;
        let silent = bench.store.silent_calls(&bench.timings, 9).await.unwrap();
        assert_eq!((silent.len(), silent[0].attempt, silent[0].call_sid.as_str()), (1, claimed.attempt, "CA1"));
        bench.timings.silent_after = Duration::from_secs(60);
        bench.store.mark_polled(claimed.attempt).await.unwrap();
        assert!(bench.store.silent_calls(&bench.timings, 9).await.unwrap().is_empty());
        bench.timings.silent_after = Duration::ZERO;
        bench.store.provider_news(claimed.attempt, &news("CA1", CallStatus::Busy, 2), &bench.timings, now()).await.unwrap();
        assert!(bench.store.silent_calls(&bench.timings, 9).await.unwrap().is_empty());
    }

    async fn open_attempts_are_counted_and_listed(store: Store) {
        let bench = Bench::new(store).await;
        bench.sending(1).await;
        bench.placed(2, "CA2").await;
        let ended = bench.placed(3, "CA3").await;
        bench.end(&ended, "CA3", CallStatus::Busy).await;
        let (lines, beside) = bench.store.lines_and_open(Duration::from_secs(600)).await.unwrap();
        assert_eq!(lines, LiveLines::default(), "no worker, no line");
        for counts in [bench.store.open_counts().await.unwrap(), beside] {
            let mut counts: Vec<_> = counts.into_iter().map(|open| (open.campaign, open.state, open.attempts)).collect();
            counts.sort();
            assert_eq!(counts, [AttemptState::Sending, AttemptState::Placed].map(|state| (bench.campaign, state, 1)));
        }
        assert_eq!(bench.store.oldest_by_state().await.unwrap().len(), 2);
        let filter = CallFilter { campaign: Some(bench.campaign), state: Some(AttemptState::Ended) };
        assert_eq!(bench.store.attempts(filter, 9).await.unwrap().len(), 1);
        assert_eq!(bench.store.attempts(CallFilter::default(), 9).await.unwrap().len(), 3);
    }
}
