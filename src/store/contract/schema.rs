//! Migrating, and refusing databases that do not fit.

use super::support::on_both_engines;
use crate::store::StoreError;
use crate::store::db::on_db;

on_both_engines! {
    async fn migrating_twice_changes_nothing(store: Store) {
        store.migrate().await.unwrap();
        store.require_current_schema().await.unwrap();
    }

    async fn a_newer_database_is_refused_with_both_versions(store: Store) {
        forge_version(&store, 9999).await;
        for refusal in [store.migrate().await.unwrap_err(), store.require_current_schema().await.unwrap_err()] {
            assert!(matches!(refusal, StoreError::SchemaNewer { database: 9999, .. }), "{refusal}");
            assert!(!refusal.retry_helps());
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

async fn forge_version(store: &crate::store::Store, version: i64) {
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ($1, 'from the future', TRUE, $2, 0)",
        )
        .bind(version)
        .bind(vec![0_u8])
        .execute(tx)
        .await?;
        Ok(())
    });
    done.unwrap();
}
