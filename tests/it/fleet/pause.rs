//! A pause holds and so does the pace: the last request for a call begins within a second of a pause, of a campaign or of the
//! queue of dials, and no second has more requests than agreed and one, by the telephone company's own record.

use std::time::Duration;

use callfleet::domain::dialing::{leeway, send_pace};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::lateness::Lateness;
use crate::support::process::Process;
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

use super::stage::campaign;

const RATE: f64 = 40.0;
const LEADS: u32 = 2_000;
const AT_WORK: usize = 60;
const BEGIN: Duration = Duration::from_secs(60);
const PAUSED_WITHIN_MS: i64 = 1_000;
/// Longer than a ticket's lease: whatever rings tickets again would have done so.
const A_WHILE: Duration = Duration::from_secs(5);

const BUSY: &str = "default_persona = \"busy\"\n[twilio]\ncps = 1000.0\n[pace]\nsetup_ms = 5\nring_ms = [20, 200]\n[personas.busy]\nbehaviour = \"busy\"\n";

/// A fleet in the middle of a campaign of people who are busy.
async fn at_work() -> (Deployment, PgConnection, Vec<Process>) {
    let env = &[("CALLFLEET__TWILIO__CALLS_PER_SECOND", "40.0"), ("CALLFLEET__WORKER__LINES", "100")];
    let deployment = Deployment::start_on(Setup { scenario: Some(BUSY), env, ..Setup::default() }).await;
    let rows = deployment.database.connect().await;
    let (web, told) = deployment.role("web");
    let workers = [deployment.role("worker"), deployment.role("worker")];
    let media = workers.iter().map(|(_, told)| address(told, "media")).collect();
    deployment.proxy.serve(Backends { media, callbacks: vec![address(&told, "callbacks")] });
    let (scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, 200, RATE);
    until("the campaign is at work", BEGIN, async || (asked_for(&deployment).len() >= AT_WORK).then_some(())).await;
    let processes = workers.into_iter().map(|(worker, _)| worker).chain([web, scheduler]).collect();
    (deployment, rows, processes)
}

/// Nothing was asked for later than that after what the operator did.
async fn asked_for_in_time(deployment: &Deployment, rows: &mut PgConnection, action: &str, detail: &str) {
    let sql = "SELECT MAX(at) FROM audit WHERE action = $1 AND detail LIKE $2";
    let paused: i64 = sqlx::query_scalar(sql).bind(action).bind(detail).fetch_one(rows).await.unwrap();
    let last = *asked_for(deployment).last().unwrap();
    println!("the last call was asked for {} ms after the pause", last - paused);
    assert!(last <= paused + PAUSED_WITHIN_MS, "a call was asked for {} ms after the pause", last - paused);
    assert!(asked_for(deployment).len() < LEADS as usize, "there was nobody left to call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pace_is_kept_and_the_last_call_is_asked_for_within_a_second_of_the_pause() {
    let lateness = Lateness::watch();
    let (deployment, mut rows, _processes) = at_work().await;
    deployment.verb("campaign pause spring");
    until("what was on its way is done", BEGIN, async || {
        let sql = "SELECT COUNT(*) FROM attempt WHERE state NOT IN ('ended', 'withdrawn', 'absent')";
        let open: i64 = sqlx::query_scalar(sql).fetch_one(&mut rows).await.unwrap();
        (open == 0).then_some(())
    })
    .await;
    asked_for_in_time(&deployment, &mut rows, "campaign.state", "running to paused%").await;
    let most = most_in_a_second(&asked_for(&deployment));
    let late = lateness.worst();
    println!("at most {most} calls were asked for in any second, at a pace of {RATE}; this machine was up to {late:?} late");
    assert!(most <= most_allowed(late), "{most} calls in one second at a pace of {RATE}, on a machine up to {late:?} late");
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_of_the_dial_queue_stops_what_is_armed_and_a_resume_calls_each_of_them_once() {
    let (deployment, mut rows, _processes) = at_work().await;
    deployment.verb("queue pause dial");
    tokio::time::sleep(A_WHILE).await;
    asked_for_in_time(&deployment, &mut rows, "queue.pause", "%").await;
    let armed: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM attempt WHERE state = 'ready'").fetch_all(&mut rows).await.unwrap();
    assert!(!armed.is_empty(), "nothing was armed that could have been called");

    deployment.verb("queue resume dial");
    until("what was armed is called", BEGIN, async || {
        let sql = "SELECT COUNT(*) FROM attempt WHERE id = ANY($1) AND state = 'ended' AND placed_at IS NOT NULL";
        let called: i64 = sqlx::query_scalar(sql).bind(&armed).fetch_one(&mut rows).await.unwrap();
        (called == i64::try_from(armed.len()).unwrap()).then_some(())
    })
    .await;
    Truth::read(&deployment.truth()).assert_each_called_once();
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}

/// The rate and one. Half of the leeway of a turn is for what lies between the first byte and the telephone company's record of it; a
/// machine whose sleepers, the company's processes among them, are later than that sees as many more as it is later.
fn most_allowed(late: Duration) -> usize {
    let later = late.saturating_sub(leeway(RATE) / 2);
    (RATE + 1.0 + (send_pace(RATE) * later.as_secs_f64()).ceil()) as usize
}

/// The most crowded second; `times` are in order, milliseconds.
fn most_in_a_second(times: &[i64]) -> usize {
    let in_its_second = |first: usize| times[first..].partition_point(|at| *at < times[first] + 1_000);
    (0..times.len()).map(in_its_second).max().unwrap_or(0)
}

fn asked_for(deployment: &Deployment) -> Vec<i64> {
    Truth::read(&deployment.truth()).asked_for()
}
