//! What a fleet asks of its rows: another server is noticed, old traces go.

use std::time::Duration;

use super::fixtures::at;
use super::support::on_both_engines;
use crate::domain::ids::WorkerId;
use crate::store::db::on_db;
use crate::store::life::Settled;
use crate::store::{Store, StoreError};

const DAY: i64 = 86_400_000;

async fn run(store: &Store, sql: &'static str) -> u64 {
    let done: Result<u64, StoreError> = on_db!(store.db, statement, conn => Ok(sqlx::query(sql).execute(conn).await?.rows_affected()));
    done.unwrap()
}

on_both_engines! {
    async fn old_traces_go_and_young_ones_stay(store: Store) {
        let (old, new) = (WorkerId::new(), WorkerId::new());
        for (process, until) in [(old, at(0)), (new, at(21 * DAY))] {
            let written: Result<(), StoreError> = on_db!(store.db, statement, conn => {
                let sql = "INSERT INTO obstacle (process, kind, detail, said_db, until_db) VALUES ($1, 'redis', '{}', 1, $2)";
                sqlx::query(sql).bind(process).bind(until).execute(conn).await?;
                Ok(())
            });
            written.unwrap();
        }
        let now = at(21 * DAY);
        assert_eq!(store.prune(10, now).await.unwrap(), 1);
        assert_eq!(store.prune(10, now).await.unwrap(), 0);
        assert_eq!(run(&store, "DELETE FROM obstacle").await, 1, "the young one");
    }

    async fn the_server_that_wrote_the_rows_is_known(store: Store) {
        for _ in 0..2 {
            assert_eq!(store.settle_life(Duration::from_secs(15), at(5)).await.unwrap(), Settled::Same);
        }
        assert!(store.is_settled().await.unwrap());
    }
}
