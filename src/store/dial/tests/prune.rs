//! Traces of calls go when they are old, but not those of a call that may still be asked for.

use std::time::Duration;

use super::bench::{Bench, now};
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::CallStatus;
use crate::domain::ids::JobId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::contract::support::on_both_engines;
use crate::store::db::on_db;

const DAY: Duration = Duration::from_secs(86_400);
const AT_ONCE: u32 = 10;

pub(super) async fn count(store: &Store, sql: &'static str) -> i64 {
    let counted: Result<i64, StoreError> = on_db!(store.db, read, conn => Ok(sqlx::query_scalar(sql).fetch_one(conn).await?));
    counted.unwrap()
}

on_both_engines! {
    async fn named_calls_go_when_they_are_old_and_over(store: Store) {
        let bench = Bench::new(store).await;
        let (over, open) = (bench.placed(1, "CA1").await, bench.placed(2, "CA2").await);
        bench.end(&over, "CA1", CallStatus::NoAnswer).await;
        assert_eq!(bench.view(over.lead).await.attempts[0].state, AttemptState::Ended);
        let named = "SELECT COUNT(*) FROM seen_call";
        assert_eq!(count(&bench.store, named).await, 2);
        bench.store.prune(AT_ONCE, now() + DAY * 29).await.unwrap();
        assert_eq!(count(&bench.store, named).await, 2);
        bench.store.prune(AT_ONCE, now() + DAY * 31).await.unwrap();
        let left = "SELECT COUNT(*) FROM seen_call WHERE call_sid = 'CA2'";
        assert_eq!((count(&bench.store, named).await, count(&bench.store, left).await), (1, 1), "{:?} is not over", open.attempt);
    }

    async fn a_busy_day_is_removed_a_few_at_a_time(store: Store) {
        let bench = Bench::new(store).await;
        for n in 0..25 {
            let sql = "INSERT INTO job (id, kind, key, payload, state, run_at, max_attempts, created_at, updated_at)
                VALUES ($1, 'finish_call', $2, '{}', 'done', $3, 1, $3, $3)";
            let written: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
                sqlx::query(sql).bind(JobId::new()).bind(n.to_string()).bind(now()).execute(conn).await?;
                Ok(())
            });
            written.unwrap();
        }
        let mut removed = Vec::new();
        while let gone @ 1.. = bench.store.prune(AT_ONCE, now() + DAY * 15).await.unwrap() {
            removed.push(gone);
        }
        assert_eq!(removed, [10, 10, 5]);
    }
}
