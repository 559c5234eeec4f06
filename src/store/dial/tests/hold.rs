//! Holding: one worker, once, fenced by its epoch.

use std::time::Duration;

use super::bench::{Bench, news, now, slots};
use crate::call::journal::CallSignal;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{CallStatus, Callback};
use crate::domain::ids::WorkerId;
use crate::domain::outcome::{Disposition, Flags, Outcome};
use crate::domain::transfer::TransferResult;
use crate::store::StoreError;
use crate::store::contract::support::on_both_engines;
use crate::store::db::{Conn, on_db};
use crate::store::dial::callback::{Evidence, take_into};
use crate::store::dial::row::{AttemptRow, change_state};
use crate::store::dial::{Claimed, Finished, HoldClaim, StreamClaim, Told};
use crate::store::worker::{NewWorker, WorkerState};

const LONG: Duration = Duration::from_secs(600);

pub(super) fn told(disposition: Disposition) -> Outcome {
    Outcome { disposition, reason: None, flags: Flags::default(), callback: None }
}

async fn try_hold(bench: &Bench, claimed: &Claimed, sid: &str) -> StreamClaim {
    bench.store.claim_stream(&claimed.stream_token, sid, bench.worker, &bench.timings, now()).await.unwrap()
}

pub(super) async fn hold(bench: &Bench, claimed: &Claimed, sid: &str) -> HoldClaim {
    let StreamClaim::Held(held) = try_hold(bench, claimed, sid).await else { panic!("not held") };
    *held
}

