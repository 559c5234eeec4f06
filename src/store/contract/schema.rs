//! Migrating, and refusing databases that do not fit.

use super::support::{on_both_engines, with_sqlite};
use crate::store::StoreError;
use crate::store::db::{Db, on_db};

/// More than a test's store opens.
const CONNECTIONS: u32 = 10;

on_both_engines! {
    async fn migrating_twice_changes_nothing(store: Store) {
        store.migrate().await.unwrap();
        store.require_current_schema().await.unwrap();
    }

    async fn a_database_that_a_later_version_has_added_to_is_worked_with_and_not_migrated(store: Store) {
        forge_version(&store, 9999, "more").await;
        store.require_current_schema().await.unwrap();
        let refusal = store.migrate().await.unwrap_err();
        assert!(matches!(refusal, StoreError::SchemaNewer { database: 9999, .. }), "{refusal}");
    }

    async fn a_database_that_a_later_version_has_taken_from_is_refused_with_both_versions(store: Store) {
        forge_version(&store, 9999, "contract leads").await;
        for refusal in [store.migrate().await.unwrap_err(), store.require_current_schema().await.unwrap_err()] {
            assert!(matches!(refusal, StoreError::SchemaNewer { database: 9999, .. }), "{refusal}");
            assert!(!refusal.retry_helps());
        }
    }

    async fn a_column_more_is_noticed_once_by_each_connection(store: Store) {
        assert!(store.campaigns().await.unwrap().is_empty());
        let added: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("ALTER TABLE campaign ADD COLUMN of_the_next_version TEXT").execute(tx).await?;
            Ok(())
        });
        added.unwrap();
        let mut noticed = 0;
        while let Err(refusal) = store.campaigns().await {
            assert!(refusal.retry_helps() && noticed < CONNECTIONS, "{refusal}");
            noticed += 1;
        }
    }

    async fn an_older_database_is_told_to_migrate(store: Store) {
        let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("DELETE FROM _sqlx_migrations").execute(tx).await?;
            Ok(())
        });
        done.unwrap();
        let refusal = store.require_current_schema().await.unwrap_err();
        assert!(matches!(refusal, StoreError::SchemaBehind { database: 0, .. }), "{refusal}");
    }

    async fn a_failed_write_leaves_nothing_behind(store: Store) {
        let failed: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("INSERT INTO queue_control (queue, paused, updated_at) VALUES ('dial', TRUE, 1)").execute(&mut *tx).await?;
            sqlx::query("INSERT INTO queue_control (queue, paused, updated_at) VALUES ('dial', TRUE, 2)").execute(&mut *tx).await?;
            Ok(())
        });
        assert!(failed.unwrap_err().is_duplicate());
        let left: Result<i64, StoreError> = on_db!(store.db, read, conn => {
            Ok(sqlx::query_scalar("SELECT COUNT(*) FROM queue_control").fetch_one(conn).await?)
        });
        assert_eq!(left.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_looked_at_the_tables_of_a_file_before_they_are_migrated() {
    with_sqlite(async |store| {
        let Db::Sqlite { reader, .. } = &store.db else { panic!("not a file") };
        assert_eq!(reader.size(), 0);
        store.campaigns().await.unwrap();
        assert_eq!(reader.size(), 1);
    })
    .await;
}

async fn forge_version(store: &crate::store::Store, version: i64, description: &'static str) {
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ($1, $2, TRUE, $3, 0)",
        )
        .bind(version)
        .bind(description)
        .bind(vec![0_u8])
        .execute(tx)
        .await?;
        Ok(())
    });
    done.unwrap();
}
