//! What a dial cycle asks of the server: each statement more is paid for by every call of every campaign (docs/benchmarks.md).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::bench::{Bench, news};
use crate::domain::dialing::CallStatus;
use crate::store::Store;
use crate::store::contract::support::with_postgres;
use crate::store::dial::ticket::FRESH;
use crate::store::dial::{Arming, ClaimOutcome, Finished};

/// Counts what the driver logs: each statement and each commit. It does not log where a transaction begins.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut greets = Greets(false);
        event.record(&mut greets);
        self.0.fetch_add(usize::from(event.metadata().target() == "sqlx::query" && !greets.0), Ordering::Relaxed);
    }
}

/// Whether a statement is what each new connection asks first; the pool opens one after a pause.
struct Greets(bool);

impl Visit for Greets {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0 |= format!("{value:?}").contains("database_life");
    }
}

impl Statements {
    /// Since the last time.
    fn taken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

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
        for (status, sequence) in [(CallStatus::Initiated, 0), (CallStatus::Ringing, 1), (CallStatus::Busy, 2)] {
            bench.callback(attempt, &news(&sid, status, sequence)).await;
            assert_eq!(statements.taken(), 2, "for a callback");
        }
        attempts.push(attempt);
    }
    let finished = join_all(attempts.into_iter().map(|attempt| bench.finish(attempt))).await;
    assert!(finished.iter().all(|finished| matches!(finished, Finished::Done(_))), "{finished:?}");
    // whoever runs a round is a step ahead of those who went along: four or five, by how quickly the server answers
    let finishing = statements.taken();
    assert!(finishing < CALLS, "fewer than one each to finish them all: {finishing}");
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
