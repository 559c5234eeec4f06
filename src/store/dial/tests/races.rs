//! Two that want the same call at once: another finisher, an opt-out, a cancel, a withdrawal, another process's claim. Whoever is
//! first, the call has one outcome, its money is spent once, and nothing stays taken.
//!
//! Each side starts so many round trips later than the other, so that every statement of one meets every statement of the other.
//! Finishers are processes of their own: those of one process share their statements and wait for each other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::bench::{Bench, news, now};
use super::finish::talked;
use super::hold::{hold, told};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::CallStatus;
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Outcome, PromisedCallback};
use crate::domain::transfer::TransferResult;
use crate::mind::ledger::{LedgerEntry, Purpose, Service};
use crate::store::Store;
use crate::store::contract::call_record::entry;
use crate::store::contract::fixtures::{at, number};
use crate::store::contract::support::on_both_engines;
use crate::store::db::Db;
use crate::store::dial::intent::token_hash;
use crate::store::dial::{Arming, ClaimOutcome, Claimed, Finished};
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

const COST: i64 = 7;
/// So many round trips one side may be late.
const LATEST: u64 = 5;

/// A file has one writer: there the order is the queue's.
fn rounds(store: &Store) -> u64 {
    if matches!(store.db, Db::Postgres(_)) { 150 } else { 15 }
}

/// How late each side of a round starts.
fn lags(round: u64) -> (u64, u64) {
    (round % LATEST, round / LATEST % LATEST)
}

async fn wait(bench: &Bench, round_trips: u64) {
    for _ in 0..round_trips {
        bench.store.database_start().await.unwrap();
    }
}

/// As another process of the fleet has it.
fn another_process(store: &Store) -> Store {
    Store { db: store.db.clone(), life: store.life.clone(), rounds: Arc::default() }
}

async fn finish_late(bench: &Bench, call: &Over, lag: u64) -> Finished {
    let store = another_process(&bench.store);
    wait(bench, lag).await;
    let ending = store.ending(call.claimed.attempt).await.unwrap().unwrap();
    store.finish(&ending, &bench.settings, &bench.timings, now()).await.unwrap()
}

/// A call that both sides are done with, and what it cost.
struct Over {
    claimed: Claimed,
    spent: LedgerEntry,
}

/// In turn a busy line (to be redialed), somebody who talked (done), and a promised callback (which is written under a lock).
async fn over(bench: &Bench, n: u64) -> Over {
    let sid = format!("CA{n}");
    let promise =
        PromisedCallback { words: "at nine".into(), earliest: at(9_000_000), latest: None, zone: "Europe/Berlin".into(), agreement: None };
    let (claimed, status) = match n % 3 {
        0 => (bench.placed(n, &sid).await, CallStatus::Busy),
        1 => (talked(bench, n, &sid, Some(&told(Disposition::Qualified))).await, CallStatus::Completed),
        _ => {
            let outcome = Outcome { callback: Some(promise), ..told(Disposition::Callback) };
            (talked(bench, n, &sid, Some(&outcome)).await, CallStatus::Completed)
        }
    };
    let spent = entry(bench.campaign, claimed.attempt, Service::Llm, Purpose::Reply, COST);
    bench.store.append_ledger(std::slice::from_ref(&spent), now()).await.unwrap();
    bench.callback(claimed.attempt, &news(&sid, status, 3)).await;
    Over { claimed, spent }
}

/// One outcome and everything that hangs on it once; where the lead came to.
async fn is_settled_once(bench: &Bench, call: &Over, told: &[Finished]) -> LeadState {
    assert_eq!(told.iter().filter(|told| matches!(told, Finished::Done(_))).count(), 1, "{told:?}");
    assert!(told.iter().all(|told| *told != Finished::NotYet), "{told:?}");
    let view = bench.view(call.claimed.lead).await;
    let [attempt] = &view.attempts[..] else { panic!("{:?}", view.attempts) };
    assert_eq!((attempt.state, attempt.cost_nano_usd), (AttemptState::Ended, NanoUsd(COST)));
    assert_eq!((view.lead.placed, view.lead.attempts, view.number_held_by), (1, 1, None));
    view.lead.state
}

