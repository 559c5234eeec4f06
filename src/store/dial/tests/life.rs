//! Another server than the one that wrote the rows: nothing is sent on its word alone.

use super::bench::{Bench, now};
use super::claim_rounds::behind_a_round;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{PostClass, Refusal};
use crate::store::contract::support::{on_both_engines, with_postgres};
use crate::store::db::{Db, on_db};
use crate::store::dial::Recorded;
use crate::store::life::Settled;
use crate::store::{Store, StoreError};

async fn pretend_to_be_promoted(store: &Store) {
    let done: Result<(), StoreError> = on_db!(store.db, statement, conn => {
        sqlx::query("UPDATE database_life SET life = 'the old primary'").execute(conn).await?;
        Ok(())
    });
    done.unwrap();
    store.life.forget();
}

on_both_engines! {
    async fn what_waits_to_be_sent_is_reconciled_first(store: Store) {
        let bench = Bench::new(store).await;
        assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Same);
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        let refused = bench.sending(2).await;
        let not_sent = PostClass::Refused { refusal: Refusal::NotSent, code: None };
        assert!(matches!(bench.record(&refused, &not_sent).await, Recorded::Refused(plan) if plan.attempt.is_ok()));
        if matches!(bench.store.db, Db::Sqlite { .. }) {
            // a file has no standby: what is armed may be sent, whatever became of other files
            assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Same);
            bench.claim(attempt, 1).await;
            return;
        }
        pretend_to_be_promoted(&bench.store).await;
        assert!(matches!(bench.ask_claim(attempt, 1).await, Err(StoreError::Unsettled)));
        assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Other { attempts: 2 });
        assert_eq!(bench.view(lead).await.attempts[0].state, AttemptState::Sending);
        let mut unsure = bench.store.open_unsure(9).await.unwrap();
        unsure.sort_by_key(|call| call.send_no);
        let sends: Vec<_> = unsure.iter().map(|call| (call.attempt, call.send_no)).collect();
        assert_eq!(sends, [(attempt, 1), (refused.attempt, 2)], "what was refused may have been armed again and sent");
        assert!(unsure.iter().all(|call| call.row.intent_db <= call.row.deadline_db));
        assert!(bench.ask_claim(attempt, 1).await.is_ok(), "a stale ticket is no error");
        assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Same);
    }
}

#[tokio::test]
async fn who_waits_for_its_claim_while_a_standby_takes_over_claims_nothing() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let attempt = bench.arm(bench.lead(1).await).await;
        let claimed = behind_a_round(&bench, 1, bench.ask_claim(attempt, 1), pretend_to_be_promoted(&bench.store)).await;
        assert!(matches!(claimed, Err(StoreError::Unsettled)), "{claimed:?}");
        assert_eq!(bench.store.attempt(attempt).await.unwrap().unwrap().state, AttemptState::Ready);
    })
    .await;
}
