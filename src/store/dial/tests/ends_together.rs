//! Calls that end in the same moment, as when a carrier fails: each has its own outcome, once, and they share what is asked for it.

use futures_util::future::join_all;
use tracing_subscriber::layer::SubscriberExt as _;

use super::bench::{Bench, news, now};
use super::finish::talked;
use super::hold::told;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{CallStatus, Callback};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::Disposition;
use crate::mind::ledger::{Purpose, Service};
use crate::store::Store;
use crate::store::contract::call_record::entry;
use crate::store::contract::statements::Statements;
use crate::store::contract::support::with_postgres;
use crate::store::dial::{Claimed, Finished};

const CALLS: usize = 20;
const COST: i64 = 7;

/// A call that is about to end, in turn a busy line and somebody who talked, with the provider's word of its end.
async fn about_to_end(bench: &Bench, n: u64) -> (Claimed, Callback) {
    let sid = format!("CA{n}");
    let (claimed, status) = match n % 2 {
        0 => (bench.placed(n, &sid).await, CallStatus::Busy),
        _ => (talked(bench, n, &sid, Some(&told(Disposition::Qualified))).await, CallStatus::Completed),
    };
    let spent = entry(bench.campaign, claimed.attempt, Service::Llm, Purpose::Reply, COST);
    assert_eq!(bench.store.append_ledger(&[spent], now()).await.unwrap(), 1);
    (claimed, news(&sid, status, 3))
}

async fn has_its_own_outcome(bench: &Bench, call: &Claimed, end: &Callback, finished: Finished) {
    let (disposition, state) = match end.status {
        Some(CallStatus::Busy) => (Disposition::Busy, LeadState::Waiting),
        _ => (Disposition::Qualified, LeadState::Finished),
    };
    let Finished::Done(done) = finished else { panic!("{finished:?}") };
    assert_eq!((done.attempt, done.lead, done.outcome.disposition), (call.attempt, call.lead, disposition));
    let view = bench.view(call.lead).await;
    let [attempt] = &view.attempts[..] else { panic!("{:?}", view.attempts) };
    assert_eq!((attempt.state, attempt.disposition, attempt.cost_nano_usd), (AttemptState::Ended, Some(disposition), NanoUsd(COST)));
    assert_eq!((view.lead.state, view.lead.placed, view.number_held_by), (state, 1, None));
}

async fn twenty(store: Store, statements: Statements) {
    let bench = Bench::new(store).await;
    let mut calls = Vec::new();
    for n in 1..=CALLS as u64 {
        calls.push(about_to_end(&bench, n).await);
    }
    statements.taken();
    let told = join_all(calls.iter().map(|(call, end)| bench.callback(call.attempt, end))).await;
    assert!(told.iter().all(|told| told.finish), "{told:?}");
    let finished = join_all(calls.iter().map(|(call, _)| bench.finish(call.attempt))).await;
    // four at best: news are read and written, calls are looked at and ended; more where those who wait for a new connection miss a round
    let asked = statements.taken();
    assert!(asked < CALLS, "fewer than one for each of them: {asked}");
    for ((call, end), finished) in calls.iter().zip(finished) {
        has_its_own_outcome(&bench, call, end, finished).await;
    }
    let again = join_all(calls.iter().map(|(call, _)| bench.finish(call.attempt))).await;
    assert!(again.iter().all(|told| *told == Finished::Already), "{again:?}");
    let status = bench.store.campaign_status(bench.campaign).await.unwrap();
    assert_eq!((status.spent, status.reserved), (NanoUsd(COST * CALLS as i64), NanoUsd::ZERO));
}

#[tokio::test]
async fn twenty_calls_that_end_at_once_have_each_its_outcome_by_a_few_statements() {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    with_postgres(|store| twenty(store, statements)).await;
}