/// The campaign has paid for each call once, and keeps nothing back.
async fn is_paid_once(bench: &Bench, calls: u64) {
    let status = bench.store.campaign_status(bench.campaign).await.unwrap();
    assert_eq!((status.spent, status.reserved), (NanoUsd(COST * i64::try_from(calls).unwrap()), NanoUsd::ZERO));
}

async fn claim_late(bench: &Bench, tickets: [AttemptId; 3], lag: u64) -> Vec<ClaimOutcome> {
    wait(bench, lag).await;
    join_all(tickets.map(|attempt| bench.try_claim(attempt, 1))).await
}

async fn opt_out_late(bench: &Bench, n: u64, lag: u64) {
    wait(bench, lag).await;
    let number = number(n);
    let new = NewSuppression { phone_number: &number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
    bench.store.opt_out(new, "test", &bench.timings, now()).await.unwrap();
}

on_both_engines! {
    async fn of_two_that_finish_a_call_one_does(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        for n in 1..=rounds {
            let (call, (first, second)) = (over(&bench, n).await, lags(n));
            let pay_again = async {
                wait(&bench, second).await;
                assert_eq!(bench.store.append_ledger(std::slice::from_ref(&call.spent), now()).await.unwrap(), 0);
            };
            let (one, other, ()) = tokio::join!(finish_late(&bench, &call, first), finish_late(&bench, &call, second), pay_again);
            let state = is_settled_once(&bench, &call, &[one, other]).await;
            assert_eq!(state, if n % 3 == 1 { LeadState::Finished } else { LeadState::Waiting });
            let callbacks = bench.store.lead(call.claimed.lead).await.unwrap().unwrap().callbacks;
            assert_eq!(callbacks, i32::from(n % 3 == 2), "a promise counts once");
        }
        is_paid_once(&bench, rounds).await;
    }

    async fn of_two_that_finish_a_call_in_one_round_one_does(store: Store) {
        let bench = Bench::new(store).await;
        for n in 1..=6 {
            let call = over(&bench, n).await;
            let (one, other) = tokio::join!(bench.finish(call.claimed.attempt), bench.finish(call.claimed.attempt));
            is_settled_once(&bench, &call, &[one, other]).await;
        }
        is_paid_once(&bench, 6).await;
    }

    async fn an_opt_out_in_the_call_holds_whoever_finishes_it_meanwhile(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        for n in 1..=rounds {
            let (call, (first, second)) = (over(&bench, n).await, lags(n));
            let opt_out = async {
                wait(&bench, second).await;
                assert!(bench.store.record_opt_out(call.claimed.attempt, now()).await.unwrap());
            };
            let (one, other, ()) = tokio::join!(finish_late(&bench, &call, first), finish_late(&bench, &call, first + 1), opt_out);
            let state = is_settled_once(&bench, &call, &[one, other]).await;
            assert!(matches!(state, LeadState::Suppressed | LeadState::Finished), "{n}: {state} after an opt-out");
            assert!(bench.view(call.claimed.lead).await.lead.opt_out && bench.store.is_suppressed(&number(n), bench.campaign).await.unwrap());
        }
        is_paid_once(&bench, rounds).await;
    }

    async fn nobody_who_opts_out_as_the_call_is_finished_is_called_again(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        for n in 1..=rounds {
            let (call, (first, second)) = (over(&bench, n).await, lags(n));
            let (done, ()) = tokio::join!(finish_late(&bench, &call, first), opt_out_late(&bench, n, second));
            is_settled_once(&bench, &call, &[done]).await;
            // a lead that was still in its call is taken off by its next permit
            let much_later = now() + Duration::from_secs(30 * 86_400);
            assert!(!matches!(bench.try_arm(call.claimed.lead, much_later).await, Arming::Armed(_)), "{n}");
            let state = bench.view(call.claimed.lead).await.lead.state;
            assert!(matches!(state, LeadState::Suppressed | LeadState::Finished), "{n}: {state} after an opt-out");
        }
        is_paid_once(&bench, rounds).await;
    }

    async fn a_lead_that_is_cancelled_as_its_call_is_finished_stays_cancelled(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        for n in 1..=rounds {
            let (call, (first, second)) = (over(&bench, n).await, lags(n));
            let cancel = async {
                wait(&bench, second).await;
                bench.store.cancel_lead(call.claimed.lead, "test", now()).await.unwrap()
            };
            let (done, change) = tokio::join!(finish_late(&bench, &call, first), cancel);
            let state = is_settled_once(&bench, &call, &[done]).await;
            assert_eq!(state, if change.is_changed() { LeadState::Cancelled } else { LeadState::Finished }, "{n}");
        }
        is_paid_once(&bench, rounds).await;
    }

    async fn of_two_processes_that_claim_the_same_tickets_each_is_sent_once(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        let other = another_process(&bench.store);
        let other = Bench { store: other, settings: bench.settings.clone(), worker: WorkerId::new(), ..bench };
        for n in 1..=rounds {
            let (first, second) = lags(n);
            let (one, two) = (bench.arm(bench.lead(2 * n).await).await, bench.arm(bench.lead(2 * n + 1).await).await);
            // a ticket that came twice is claimed twice at once
            let tickets = [one, two, one];
            let (here, there) = tokio::join!(claim_late(&bench, tickets, first), claim_late(&other, tickets, second));
            for attempt in [one, two] {
                let told = here.iter().chain(&there).filter_map(|told| match told {
                    ClaimOutcome::Claimed(claimed) if claimed.attempt == attempt => Some(token_hash(&claimed.stream_token)),
                    _ => None,
                });
                assert_eq!(told.collect::<Vec<_>>(), [bench.token_kept(attempt).await.unwrap()], "{n}");
            }
        }
    }

    async fn what_a_pause_gives_back_is_not_sent_while_calls_are_finished_beside_it(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        let mut given_back = 0;
        for n in 1..=rounds {
            let (call, (first, second)) = (over(&bench, n).await, lags(n));
            let lead = bench.lead(2_000 + n).await;
            let armed = bench.arm(lead).await;
            let claim = async {
                wait(&bench, first).await;
                bench.try_claim(armed, 1).await
            };
            let withdraw = async {
                wait(&bench, second).await;
                bench.store.withdraw_ready(bench.campaign, &bench.timings, now()).await.unwrap()
            };
            let (claimed, withdrawn, done) = tokio::join!(claim, withdraw, finish_late(&bench, &call, first));
            is_settled_once(&bench, &call, &[done]).await;
            let may_send = matches!(claimed, ClaimOutcome::Claimed(_));
            assert_eq!(withdrawn, u32::from(!may_send), "{n}: {claimed:?}");
            let view = bench.view(lead).await;
            let expected = if may_send { (AttemptState::Sending, LeadState::Active) } else { (AttemptState::Withdrawn, LeadState::Waiting) };
            assert_eq!((view.attempts[0].state, view.lead.state, view.number_held_by.is_some()), (expected.0, expected.1, may_send));
            given_back += u64::from(withdrawn);
        }
        let status = bench.store.campaign_status(bench.campaign).await.unwrap();
        let reserved = bench.reserve.0 * i64::try_from(rounds - given_back).unwrap();
        assert_eq!((status.spent, status.reserved), (NanoUsd(COST * i64::try_from(rounds).unwrap()), NanoUsd(reserved)));
    }

    async fn a_call_that_is_handed_over_as_its_holder_is_buried_stays_with_the_two_people(store: Store) {
        let (rounds, bench) = (rounds(&store), Bench::new(store).await);
        for n in 1..=rounds {
            let (sid, (first, second)) = (format!("CA{n}"), lags(n));
            let claimed = bench.placed(n, &sid).await;
            let held = hold(&bench, &claimed, &sid).await;
            let seen = bench.store.held_calls().await.unwrap();
            let [seen] = &seen[..] else { panic!("{seen:?}") };
            let hand_over = async {
                wait(&bench, first).await;
                bench.store.transfer_told(claimed.attempt, &sid, TransferResult::Answered, now()).await.unwrap().unwrap().came_to
            };
            let bury = async {
                wait(&bench, second).await;
                bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap()
            };
            let (came_to, _) = tokio::join!(hand_over, bury);
            assert_eq!(came_to, Some(AttemptState::HandedOff), "{n}");
            assert!(!bench.store.is_still_held(seen).await.unwrap(), "{n}: it would be ended");
            assert!(!bench.store.bury_holder(held.attempt, held.epoch, now()).await.unwrap(), "{n}");
            let Finished::Done(call) = bench.end(&claimed, &sid, CallStatus::Completed).await else { panic!("{n}: not finished") };
            assert_eq!(call.outcome.disposition, Disposition::Transferred, "{n}");
        }
    }
}
