//! The next version's schema comes while this version still runs: whatever a migration may add, calls and dialing go on.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::stage::{campaign, nobody_was_cut_off, outcomes, talkers, talking};
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::http::get;
use crate::trials::proxy::Backends;

const LEADS: u32 = 6;
const LINES: u32 = 3;
const BEGIN: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(90);
const TALK: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_version_goes_on_under_the_next_ones_schema() {
    let people = talkers(u32::try_from(TALK.as_secs()).unwrap());
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (_worker, worker) = deployment.role("worker");
    let probe = address(&worker, "probe");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LINES, 10.0);
    let in_flight = talking(&mut rows, LINES as usize, BEGIN).await;

    let tables = expand(&mut rows).await;
    println!("{tables} tables got a column in the middle of {LINES} calls");
    assert_eq!(get(probe, "/readyz").await.0, 200, "a load balancer would take this version's workers away");
    // one that is started again, for whatever reason, finds its place
    let _another = deployment.role("worker");
    outcomes(&mut rows, i64::from(LEADS), END).await;
    nobody_was_cut_off(&deployment, &in_flight, TALK);
    let died: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM attempt WHERE holder_died").fetch_one(&mut rows).await.unwrap();
    assert_eq!(died, 0, "the worker was taken for dead");
    rows.close().await.unwrap();
    deployment.remove().await;
}

/// What an expanding migration does, to every table at once.
async fn expand(rows: &mut PgConnection) -> usize {
    let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *rows).await.unwrap();
    for table in &tables {
        // names of our own tables
        rows.execute(AssertSqlSafe(format!("ALTER TABLE {table} ADD COLUMN of_the_next_version TEXT"))).await.unwrap();
    }
    rows.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'next', true, '', 0)",
    )
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    tables.len()
}
