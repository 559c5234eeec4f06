//! Another server than the one that wrote the rows: nothing is sent on its word alone.

use super::bench::{Bench, now};
use crate::domain::attempt::AttemptState;
use crate::store::contract::support::on_both_engines;
use crate::store::db::{Db, on_db};
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
        if matches!(store.db, Db::Sqlite { .. }) {
            return; // a file has no standby
        }
        let bench = Bench::new(store).await;
        assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Same);
        let lead = bench.lead(1).await;
        let attempt = bench.arm(lead).await;
        pretend_to_be_promoted(&bench.store).await;
        assert!(matches!(bench.ask_claim(attempt, 1).await, Err(StoreError::Unsettled)));
        assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Other { attempts: 1 });
        assert_eq!(bench.view(lead).await.attempts[0].state, AttemptState::Sending);
        let unsure = bench.store.open_unsure(9).await.unwrap();
        assert_eq!(unsure.iter().map(|call| call.attempt).collect::<Vec<_>>(), [attempt]);
        assert!(unsure[0].row.intent_db <= unsure[0].row.deadline_db);
        assert!(bench.ask_claim(attempt, 1).await.is_ok(), "a stale ticket is no error");
        assert_eq!(bench.store.settle_life(bench.timings.ticket_lease, now()).await.unwrap(), Settled::Same);
    }
}
