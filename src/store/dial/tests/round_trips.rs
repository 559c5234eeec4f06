//! What a dial cycle asks of the server: each statement more is paid for by every call of every campaign (docs/benchmarks.md).

use std::time::Instant;

use futures_util::future::join_all;
use tracing_subscriber::layer::SubscriberExt as _;

use super::bench::{Bench, news, now, slots};
use super::hold::hold;
use crate::call::journal::{CallEvent, EventKind};
use crate::domain::dialing::{CallStatus, Callback};
use crate::mind::ledger::{Purpose, Service};
use crate::store::Store;
use crate::store::contract::call_record::entry;
use crate::store::contract::statements::Statements;
use crate::store::contract::support::with_postgres;
use crate::store::dial::ticket::FRESH;
use crate::store::dial::{Arming, ClaimOutcome, Finished};

const CALLS: usize = 10;

async fn cycles(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let leads = join_all((1..=CALLS as u64).map(|n| bench.lead(n))).await;
    statements.taken();
    let armings = bench.arm_all(&leads).await;
    assert_eq!(statements.taken(), 3, "to arm them all and to commit that");
    let mut attempts = Vec::new();
    for (n, arming) in armings.into_iter().enumerate() {
        let (Arming::Armed(attempt), sid) = (arming, format!("CA{n}")) else { panic!("not armed") };
        let looked = Instant::now();
        let seen = bench.look(attempt, 1).await;
        assert_eq!(statements.taken(), 1, "to look at a ticket");
        let Ok(ClaimOutcome::Claimed(claimed)) = bench.claim_as_seen(attempt, 1, seen.as_ref()).await else { panic!("not claimed") };
        let at_once = looked.elapsed() < FRESH;
        assert!(statements.taken() == 1 || !at_once, "one for a claim whose turn came at once");
        bench.answer(&claimed, &sid).await;
        assert_eq!(statements.taken(), 1, "for the answer to a POST");
        for (status, sequence, asked) in [(CallStatus::Initiated, 0, 1), (CallStatus::Ringing, 1, 2), (CallStatus::Busy, 2, 2)] {
            bench.callback(attempt, &news(&sid, status, sequence)).await;
            assert_eq!(statements.taken(), asked, "for a callback: {status}");
        }
        attempts.push(attempt);
    }
    let finished = join_all(attempts.into_iter().map(|attempt| bench.finish(attempt))).await;
    assert!(finished.iter().all(|finished| matches!(finished, Finished::Done(_))), "{finished:?}");
    // two at best; more where those who wait for a new connection miss the first round
    let finishing = statements.taken();
    assert!(finishing < CALLS, "fewer than one each to finish them all: {finishing}");
}

async fn verdict(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let claimed = bench.placed(1, "CA1").await;
    bench.callback(claimed.attempt, &news("CA1", CallStatus::InProgress, 0)).await;
    statements.taken();
    let verdict = Callback { status: None, sequence: None, answered_by: Some("human".to_owned()), ..news("CA1", CallStatus::Queued, 0) };
    assert!(bench.callback(claimed.attempt, &verdict).await.signal);
    assert_eq!(statements.taken(), 4, "to lock the call, to write it, to tell its holder and to commit that");
}

#[tokio::test]
async fn who_answered_is_told_to_the_holder_without_a_round() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| verdict(store, statements)).await;
}

async fn first_call(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    assert!(bench.settings.redial.day_parts);
    let claimed = bench.placed(1, "CA1").await;
    bench.callback(claimed.attempt, &news("CA1", CallStatus::NoAnswer, 2)).await;
    statements.taken();
    assert!(matches!(bench.finish(claimed.attempt).await, Finished::Done(_)));
    assert_eq!(statements.taken(), 2, "to look at the call and to end it");
}

#[tokio::test]
async fn nobody_asks_when_a_lead_was_called_before_its_first_call() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| first_call(store, statements)).await;
}

async fn stream(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let claimed = bench.placed(1, "CA1").await;
    bench.callback(claimed.attempt, &news("CA1", CallStatus::Ringing, 1)).await;
    statements.taken();
    hold(&bench, &claimed, "CA1").await;
    assert_eq!(statements.taken(), 3, "to lock the call, to write that it is answered and held, and to commit that");
}

#[tokio::test]
async fn a_stream_is_answered_and_held_by_one_statement() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| stream(store, statements)).await;
}

async fn finishers(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let claimed = bench.placed(1, "CA1").await;
    let held = hold(&bench, &claimed, "CA1").await;
    bench.callback(claimed.attempt, &news("CA1", CallStatus::Completed, 3)).await;
    statements.taken();
    assert_eq!(bench.finish(claimed.attempt).await, Finished::NotYet);
    assert_eq!(statements.taken(), 1, "to see that a worker still has it");
    bench.store.close_hold(held.attempt, held.epoch, None, &slots(), now()).await.unwrap();
    assert!(matches!(bench.finish(claimed.attempt).await, Finished::Done(_)));
    statements.taken();
    assert_eq!(bench.finish(claimed.attempt).await, Finished::Already);
    assert_eq!(statements.taken(), 1, "to see that it has ended");
}

#[tokio::test]
async fn whoever_finishes_a_call_too_early_or_too_late_begins_no_transaction() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| finishers(store, statements)).await;
}

async fn record(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let call = bench.placed(1, "CA1").await.attempt;
    let spent = [Purpose::Reply, Purpose::Analysis].map(|purpose| entry(bench.campaign, call, Service::Llm, purpose, 7));
    let said = [1, 2].map(|seq| CallEvent { seq, offset_ms: 5, kind: EventKind::Callee, body: "Hello?".to_owned() });
    statements.taken();
    assert_eq!(bench.store.append_ledger(&spent, now()).await.unwrap(), 2);
    assert_eq!(statements.taken(), 1, "for entries and what their campaign spent");
    assert_eq!(bench.store.append_call_events(call, &said, now()).await.unwrap(), 2);
    assert_eq!(statements.taken(), 1, "for what was said");
}

#[tokio::test]
async fn what_a_call_leaves_behind_is_written_by_a_statement_each() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| record(store, statements)).await;
}

#[tokio::test]
async fn a_dial_cycle_takes_no_more_statements_than_it_took() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| cycles(store, statements)).await;
}

async fn claims_that_come_together(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let leads = join_all((1..=CALLS as u64).map(|n| bench.lead(n))).await;
    let armed = bench.arm_all(&leads).await.into_iter().map(|arming| match arming {
        Arming::Armed(attempt) => attempt,
        other => panic!("not armed: {other:?}"),
    });
    let attempts: Vec<_> = armed.collect();
    let seen = join_all(attempts.iter().map(|attempt| bench.look(*attempt, 1))).await;
    statements.taken();
    let claims = attempts.iter().zip(&seen).map(|(attempt, seen)| bench.claim_as_seen(*attempt, 1, seen.as_ref()));
    let claimed = join_all(claims).await;
    assert!(claimed.iter().all(|claimed| matches!(claimed, Ok(ClaimOutcome::Claimed(_)))), "{claimed:?}");
    let claiming = statements.taken();
    assert!(claiming < CALLS, "fewer than one each to claim them all: {claiming}");
}

#[tokio::test]
async fn claims_that_come_together_share_a_statement() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| claims_that_come_together(store, statements)).await;
}
