//! Promised callbacks: dialed when they were promised, moved when they were missed, dropped when nobody may be called.

use std::time::Duration;

use super::bench::{Bench, now};
use super::finish::talked;
use super::hold::told;
use crate::domain::attempt::DialKind;
use crate::domain::callback::keep::{Fidelity, Kept, Missed};
use crate::domain::campaign::CampaignState;
use crate::domain::dialing::{CallStatus, PostClass};
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Agreement, Disposition, Outcome, PromisedCallback, Reason};
use crate::domain::permit::Gate;
use crate::domain::time::Timestamp;
use crate::domain::window::{CallingWindow, Hours};
use crate::store::campaign::CampaignChange;
use crate::store::contract::fixtures::force_lead_state;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Arming, Claimed};

/// 17:00 in Los Angeles on the day before the clocks go back.
fn five() -> Timestamp {
    "2025-11-02T00:00:00Z".parse().unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// A lead whose call ended with a promise for [`five`].
async fn promised(bench: &Bench, n: u64) -> LeadId {
    promised_until(bench, n, None).await
}

async fn promised_until(bench: &Bench, n: u64, latest: Option<Timestamp>) -> LeadId {
    agreed(bench, n, latest, None).await
}

async fn agreed(bench: &Bench, n: u64, latest: Option<Timestamp>, agreement: Option<Agreement>) -> LeadId {
    let promise = PromisedCallback { words: "at five".into(), earliest: five(), latest, zone: "America/Los_Angeles".into(), agreement };
    let outcome = Outcome { callback: Some(promise), ..told(Disposition::Callback) };
    let sid = format!("CA{n}");
    let claimed = talked(bench, n, &sid, Some(&outcome)).await;
    bench.end(&claimed, &sid, CallStatus::Completed).await;
    claimed.lead
}

async fn dialed(bench: &Bench, lead: LeadId, at: Timestamp) -> Claimed {
    let Arming::Armed(attempt) = bench.try_arm(lead, at).await else { panic!("not armed") };
    let claimed = bench.claim(attempt, 1).await;
    let placed = PostClass::Placed { call_sid: "CA-back".to_owned() };
    bench.store.record_answer(claimed.attempt, 1, &placed, &bench.timings, at).await.unwrap();
    claimed
}

/// A lead that was parked while it waited.
async fn parked(bench: &Bench, lead: LeadId) -> LeadId {
    force_lead_state(&bench.store, lead, LeadState::Parked).await;
    lead
}

async fn next(bench: &Bench, lead: LeadId) -> (LeadState, DialKind, Timestamp) {
    let lead = bench.view(lead).await.lead;
    (lead.state, lead.next_kind, lead.next_attempt_at)
}

async fn fidelity(bench: &Bench, at: Timestamp) -> Fidelity {
    bench.store.callback_fidelity(bench.campaign, bench.settings.callbacks.tolerance, at).await.unwrap()
}

fn none() -> Fidelity {
    Fidelity { tolerance_s: 900, ..Fidelity::default() }
}

on_both_engines! {
    async fn a_promise_is_kept_by_the_call_that_is_dialed_for_it(store: Store) {
        let bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        assert_eq!(bench.try_arm(lead, five() - Duration::from_millis(1)).await, Arming::LeadMoved, "not before it was promised");
        assert_eq!(fidelity(&bench, five()).await, Fidelity { promised: 1, pending: 1, ..none() });
        dialed(&bench, lead, five() + Duration::from_secs(3)).await;
        let page = bench.store.callbacks(bench.campaign, None, 9).await.unwrap();
        assert_eq!((page.len(), page[0].words.as_str(), page[0].lead_id, page[0].moves), (1, "at five", lead, 0));
        assert_eq!((page[0].dialed_at, page[0].promise().kept(minutes(15), five())), (Some(five() + Duration::from_secs(3)), Kept::Kept));
        let sum = fidelity(&bench, five() + minutes(60)).await;
        assert_eq!((sum.kept, sum.missed, sum.share_kept, sum.late_p95_s), (1, 0, Some(1.0), Some(3)));
        assert!(bench.store.callbacks(bench.campaign, Some(page[0].promised_in), 9).await.unwrap().is_empty());
    }

    async fn what_the_conversation_tells_of_a_promise_is_kept_with_it(store: Store) {
        let bench = Bench::new(store).await;
        let heard = Agreement { confidence_percent: 85, confirmed_aloud: true };
        for (n, agreement) in [(1, Some(heard)), (2, Some(Agreement { confirmed_aloud: false, ..heard })), (3, None)] {
            let lead = agreed(&bench, n, None, agreement).await;
            let open = bench.store.open_callback(lead).await.unwrap().unwrap();
            let expected = (agreement.map(|known| i32::from(known.confidence_percent)), agreement.map(|known| known.confirmed_aloud));
            assert_eq!((open.confidence_percent, open.confirmed_aloud), expected);
            assert!(bench.store.callbacks(bench.campaign, None, 9).await.unwrap().contains(&open));
        }
    }

    async fn a_lead_waits_for_a_promise_until_a_call_keeps_it(store: Store) {
        let bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        assert!(bench.store.open_callback(lead).await.unwrap().is_some());
        dialed(&bench, lead, five()).await;
        assert_eq!(bench.store.open_callback(lead).await.unwrap(), None);
    }

    async fn a_missed_promise_moves_to_the_same_local_time_and_then_to_a_person(store: Store) {
        let bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        // the clocks went back in between: five o'clock is an hour later in UTC
        let mut due = five();
        for next in ["2025-11-03T01:00:00Z", "2025-11-04T01:00:00Z"] {
            assert_eq!(bench.try_arm(lead, due + minutes(16)).await, Arming::LeadMoved);
            due = next.parse().unwrap();
            let view = bench.view(lead).await.lead;
            assert_eq!((view.state, view.next_kind, view.next_attempt_at), (LeadState::Waiting, DialKind::Callback, due));
        }
        let sum = fidelity(&bench, due).await;
        assert_eq!((sum.missed, sum.kept, sum.share_kept, sum.late_p50_s), (1, 0, Some(0.0), None));
        assert_eq!(bench.try_arm(lead, due + minutes(16)).await, Arming::LeadMoved);
        assert_eq!(bench.view(lead).await.lead.state, LeadState::Parked);
    }

    async fn a_moved_promise_is_dialed_and_still_counts_as_missed(store: Store) {
        let bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        assert_eq!(bench.try_arm(lead, five() + minutes(16)).await, Arming::LeadMoved);
        let moved = bench.view(lead).await.lead.next_attempt_at;
        dialed(&bench, lead, moved).await;
        let sum = fidelity(&bench, moved).await;
        assert_eq!((sum.missed, sum.kept, sum.late_p50_s), (1, 0, Some(25 * 3_600)));
    }

    async fn the_tolerance_is_the_campaigns_own_when_it_is_dialed(store: Store) {
        let mut bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        bench.settings.callbacks.tolerance = minutes(60);
        dialed(&bench, lead, five() + minutes(59)).await;
        let sum = fidelity(&bench, five() + minutes(61)).await;
        assert_eq!((sum.kept, sum.missed, sum.tolerance_s), (1, 0, 3_600));
        bench.settings.callbacks.tolerance = minutes(1);
        let lead = promised(&bench, 2).await;
        assert_eq!(bench.try_arm(lead, five() + minutes(2)).await, Arming::LeadMoved);
    }

    async fn a_missed_promise_can_be_tried_again_like_any_lead(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.settings.callbacks.missed = Missed::Retry;
        let (lead, late) = (promised(&bench, 1).await, five() + minutes(16));
        assert_eq!(bench.try_arm(lead, late).await, Arming::LeadMoved);
        let view = bench.view(lead).await.lead;
        assert_eq!((view.state, view.next_kind, view.next_attempt_at), (LeadState::Waiting, DialKind::Retry, late));
        assert!(matches!(bench.try_arm(lead, late).await, Arming::Armed(_)), "within its caps it is called at once");
        let sum = fidelity(&bench, late).await;
        assert_eq!((sum.missed, sum.kept, sum.pending), (1, 0, 0));
    }

    async fn a_missed_promise_can_end_the_lead_and_counts_as_missed(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.settings.callbacks.missed = Missed::Close;
        let (lead, late) = (promised(&bench, 1).await, five() + minutes(16));
        assert_eq!(bench.try_arm(lead, late).await, Arming::LeadMoved);
        let view = bench.view(lead).await.lead;
        assert_eq!((view.state, view.disposition), (LeadState::Finished, Some(Disposition::Callback)));
        let sum = fidelity(&bench, late).await;
        assert_eq!((sum.missed, sum.dropped), (1, 0));
    }

    async fn the_hours_are_asked_again_when_a_promise_is_due(store: Store) {
        let mut bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        bench.settings.window = CallingWindow { days: [Some(Hours { open: 540, close: 960 }); 7], holidays: Vec::new() };
        let Arming::Denied(denial) = bench.try_arm(lead, five()).await else { panic!("not denied") };
        assert_eq!((denial.gate, denial.opens_at), (Gate::Hours, Some("2025-11-02T17:00:00Z".parse().unwrap())));
        assert_eq!(bench.view(lead).await.lead.next_kind, DialKind::Callback);
    }

    async fn a_promise_to_somebody_who_opted_out_is_dropped(store: Store) {
        let bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        let attempt = bench.view(lead).await.attempts[0].id;
        bench.store.record_opt_out(attempt, now()).await.unwrap();
        assert_eq!(bench.view(lead).await.lead.state, LeadState::Suppressed);
        assert_eq!(bench.try_arm(lead, five()).await, Arming::LeadMoved);
        assert_eq!(fidelity(&bench, five() + minutes(60)).await, Fidelity { promised: 1, dropped: 1, ..none() });
    }

    async fn promises_of_a_campaign_that_is_given_up_are_dropped(store: Store) {
        let bench = Bench::new(store).await;
        let (kept, open) = (promised(&bench, 1).await, promised(&bench, 2).await);
        assert_eq!(bench.store.promised_people(bench.campaign).await.unwrap(), 2);
        dialed(&bench, kept, five()).await;
        assert_eq!(bench.store.promised_people(bench.campaign).await.unwrap(), 1);
        let state = bench.store.campaign(bench.campaign).await.unwrap().unwrap().state;
        let change = CampaignChange { from: state, to: CampaignState::Cancelled, reason: None, actor: "test" };
        assert!(bench.store.change_campaign_state(bench.campaign, change, five()).await.unwrap().is_changed());
        assert_eq!(bench.view(open).await.lead.state, LeadState::Waiting, "leads stay as they are");
        for now in [five(), five() + minutes(60)] {
            let sum = fidelity(&bench, now).await;
            assert_eq!((sum.kept, sum.dropped, sum.pending, sum.missed, sum.share_kept), (1, 1, 0, 0, Some(1.0)));
        }
        let page = bench.store.callbacks(bench.campaign, None, 9).await.unwrap();
        let dropped = page.iter().find(|callback| callback.lead_id == open).unwrap();
        assert_eq!(dropped.promise().kept(minutes(15), five() + minutes(60)), Kept::Dropped);
    }

    async fn beyond_the_cap_nothing_is_promised(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.settings.max_callbacks = 0;
        let lead = promised(&bench, 1).await;
        assert_eq!(bench.view(lead).await.lead.state, LeadState::Finished);
        assert_eq!(fidelity(&bench, five()).await, none());
    }

    async fn a_callback_uses_up_no_attempt(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.settings.max_attempts = 2;
        let lead = promised(&bench, 1).await;
        let claimed = dialed(&bench, lead, five()).await;
        bench.end(&claimed, "CA-back", CallStatus::Busy).await;
        let (state, kind, again) = next(&bench, lead).await;
        assert_eq!((state, kind, bench.view(lead).await.lead.placed), (LeadState::Waiting, DialKind::Retry, 2));
        let Arming::Armed(last) = bench.try_arm(lead, again).await else { panic!("the callback has used up the attempts") };
        let claimed = bench.claim(last, 1).await;
        bench.answer(&claimed, "CA-last").await;
        bench.end(&claimed, "CA-last", CallStatus::Busy).await;
        let ended = bench.view(lead).await.lead;
        assert_eq!((ended.state, ended.reason, ended.placed), (LeadState::Finished, Some(Reason::CapsReached), 3));
    }

    async fn a_callback_counts_for_its_number(store: Store) {
        let mut bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        let claimed = dialed(&bench, lead, five()).await;
        bench.end(&claimed, "CA-back", CallStatus::Busy).await;
        bench.settings.max_attempts_per_day = 1;
        let Arming::Denied(denial) = bench.try_arm(lead, five() + minutes(30)).await else { panic!("not denied") };
        assert_eq!(denial.gate, Gate::DayCap);
    }

    async fn a_parked_promise_stays_one(store: Store) {
        let bench = Bench::new(store).await;
        let early = parked(&bench, promised(&bench, 1).await).await;
        assert_eq!(bench.store.retry_parked(bench.campaign, "test", now()).await.unwrap(), 1);
        assert_eq!(next(&bench, early).await, (LeadState::Waiting, DialKind::Callback, five()), "not before it was promised");
        dialed(&bench, early, five()).await;
        assert_eq!(fidelity(&bench, five()).await.kept, 1);

        let (open, over) = (promised_until(&bench, 2, Some(five() + minutes(60))).await, promised(&bench, 3).await);
        let (open, over, late) = (parked(&bench, open).await, parked(&bench, over).await, five() + minutes(30));
        assert_eq!(bench.store.retry_parked(bench.campaign, "test", late).await.unwrap(), 2);
        assert_eq!(next(&bench, open).await, (LeadState::Waiting, DialKind::Callback, late), "its hour is not over");
        assert_eq!(next(&bench, over).await, (LeadState::Waiting, DialKind::Retry, late));
    }

    async fn a_promise_is_brought_forward_when_an_operator_wants_the_call_now(store: Store) {
        let bench = Bench::new(store).await;
        let (once, held_up) = (parked(&bench, promised(&bench, 1).await).await, parked(&bench, promised(&bench, 2).await).await);
        for lead in [once, held_up] {
            assert!(bench.store.retry_lead(lead, "test", now()).await.unwrap().is_changed());
            assert_eq!(next(&bench, lead).await, (LeadState::Waiting, DialKind::Callback, now()));
        }
        dialed(&bench, once, now()).await;
        assert_eq!(fidelity(&bench, now()).await, Fidelity { kept: 1, pending: 1, promised: 2, ..fidelity(&bench, now()).await });
        assert!(matches!(bench.try_arm(held_up, five()).await, Arming::Armed(_)), "still owed until the promised time");
    }

    async fn an_operators_call_does_not_wait_for_a_time_that_has_passed(store: Store) {
        let bench = Bench::new(store).await;
        let lead = promised(&bench, 1).await;
        let late = five() + minutes(60);
        assert!(bench.store.call_lead_next(lead, "test", late).await.unwrap().is_changed());
        assert!(matches!(bench.try_arm(lead, late).await, Arming::Armed(_)));
    }
}