on_both_engines! {
    async fn a_stream_is_held_once(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        assert_eq!((held.attempt, held.epoch, held.lead), (claimed.attempt, 1, claimed.lead));
        assert_eq!(try_hold(&bench, &claimed, "CA1").await, StreamClaim::Refused);
        let nonsense = bench.store.claim_stream("nonsense", "CA1", bench.worker, &bench.timings, now()).await.unwrap();
        assert_eq!(nonsense, StreamClaim::Refused);
    }

    async fn the_calls_of_a_worker_that_takes_no_more_take_no_line_of_the_others(store: Store) {
        let bench = Bench::new(store).await;
        let (kept, died) = (WorkerId::new(), WorkerId::new());
        for id in [bench.worker, kept, died] {
            bench.store.register_worker(NewWorker { id, host: "box", version: "0.1.0", lines: 5 }, now()).await.unwrap();
        }
        let free = async || bench.store.live_lines(LONG).await.unwrap().free;
        let (first, second) = (bench.placed(1, "CA1").await, bench.placed(2, "CA2").await);
        bench.arm(bench.lead(3).await).await;
        assert_eq!(free().await, 12, "whoever will hold them");
        hold(&bench, &first, "CA1").await;
        assert!(matches!(
            bench.store.claim_stream(&second.stream_token, "CA2", died, &bench.timings, now()).await.unwrap(),
            StreamClaim::Held(_)
        ));
        assert_eq!(free().await, 12);
        assert!(bench.store.set_worker_state(bench.worker, WorkerState::Draining).await.unwrap());
        assert_eq!(free().await, 8, "its lines are gone, and its call with them");
        let silent: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
            sqlx::query("UPDATE worker SET heartbeat_db = 0 WHERE id = $1").bind(died).execute(conn).await?;
            Ok(())
        });
        silent.unwrap();
        assert_eq!(free().await, 4, "the armed one waits for whoever is left");
        assert!(bench.store.set_worker_state(bench.worker, WorkerState::Stopped).await.unwrap());
        assert_eq!(free().await, 4);
    }

    async fn a_stream_binds_the_call_when_answer_and_callbacks_were_lost(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.sending(1).await;
        hold(&bench, &claimed, "CA1").await;
        let view = bench.store.attempt(claimed.attempt).await.unwrap().unwrap();
        assert_eq!((view.state, view.call_sid.as_deref()), (AttemptState::Talking, Some("CA1")));
    }

    async fn a_stream_is_held_although_its_answer_was_told_before(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        bench.callback(claimed.attempt, &news("CA1", CallStatus::InProgress, 2)).await;
        let held = hold(&bench, &claimed, "CA1").await;
        let calls = bench.store.held_calls().await.unwrap();
        let calls: Vec<_> = calls.into_iter().map(|call| (call.attempt, call.epoch, call.worker)).collect();
        assert_eq!(calls, [(claimed.attempt, 1, bench.worker)]);
        assert_eq!(bench.token_kept(claimed.attempt).await, None, "valid once");
        assert_eq!(bench.store.close_hold(held.attempt, held.epoch, None, &slots(), now()).await.unwrap(), Some(false));
    }

    async fn a_stream_of_another_call_is_not_held(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        assert!(matches!(try_hold(&bench, &claimed, "CA2").await, StreamClaim::Stray(told) if told.cancel.as_deref() == Some("CA2")));
        hold(&bench, &claimed, "CA1").await;
    }

    async fn a_call_whose_row_does_not_name_its_holder_is_not_held(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let answered = news("CA1", CallStatus::InProgress, 2);
        let told: Result<Told, StoreError> = on_db!(bench.store.db, write, tx => {
            let mut conn: Conn<'_> = tx.into();
            let row = AttemptRow::lock(conn.reborrow(), claimed.attempt).await?.unwrap();
            assert!(change_state(conn.reborrow(), row.id, row.state, AttemptState::Ringing, now()).await?);
            take_into(conn, &row, &answered, Evidence::Signed, Some(bench.worker), &bench.timings, now()).await
        });
        assert!(matches!(&told, Err(error @ StoreError::Moved(attempt)) if *attempt == claimed.attempt && error.retry_helps()), "{told:?}");
        let view = bench.store.attempt(claimed.attempt).await.unwrap().unwrap();
        assert_eq!((view.state, bench.store.held_calls().await.unwrap().len()), (AttemptState::Placed, 0));
        hold(&bench, &claimed, "CA1").await;
    }

    async fn a_call_that_is_over_is_not_held(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        bench.callback(claimed.attempt, &news("CA1", CallStatus::Completed, 3)).await;
        assert_eq!(try_hold(&bench, &claimed, "CA1").await, StreamClaim::Refused);
    }

    async fn only_the_holder_closes_and_only_once(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        let outcome = told(Disposition::Qualified);
        assert!(bench.store.save_draft(held.attempt, held.epoch, &outcome, &slots()).await.unwrap());
        let close = |epoch| bench.store.close_hold(held.attempt, epoch, Some(&outcome), slots_ref(), now());
        assert_eq!(close(held.epoch + 1).await.unwrap(), None);
        assert_eq!(close(held.epoch).await.unwrap(), Some(false));
        assert_eq!(close(held.epoch).await.unwrap(), None);
        assert!(!bench.store.save_draft(held.attempt, held.epoch, &outcome, &slots()).await.unwrap());
    }

    async fn the_holder_gets_each_signal_once(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        hold(&bench, &claimed, "CA1").await;
        let verdict = Callback { answered_by: Some("human".into()), status: None, ..news("CA1", CallStatus::Ringing, 1) };
        assert!(bench.callback(claimed.attempt, &verdict).await.signal);
        assert!(!bench.callback(claimed.attempt, &verdict).await.signal);
        bench.store.signal_call(claimed.attempt, &CallSignal::Stop, now()).await.unwrap();
        let signals = bench.store.signals_for(bench.worker, now()).await.unwrap();
        let mut signals: Vec<CallSignal> = signals.into_iter().map(|stored| stored.signal).collect();
        signals.sort_by_key(|signal| matches!(signal, CallSignal::Stop));
        assert_eq!(signals, [CallSignal::AnsweredBy("human".into()), CallSignal::Stop]);
        assert!(bench.store.signals_for(bench.worker, now()).await.unwrap().is_empty());
        assert!(bench.store.signals_for(WorkerId::new(), now()).await.unwrap().is_empty());
    }

    async fn a_dead_holder_is_buried_once_and_its_calls_are_listed_until_then(store: Store) {
        let bench = Bench::new(store).await;
        let worker = NewWorker { id: bench.worker, host: "here", version: "1", lines: 1 };
        bench.store.register_worker(worker, now()).await.unwrap();
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        let calls = bench.store.held_calls().await.unwrap();
        assert_eq!((calls.len(), calls[0].worker, calls[0].heartbeat), (1, bench.worker, Some(0)));
        assert!(bench.store.database_start().await.unwrap() >= 0);
        assert!(bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap());
        assert!(!bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap());
        assert!(bench.store.held_calls().await.unwrap().is_empty());
    }

    async fn a_holder_that_was_thought_dead_still_closes_until_the_outcome_is_folded(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        assert!(bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap());
        let outcome = told(Disposition::Qualified);
        let close = async || bench.store.close_hold(held.attempt, held.epoch, Some(&outcome), &slots(), now()).await.unwrap();
        assert_eq!(close().await, Some(false));
        assert_eq!(close().await, None, "it is closed in order");
        let Finished::Done(call) = bench.end(&claimed, "CA1", CallStatus::Completed).await else { panic!("not finished") };
        assert_eq!(call.outcome.disposition, Disposition::Qualified);
        assert_eq!(close().await, None, "it is folded");
    }

    async fn a_transferred_call_has_no_holder(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        let answered = async |sid: &str| {
            bench.store.transfer_told(claimed.attempt, sid, TransferResult::Answered, now()).await.unwrap().map(|told| (told.came_to, told.signal))
        };
        assert_eq!(answered("CA2").await, None, "another call");
        assert_eq!(answered("CA1").await, Some((Some(AttemptState::HandedOff), true)));
        assert_eq!(answered("CA1").await, Some((None, false)), "told again");
        assert!(bench.store.held_calls().await.unwrap().is_empty());
        assert!(!bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap(), "nobody who could be dead holds it");
        let signals = bench.store.signals_for(bench.worker, now()).await.unwrap();
        let signals: Vec<CallSignal> = signals.into_iter().map(|stored| stored.signal).collect();
        assert_eq!(signals, [CallSignal::Transfer(TransferResult::Answered)], "who rang the person is told once");
        let asked = told(Disposition::NotQualified);
        assert_eq!(bench.store.close_hold(held.attempt, held.epoch, Some(&asked), &slots(), now()).await.unwrap(), Some(false));
        let Finished::Done(call) = bench.end(&claimed, "CA1", CallStatus::Completed).await else { panic!("not finished") };
        assert_eq!(call.outcome.disposition, Disposition::Transferred);
    }

    async fn a_transferred_call_ends_although_its_holder_died(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        hold(&bench, &claimed, "CA1").await;
        bench.store.transfer_told(claimed.attempt, "CA1", TransferResult::Answered, now()).await.unwrap();
        assert!(bench.callback(claimed.attempt, &news("CA1", CallStatus::Completed, 3)).await.finish);
        assert_eq!(bench.store.unfinished(&[], now(), 9).await.unwrap(), [claimed.attempt], "should the job be lost");
        let Finished::Done(call) = bench.finish(claimed.attempt).await else { panic!("not finished") };
        assert_eq!(call.outcome.disposition, Disposition::Transferred);
    }

    async fn an_end_that_was_told_before_the_transfer_waits_for_nobody(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        hold(&bench, &claimed, "CA1").await;
        bench.callback(claimed.attempt, &news("CA1", CallStatus::Completed, 3)).await;
        assert_eq!(bench.finish(claimed.attempt).await, Finished::NotYet, "its holder waits to hear");
        let told = bench.store.transfer_told(claimed.attempt, "CA1", TransferResult::Answered, now()).await.unwrap().unwrap();
        assert!(told.finish);
        let Finished::Done(call) = bench.finish(claimed.attempt).await else { panic!("not finished") };
        assert_eq!(call.outcome.disposition, Disposition::Transferred);
    }

    async fn a_person_who_is_not_reached_leaves_the_call_to_its_holder(store: Store) {
        let bench = Bench::new(store).await;
        let claimed = bench.placed(1, "CA1").await;
        let held = hold(&bench, &claimed, "CA1").await;
        let busy = async || bench.store.transfer_told(claimed.attempt, "CA1", TransferResult::Busy, now()).await.unwrap().unwrap();
        assert_eq!((busy().await.signal, busy().await.signal), (true, false));
        let signals = bench.store.signals_for(bench.worker, now()).await.unwrap();
        let signals: Vec<CallSignal> = signals.into_iter().map(|stored| stored.signal).collect();
        assert_eq!(signals, [CallSignal::Transfer(TransferResult::Busy)]);
        let asked = told(Disposition::NotQualified);
        assert_eq!(bench.store.close_hold(held.attempt, held.epoch, Some(&asked), &slots(), now()).await.unwrap(), Some(false));
        let Finished::Done(call) = bench.end(&claimed, "CA1", CallStatus::Completed).await else { panic!("not finished") };
        assert_eq!(call.outcome.disposition, Disposition::NotQualified);
    }
}

fn slots_ref() -> &'static serde_json::Value {
    static SLOTS: std::sync::LazyLock<serde_json::Value> = std::sync::LazyLock::new(slots);
    &SLOTS
}
