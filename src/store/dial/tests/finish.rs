//! The end: both sides over, lead moved, number free, opt-out everywhere.

use std::time::Duration;

use super::bench::{Bench, news, now, running, slots};
use super::hold::{hold, told};
use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::{CallStatus, Callback};
use crate::domain::ids::AttemptId;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Flags, Outcome, PromisedCallback, Reason};
use crate::domain::time::Timestamp;
use crate::store::contract::fixtures::number;
use crate::store::contract::support::on_both_engines;
use crate::store::dial::{Charge, Claimed, Finished, FinishedCall};
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

/// A conversation that ended with this report.
pub(super) async fn talked(bench: &Bench, n: u64, sid: &str, outcome: Option<&Outcome>) -> Claimed {
    let claimed = bench.placed(n, sid).await;
    let held = hold(bench, &claimed, sid).await;
    bench.store.close_hold(held.attempt, held.epoch, outcome, &slots(), now()).await.unwrap();
    claimed
}

fn done(finished: Finished) -> FinishedCall {
    let Finished::Done(call) = finished else { panic!("{finished:?}") };
    *call
}

/// A call that ended with a promise, and when the next one was promised.
async fn promised(bench: &Bench) -> (Claimed, Timestamp) {
    let earliest = now() + Duration::from_secs(90_000);
    let promise =
        PromisedCallback { words: "tomorrow at nine".into(), earliest, latest: None, zone: "America/Los_Angeles".into(), agreement: None };
    let outcome = Outcome { callback: Some(promise), ..told(Disposition::Callback) };
    let claimed = talked(bench, 1, "CA1", Some(&outcome)).await;
    bench.end(&claimed, "CA1", CallStatus::Completed).await;
    (claimed, earliest)
}

