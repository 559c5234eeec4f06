//! At a low rate a pacer without memory costs the next dial its wait before the claim, and not once more after it: the
//! first request is the one that is sent. What it costs a dial that had its turn already, it costs no other.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::process::Process;
use crate::trials::proxy::Backends;

use super::stage::{campaign, talkers};

const LEADS: u32 = 12;
const BEGIN: Duration = Duration::from_secs(60);
/// Two wait for their turns, 2.6 seconds apart, and nobody takes a turn later than that.
const IN_HAND: Duration = Duration::from_secs(8);
/// A turn's distance is longer than the send window, so that a second wait gives the send up; and the window is long enough for a
/// claim on a slow machine.
const PACE: [(&str, &str); 2] = [("CALLFLEET__TWILIO__CALLS_PER_SECOND", "0.4"), ("CALLFLEET__DIALING__SEND_WINDOW_MS", "2000")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_dial_after_idling_is_sent_at_once() {
    let (deployment, mut rows, roles) = underway().await;
    deployment.verb("queue pause dial");
    tokio::time::sleep(IN_HAND).await;
    let armed = "SELECT id FROM attempt WHERE state = 'ready' AND send_no = 1";
    let armed: Vec<Uuid> = sqlx::query_scalar(armed).fetch_all(&mut rows).await.unwrap();
    assert!(!armed.is_empty(), "nobody was left to call");
    deployment.forget_pace().await;
    deployment.verb("queue resume dial");
    let sends: Vec<i32> = until("those that were armed are called", BEGIN, async || {
        let sql = "SELECT send_no FROM attempt WHERE id = ANY($1) AND placed_at IS NOT NULL ORDER BY placed_at";
        let sends = sqlx::query_scalar(sql).bind(&armed).fetch_all(&mut rows).await.unwrap();
        (sends.len() == armed.len()).then_some(sends)
    })
    .await;
    assert!(sends.iter().all(|sends| *sends == 1), "a send was given up: {sends:?}");
    end(deployment, rows, roles).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lost_memory_costs_one_dial_costs_none_behind_it() {
    const CALLED: usize = 8;
    let (deployment, mut rows, roles) = underway().await;
    deployment.forget_pace().await;
    let sends: Vec<i32> = until("eight are called", BEGIN, async || {
        let sql = "SELECT send_no FROM attempt WHERE placed_at IS NOT NULL ORDER BY placed_at";
        let sends: Vec<i32> = sqlx::query_scalar(sql).fetch_all(&mut rows).await.unwrap();
        (sends.len() >= CALLED).then_some(sends)
    })
    .await;
    let given_up = sends.iter().filter(|sends| **sends > 1).count();
    // the one in hand, and whose claim was slow; behind one turn that nobody could use eight would be late
    assert!(given_up <= CALLED - 3, "{given_up} were late: {sends:?}");
    end(deployment, rows, roles).await;
}

/// A campaign of a slow account, somebody called: a process makes much ready for its first claim, and that is not what is
/// tried here.
async fn underway() -> (Deployment, PgConnection, [Process; 3]) {
    let people = talkers(1);
    let env = &PACE;
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), env, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (web, at_web) = deployment.role("web");
    let (worker, at_worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&at_worker, "media")], callbacks: vec![address(&at_web, "callbacks")] });
    let (scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, 5, 1.0);
    let somebody = "SELECT 1 FROM attempt WHERE placed_at IS NOT NULL LIMIT 1";
    until("somebody is called", BEGIN, async || sqlx::query(somebody).fetch_optional(&mut rows).await.unwrap()).await;
    (deployment, rows, [web, worker, scheduler])
}

async fn end(deployment: Deployment, rows: PgConnection, roles: [Process; 3]) {
    sqlx::Connection::close(rows).await.unwrap();
    drop(roles);
    deployment.remove().await;
}
