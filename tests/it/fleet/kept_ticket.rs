//! At a slow pace a dial waits for its turn longer than its ticket's lease. It keeps its ticket: no second one is rung, which would
//! take a turn that nobody uses, and let everybody behind it wait once more.

use std::time::Duration;

use sqlx::Connection as _;

use super::stage::{campaign, talkers};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::trials::proxy::Backends;

const LEADS: u32 = 3;
/// A call in five seconds, of which a dial waits three; a ticket's lease is half of that.
const RATE: f64 = 0.2;
const LEASE: [(&str, &str); 1] = [("CALLFLEET__DIALING__TICKET_LEASE_MS", "1500")];
const ALL: Duration = Duration::from_secs(90);
/// With a turn lost it would be ten seconds.
const APART_MS: i64 = 8_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_that_waits_long_loses_no_turn() {
    let people = talkers(1);
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), env: &LEASE, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (_worker, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LEADS, RATE);
    let placed: Vec<(i64, i32)> = until("everybody is called", ALL, async || {
        let sql = "SELECT placed_at, send_no FROM attempt WHERE placed_at IS NOT NULL ORDER BY placed_at";
        let placed: Vec<(i64, i32)> = sqlx::query_as(sql).fetch_all(&mut rows).await.unwrap();
        (placed.len() == LEADS as usize).then_some(placed)
    })
    .await;
    // a send whose claim was slow is given up and made again, which is another matter
    let at_once = placed.windows(2).filter(|pair| pair[1].1 == 1);
    let apart: Vec<i64> = at_once.map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(!apart.is_empty() && apart.iter().all(|ms| *ms < APART_MS), "calls were {apart:?} ms apart: {placed:?}");
    rows.close().await.unwrap();
    deployment.remove().await;
}
