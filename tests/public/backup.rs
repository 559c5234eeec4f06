//! The backup that docs/operating.md tells of: a consistent copy while callbacks are written, opened as a store of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callfleet::domain::attempt::AttemptState;
use callfleet::store::{Store, Target};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::deployment::{Deployment, news};
use crate::webhook::case::{Good, SID};
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_database_in_use_is_whole_and_can_be_opened() {
    let deployment = Arc::new(Deployment::start(None).await);
    let known = deployment.sending().await;
    let good = Good::ringing(&deployment, known);
    assert_eq!(good.case("before the backup").send(&mut Wire::to(deployment.addr)).await, 204);
    let written = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(keep_writing(Arc::clone(&deployment), Arc::clone(&written)));
    let copy = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(deployment.folder().join("callfleet.db"));
    let mut conn = options.connect().await.unwrap();
    let file = copy.path().join("callfleet.db");
    sqlx::query("VACUUM INTO $1").bind(file.to_str().unwrap()).execute(&mut conn).await.unwrap();
    written.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0, "nothing was written beside the backup");
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut SqliteConnectOptions::new().filename(&file).connect().await.unwrap())
        .await
        .unwrap();
    assert_eq!(whole, "ok");
    let restored = Store::open(Target::Sqlite { folder: copy.path().to_owned() }).await.unwrap();
    restored.migrate().await.unwrap();
    let row = restored.attempt(known).await.unwrap().expect("the attempt is in the copy");
    assert_eq!((row.state, row.call_sid.as_deref()), (AttemptState::Ringing, Some(SID)));
    restored.close().await;
}

/// New attempts and their callbacks, until the copy is made.
async fn keep_writing(deployment: Arc<Deployment>, done: Arc<AtomicBool>) -> u32 {
    let (mut wire, mut count) = (Wire::to(deployment.addr), 0);
    while count == 0 || !done.load(Ordering::Relaxed) {
        let call = Good { path: deployment.path(deployment.sending().await), fields: news(&format!("CA{count:032}"), "ringing", 1) };
        assert_eq!(call.case("beside the backup").send(&mut wire).await, 204);
        count += 1;
    }
    count
}
