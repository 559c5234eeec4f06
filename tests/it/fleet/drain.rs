//! A worker is asked to stop while dials wait for their turns in it. It gives them up, ends with its last call, and another
//! worker makes them. Where there is no other, it leaves no call of its own open.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::looking_on::shows;
use super::stage::{campaign, outcomes, talkers, talking};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

const LEADS: u32 = 40;
/// Eighteen dials wait for a turn at this rate, all of them in the only worker.
const RATE: f64 = 6.0;
const PACE: [(&str, &str); 2] = [("CALLFLEET__TWILIO__CALLS_PER_SECOND", "6.0"), ("CALLFLEET__WORKER__LINES", "50")];
const WAITING: i64 = 15;
const GIVEN_UP: u32 = 10;
/// Calls that the last worker holds when it is asked to stop.
const LAST: u32 = 3;
const BEGIN: Duration = Duration::from_secs(60);
/// For calls of ten seconds: the old worker has to be there while it is asked, also on a crowded machine.
const DRAINED: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(90);
/// The old worker waits for it, and can be asked meanwhile.
const TALKING: &str = "state = 'talking' AND held_by IS NOT NULL";
const BY_ANOTHER: &str = "sent_by <> (SELECT id FROM worker ORDER BY started_at, id LIMIT 1)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_stops_with_dials_in_hand_ends_and_another_makes_them() {
    let people = talkers(10);
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), env: &PACE, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (mut old, worker) = deployment.role("worker");
    let (callbacks, old_media, probe) = (vec![address(&web, "callbacks")], address(&worker, "media"), address(&worker, "probe"));
    deployment.proxy.serve(Backends { media: vec![old_media], callbacks: callbacks.clone() });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LEADS, RATE);
    until("dials wait behind a call", BEGIN, async || {
        let (talking, waiting) = (count(&mut rows, TALKING).await, count(&mut rows, "state = 'ready'").await);
        (talking > 0 && waiting >= WAITING).then_some(())
    })
    .await;

    old.terminate();
    shows(probe, "callfleet_dials_total", "stopping", f64::from(GIVEN_UP)).await;
    let (_new, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks });
    assert!(old.ended(DRAINED).success(), "it ended in order");
    outcomes(&mut rows, i64::from(LEADS), END).await;
    assert!(count(&mut rows, BY_ANOTHER).await >= i64::from(GIVEN_UP));
    let truth = Truth::read(&deployment.truth());
    assert_eq!(truth.calls().len(), LEADS as usize);
    truth.assert_each_called_once();
    rows.close().await.unwrap();
    deployment.remove().await;
}

/// The telephone company tells the end of a call when the worker has nothing left to hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_worker_leaves_no_call_of_its_own_without_an_outcome() {
    let people = format!("{}[faults.callbacks]\ndelay = 1.0\ndelay_ms = 2000\n", talkers(10));
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (mut last, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LAST, LAST, 20.0);
    let sids = talking(&mut rows, LAST as usize, BEGIN).await;

    last.terminate();
    assert!(last.ended(DRAINED).success(), "it ended in order");
    assert_eq!(count(&mut rows, "state = 'ended' AND disposition IS NOT NULL").await, i64::try_from(sids.len()).unwrap());
    rows.close().await.unwrap();
    deployment.remove().await;
}

async fn count(rows: &mut PgConnection, which: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM attempt WHERE {which}"));
    sqlx::query_scalar(sql).fetch_one(rows).await.unwrap()
}
