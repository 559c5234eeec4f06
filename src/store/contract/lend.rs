//! Connections are lent one after another, however a unit of work ended.

use futures_util::future::join_all;

use super::fixtures::at;
use super::support::on_both_engines;
use crate::store::db::on_db;
use crate::store::job::NewJob;
use crate::store::{Store, StoreError};

on_both_engines! {
    async fn more_units_of_work_than_connections_all_get_their_turn(store: Store) {
        let enqueued = join_all((0..60).map(|n| enqueue(&store, n))).await;
        assert!(enqueued.iter().all(|is_new| *is_new), "{enqueued:?}");
        assert_eq!(counted(&store).await, 60);
    }

    async fn what_a_failed_unit_of_work_began_is_not_seen_by_the_next(store: Store) {
        for n in 0..20 {
            let failed: Result<(), StoreError> = on_db!(store.db, write, tx => {
                sqlx::query("DELETE FROM job").execute(&mut *tx).await?;
                sqlx::query("SELECT * FROM no_such_table").execute(tx).await?;
                Ok(())
            });
            assert!(failed.is_err());
            assert!(enqueue(&store, n).await, "the connection is as good as new");
        }
        assert_eq!(counted(&store).await, 20, "what failed was rolled back");
    }

    async fn an_abandoned_unit_of_work_leaves_no_lock_behind(store: Store) {
        assert!(enqueue(&store, 0).await);
        for _ in 0..20 {
            let abandoned: Result<Result<(), StoreError>, _> = tokio::time::timeout(std::time::Duration::from_millis(20), async {
                on_db!(store.db, write, tx => {
                    sqlx::query("UPDATE job SET attempts = attempts + 1").execute(tx).await?;
                    std::future::pending::<()>().await;
                    Ok(())
                })
            })
            .await;
            assert!(abandoned.is_err());
        }
        assert_eq!(store.job("finish_call", "0").await.unwrap().unwrap().attempts, 0);
        assert!(enqueue(&store, 1).await);
    }
}

async fn enqueue(store: &Store, n: u32) -> bool {
    let job = NewJob { kind: "finish_call", key: &n.to_string(), payload: "{}", run_at: at(0), max_attempts: 1 };
    store.enqueue_job(job, at(0)).await.unwrap().is_some()
}

async fn counted(store: &Store) -> i64 {
    let counted: Result<i64, StoreError> = on_db!(store.db, read, conn => {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM job").fetch_one(conn).await?)
    });
    counted.unwrap()
}
