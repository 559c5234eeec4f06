//! A pause holds and so does the pace: the last request for a call begins within a second of a pause, and no second has more
//! requests than agreed and one, by the telephone company's own record.

use std::time::Duration;

use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

use super::stage::campaign;

const RATE: f64 = 40.0;
const LEADS: u32 = 2_000;
const AT_WORK: usize = 60;
const BEGIN: Duration = Duration::from_secs(60);
const PAUSED_WITHIN_MS: i64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pace_is_kept_and_the_last_call_is_asked_for_within_a_second_of_the_pause() {
    let busy = "default_persona = \"busy\"\n[twilio]\ncps = 1000.0\n[pace]\nsetup_ms = 5\nring_ms = [20, 200]\n[personas.busy]\nbehaviour = \"busy\"\n";
    let env = &[("CALLFLEET__TWILIO__CALLS_PER_SECOND", "40.0"), ("CALLFLEET__WORKER__LINES", "100")];
    let deployment = Deployment::start_on(Setup { scenario: Some(busy), env, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let workers = [deployment.role("worker"), deployment.role("worker")];
    let media = workers.iter().map(|(_, told)| address(told, "media")).collect();
    deployment.proxy.serve(Backends { media, callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, 200, RATE);
    until("the campaign is at work", BEGIN, async || (asked_for(&deployment).len() >= AT_WORK).then_some(())).await;

    deployment.verb("campaign pause spring");
    until("what was on its way is done", BEGIN, async || {
        let sql = "SELECT COUNT(*) FROM attempt WHERE state NOT IN ('ended', 'withdrawn', 'absent')";
        let open: i64 = sqlx::query_scalar(sql).fetch_one(&mut rows).await.unwrap();
        (open == 0).then_some(())
    })
    .await;
    let sql = "SELECT at FROM audit WHERE action = 'campaign.state' AND detail LIKE 'running to paused%'";
    let paused: i64 = sqlx::query_scalar(sql).fetch_one(&mut rows).await.unwrap();
    let last = *asked_for(&deployment).last().unwrap();
    println!("the last call was asked for {} ms after the pause", last - paused);
    assert!(last <= paused + PAUSED_WITHIN_MS, "a call was asked for {} ms after the pause", last - paused);
    assert!(asked_for(&deployment).len() < LEADS as usize, "there was nobody left to call");
    let most = most_in_a_second(&asked_for(&deployment));
    println!("at most {most} calls were asked for in any second, at a pace of {RATE}");
    assert!(most <= RATE as usize + 1, "{most} calls in one second at a pace of {RATE}");
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}

/// The most crowded second; `times` are in order, milliseconds.
fn most_in_a_second(times: &[i64]) -> usize {
    let in_its_second = |first: usize| times[first..].partition_point(|at| *at < times[first] + 1_000);
    (0..times.len()).map(in_its_second).max().unwrap_or(0)
}

fn asked_for(deployment: &Deployment) -> Vec<i64> {
    Truth::read(&deployment.truth()).asked_for()
}
