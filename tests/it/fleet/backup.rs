//! The backup that docs/operating.md tells of, taken while a fleet calls: whole, and what is restored from it answers
//! the operator.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sqlx::Connection as _;

use super::stage::{campaign, outcomes, talkers, talking};
use crate::support::database::Database;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::process::{Process, callfleet};
use crate::support::servers::postgres_bin;
use crate::trials::proxy::Backends;

const LEADS: u32 = 6;
const LINES: u32 = 3;
const BEGIN: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_working_fleet_is_whole_and_the_restored_database_takes_the_operators_verbs() {
    let people = talkers(10);
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (_worker, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LINES, 10.0);
    let in_flight = talking(&mut rows, LINES as usize, BEGIN).await;

    let file = deployment.folder().join("callfleet.dump");
    run(Command::new(postgres_bin().join("pg_dump"))
        .args(["--format=custom", "--dbname", &deployment.database.url()])
        .arg("--file")
        .arg(&file));
    let restored = Database::create().await;
    let to = restored.url();
    run(Command::new(postgres_bin().join("pg_restore")).args(["--exit-on-error", "--no-owner", "--dbname", &to]).arg(&file));
    outcomes(&mut rows, i64::from(LEADS), END).await;

    verb(deployment.folder(), &to, "migrate");
    verb(deployment.folder(), &to, "queue pause dial");
    let listed: serde_json::Value = serde_json::from_str(&verb(deployment.folder(), &to, "leads list --campaign spring --json")).unwrap();
    assert_eq!(listed["leads"].as_array().unwrap().len(), LEADS as usize, "{listed}");
    let mut kept = restored.connect().await;
    let leads: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lead").fetch_one(&mut kept).await.unwrap();
    assert_eq!(leads, i64::from(LEADS));
    let open: Vec<String> = sqlx::query_scalar("SELECT call_sid FROM attempt WHERE state = 'talking'").fetch_all(&mut kept).await.unwrap();
    assert!(in_flight.iter().all(|sid| open.contains(sid)), "calls that were in flight at the backup: {open:?}");
    // a number is held by an open attempt, or by nobody
    let torn = "SELECT COUNT(*) FROM open_number o LEFT JOIN attempt a ON a.id = o.attempt_id WHERE a.id IS NULL OR a.state = 'ended'";
    assert_eq!(sqlx::query_scalar::<_, i64>(torn).fetch_one(&mut kept).await.unwrap(), 0);
    kept.close().await.unwrap();
    rows.close().await.unwrap();
    restored.drop().await;
    deployment.remove().await;
}

/// What a verb prints on the restored database, while nothing else runs on it.
fn verb(folder: &Path, database: &str, line: &str) -> String {
    let mut command = callfleet(folder, &format!("--config callfleet.toml {line}"));
    command.env("CALLFLEET__POSTGRES__URL", database);
    let mut process = Process::start("verb", command);
    assert!(process.ended(END).success(), "{line}: {}", process.err());
    process.out()
}

fn run(command: &mut Command) {
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
}