on_both_engines! {
    async fn the_outcome_waits_for_both_sides_and_is_folded_once(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        assert_eq!(bench.finish(claimed.attempt).await, Finished::NotYet);
        assert!(bench.callback(claimed.attempt, &news("CA1", CallStatus::Completed, 3)).await.finish);
        assert_eq!(bench.finish(claimed.attempt).await, Finished::NotYet);
        assert!(bench.store.unfinished(&[], now(), 9).await.unwrap().is_empty());
        let outcome = told(Disposition::Qualified);
        let ended = bench.store.close_hold(held.attempt, held.epoch, Some(&outcome), &slots(), now()).await.unwrap();
        assert_eq!(ended, Some(true));
        assert_eq!(bench.store.unfinished(&[], now(), 9).await.unwrap(), [claimed.attempt]);
        assert!(bench.store.unfinished(&[claimed.attempt], now(), 9).await.unwrap().is_empty(), "left aside");
        let call = done(bench.finish(claimed.attempt).await);
        assert_eq!((call.outcome.disposition, call.conversed), (Disposition::Qualified, true));
        assert_eq!(bench.store.unplanned_conversations(now(), 9).await.unwrap(), [claimed.attempt]);
        assert_eq!(bench.finish(claimed.attempt).await, Finished::Already);
        let view = bench.view(claimed.lead).await;
        assert_eq!((view.lead.state, view.number_held_by), (LeadState::Finished, None));
        assert_eq!((view.attempts[0].state, view.attempts[0].duration_s), (AttemptState::Ended, Some(9)));
    }

    async fn nothing_ends_that_was_not_billed(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        assert!(bench.callback(claimed.attempt, &news("CA1", CallStatus::Completed, 3)).await.finish);
        let charge = async || bench.store.ending(claimed.attempt).await.unwrap().unwrap().charge();
        assert_eq!(charge().await, None, "a worker has it");
        bench.store.close_hold(held.attempt, held.epoch, None, &slots(), now()).await.unwrap();
        let looked_at = bench.store.ending(claimed.attempt).await.unwrap().unwrap();
        let verdict = Callback { status: None, sequence: None, answered_by: Some("human".to_owned()), ..news("CA1", CallStatus::Queued, 0) };
        bench.callback(claimed.attempt, &verdict).await;
        let finished = bench.store.finish(&looked_at, &bench.settings, &bench.timings, now()).await.unwrap();
        assert_eq!(finished, Finished::NotYet);
        let billed = Charge { answered_at: now(), status: CallStatus::Completed, talked_ms: 9_000, streamed: true, detected: false };
        assert_eq!((looked_at.charge(), charge().await), (Some(billed), Some(Charge { detected: true, ..billed })));
        done(bench.finish(claimed.attempt).await);
        assert_eq!(charge().await, None, "it was billed before it ended");
    }

    async fn a_busy_line_is_tried_again_by_the_table_until_the_cap(store: Store) {
        let mut bench = Bench::new(store).await;
        bench.settings.max_attempts = 2;
        let claimed = bench.placed(1, "CA1").await;
        bench.end(&claimed, "CA1", CallStatus::Busy).await;
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.next_kind, lead.placed), (LeadState::Waiting, DialKind::Retry, 1));
        assert_eq!(lead.next_attempt_at, now() + Duration::from_secs(15 * 60));
        let crate::store::dial::Arming::Armed(second) = bench.try_arm(claimed.lead, lead.next_attempt_at).await else { panic!("not armed") };
        let again = bench.claim(second, 1).await;
        bench.answer(&again, "CA2").await;
        bench.end(&again, "CA2", CallStatus::Busy).await;
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.disposition, lead.reason), (LeadState::Finished, Some(Disposition::Unreached), Some(Reason::CapsReached)));
    }

    async fn a_promise_is_kept_with_its_words(store: Store) {
        let bench = Bench::new(store).await;
        let (claimed, earliest) = promised(&bench).await;
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.next_kind, lead.next_attempt_at), (LeadState::Waiting, DialKind::Callback, earliest));
        assert_eq!((lead.callback_at, lead.callback_words.as_deref()), (Some(earliest), Some("tomorrow at nine")));
    }

    async fn a_promised_call_that_is_taken_back_before_it_rang_is_not_promised_again(store: Store) {
        let bench = Bench::new(store).await;
        let (claimed, earliest) = promised(&bench).await;
        let crate::store::dial::Arming::Armed(second) = bench.try_arm(claimed.lead, earliest).await else { panic!("not armed") };
        let again = bench.claim(second, 1).await;
        bench.answer(&again, "CA2").await;
        bench.end(&again, "CA2", CallStatus::Canceled).await;
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.next_kind, lead.callbacks), (LeadState::Waiting, DialKind::Callback, 1));
    }

    async fn an_opt_out_suppresses_the_number_in_every_campaign_at_once(store: Store) {
        let mut bench = Bench::new(store).await;
        let first = bench.campaign;
        bench.campaign = running(&bench.store, "other").await;
        let elsewhere = bench.lead(1).await;
        bench.campaign = first;
        let claimed = talked(&bench, 1, "CA1", Some(&told(Disposition::Qualified))).await;
        assert!(bench.store.record_opt_out(claimed.attempt, now()).await.unwrap());
        assert_eq!(bench.view(elsewhere).await.lead.state, LeadState::Suppressed);
        let call = done(bench.end(&claimed, "CA1", CallStatus::Completed).await);
        assert_eq!((call.outcome.disposition, call.outcome.flags.opt_out), (Disposition::Dnc, true));
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.opt_out), (LeadState::Suppressed, true));
        assert!(bench.store.is_suppressed(&number(1), first).await.unwrap());
    }

    async fn an_opt_out_in_a_call_is_kept_over_what_the_operator_wrote(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = talked(&bench, 1, "CA1", Some(&told(Disposition::Qualified))).await;
        let phone_number = number(1);
        let new = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source: SuppressionSource::Operator, attempt: None };
        assert!(bench.store.suppress(new, now()).await.unwrap().is_new);
        assert!(bench.store.record_opt_out(claimed.attempt, now()).await.unwrap());
        let entries = bench.store.suppressions_of(&phone_number).await.unwrap();
        let kept: Vec<_> = entries.into_iter().map(|entry| (entry.source, entry.attempt_id)).collect();
        assert_eq!(kept, [(SuppressionSource::OptOut, Some(claimed.attempt))]);
    }

    async fn an_opt_out_in_the_report_alone_suppresses_too(store: Store) {
        let bench = Bench::new(store).await;
        let outcome = Outcome { flags: Flags { opt_out: true, ..Flags::default() }, ..told(Disposition::NotQualified) };
        let claimed = talked(&bench, 1, "CA1", Some(&outcome)).await;
        bench.end(&claimed, "CA1", CallStatus::Completed).await;
        assert!(bench.store.is_suppressed(&number(1), bench.campaign).await.unwrap());
        assert_eq!(bench.view(claimed.lead).await.lead.state, LeadState::Suppressed);
    }

    async fn an_unwanted_call_suppresses_on_the_carriers_word(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let unwanted = Callback { sip_code: Some(607), ..news("CA1", CallStatus::Failed, 2) };
        bench.callback(claimed.attempt, &unwanted).await;
        assert_eq!(done(bench.finish(claimed.attempt).await).outcome.disposition, Disposition::Dnc);
        assert!(bench.store.is_suppressed(&number(1), bench.campaign).await.unwrap());
    }

    async fn a_dead_holder_leaves_an_incomplete_call(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap();
        let call = done(bench.end(&claimed, "CA1", CallStatus::Completed).await);
        assert_eq!((call.outcome.disposition, call.outcome.reason), (Disposition::Incomplete, Some(Reason::AgentError)));
    }

    async fn what_the_callee_said_before_the_holder_died_counts(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        let earliest = now() + Duration::from_secs(90_000);
        let promise =
            PromisedCallback { words: "tomorrow at nine".into(), earliest, latest: None, zone: "America/Los_Angeles".into(), agreement: None };
        let draft = Outcome { callback: Some(promise), ..told(Disposition::Callback) };
        assert!(bench.store.save_draft(held.attempt, held.epoch, &draft, &slots()).await.unwrap());
        bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap();
        assert_eq!(done(bench.end(&claimed, "CA1", CallStatus::Completed).await).outcome, draft);
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.next_kind, lead.next_attempt_at), (LeadState::Waiting, DialKind::Callback, earliest));
        let earlier = bench.store.earlier_call(claimed.lead, AttemptId::new()).await.unwrap().unwrap();
        assert_eq!((earlier.slots, earlier.callback_words.as_deref()), (Some(slots().to_string()), Some("tomorrow at nine")));
    }

    async fn a_call_taken_back_before_it_rang_is_not_counted(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        bench.end(&claimed, "CA1", CallStatus::Canceled).await;
        let lead = bench.view(claimed.lead).await.lead;
        assert_eq!((lead.state, lead.next_kind, lead.placed), (LeadState::Waiting, DialKind::Fresh, 0));
        assert!(bench.store.unplanned_conversations(now(), 9).await.unwrap().is_empty());
    }

    async fn late_callbacks_change_nothing_after_the_end(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        bench.end(&claimed, "CA1", CallStatus::NoAnswer).await;
        let before = bench.view(claimed.lead).await;
        let told = bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
        assert_eq!((told.finish, told.cancel, told.trouble), (false, None, None));
        assert_eq!(bench.view(claimed.lead).await, before);
    }
}
