//! What a dial cycle asks of the server: each statement more is paid for by every call of every campaign (docs/benchmarks.md).

use std::time::Instant;

use futures_util::future::join_all;
use tracing_subscriber::layer::SubscriberExt as _;

use super::bench::{Bench, news};
use crate::domain::dialing::CallStatus;
use crate::store::Store;
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
