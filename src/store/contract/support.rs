//! A fresh, migrated store of each engine for one test.

use std::future::Future;

use secrecy::SecretString;
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::store::db::{Db, on_db};
use crate::store::{Store, StoreError, Target};

const POSTGRES: &str = "CALLFLEET_TEST_POSTGRES";
const SQLITE_ONLY: &str = "CALLFLEET_TEST_SQLITE_ONLY";
/// What a store of a server opens at most.
pub(crate) const CONNECTIONS: u32 = 8;

/// Makes two tests out of each function: one per engine.
///
/// `on_both_engines! { async fn what_is_promised(store: Store) { … } }`
macro_rules! on_both_engines {
    ($(async fn $name:ident($store:ident: Store) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every promise needs everything its file imports")]
            use super::*;

            async fn check($store: $crate::store::Store) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::store::contract::support::with_sqlite(check).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::store::contract::support::with_postgres(check).await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;

/// Runs a check on a SQLite file in a folder of its own.
pub(crate) async fn with_sqlite<F: Future<Output = ()>>(check: impl FnOnce(Store) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Target::Sqlite { folder: folder.path().to_owned() }).await.unwrap();
    store.migrate().await.unwrap();
    check(store.clone()).await;
    store.close().await;
}

/// Runs a check in a schema of its own on the server of `CALLFLEET_TEST_POSTGRES`.
pub(crate) async fn with_postgres<F: Future<Output = ()>>(check: impl FnOnce(Store) -> F) {
    let Some(url) = postgres_url() else { return };
    let schema = format!("t_{}", Uuid::now_v7().simple());
    let mut server = PgConnection::connect(&url).await.unwrap();
    server.execute(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
    let store = Store::open(target_in(&url, &schema)).await.unwrap();
    store.migrate().await.unwrap();
    check(store.clone()).await;
    store.close().await;
    server.execute(sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.unwrap();
}

fn target_in(url: &str, schema: &str) -> Target {
    let join = if url.contains('?') { '&' } else { '?' };
    Target::Postgres { url: SecretString::from(format!("{url}{join}options[search_path]={schema}")), max_connections: CONNECTIONS }
}

/// A missing server fails the test unless somebody asked for SQLite alone: a silent skip could not fail.
fn postgres_url() -> Option<String> {
    match (std::env::var(POSTGRES), std::env::var(SQLITE_ONLY)) {
        (Ok(url), _) => Some(url),
        (Err(_), Ok(only)) if only == "1" => None,
        _ => panic!("{POSTGRES} is not set: run `./test`, which starts a server, or set {SQLITE_ONLY}=1 to check SQLite alone"),
    }
}

/// How the engine would carry a statement without parameters out. A planner takes an empty table as it is; it is told not to.
pub(crate) async fn plan(store: &Store, statement: &str) -> String {
    let (no_scans, explain) = match store.db {
        Db::Postgres(_) => ("SET LOCAL enable_seqscan = off", "EXPLAIN "),
        Db::Sqlite { .. } => ("SELECT 1", "EXPLAIN QUERY PLAN "),
    };
    let sql = AssertSqlSafe(format!("{explain}{statement}"));
    let steps: Result<Vec<String>, StoreError> = on_db!(store.db, write, tx => {
        sqlx::query(no_scans).execute(&mut *tx).await?;
        let rows = sqlx::query(sql).fetch_all(tx).await?;
        // PostgreSQL has one column, SQLite tells in its last one
        rows.iter().map(|row| Ok(row.try_get(row.len() - 1)?)).collect()
    });
    steps.unwrap().join("\n")
}
