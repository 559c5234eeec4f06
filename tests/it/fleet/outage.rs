//! PostgreSQL and Redis go away in the middle of calls: the calls go on, and what came of them is written afterwards.

use std::time::{Duration, Instant};

use super::stage::{all_over, all_written, campaign, nobody_was_cut_off, outcomes, talkers, talking};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::process::Process;
use crate::support::servers::{Durability, Postgres, Redis};
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

const CALLS: u32 = 4;
const BEGIN: Duration = Duration::from_secs(60);
const TALK: Duration = Duration::from_secs(12);
/// Longer than the talk.
const OVER: Duration = Duration::from_secs(60);
/// From the database's return to the last outcome.
const WRITTEN: Duration = Duration::from_secs(45);

pub(super) struct Running {
    pub deployment: Deployment,
    worker: Process,
    pub scheduler: Process,
    _web: Process,
}

/// One worker that talks on every line, with the servers of the test's own.
async fn running(talk: Duration, postgres: &Postgres, redis: Option<&Redis>, env: &[(&'static str, &'static str)]) -> Running {
    let people = talkers(u32::try_from(talk.as_secs()).unwrap());
    running_on(Setup { postgres: Some(postgres.url()), redis: redis.map(Redis::url), scenario: Some(&people), env, as_shipped: false })
        .await
}

/// The same on what a test has set up.
pub(super) async fn running_on(setup: Setup<'_>) -> Running {
    let deployment = Deployment::start_on(setup).await;
    let (web, told) = deployment.role("web");
    let (worker, media) = deployment.role("worker");
    let media = vec![address(&media, "media")];
    deployment.proxy.serve(Backends { callbacks: vec![address(&told, "callbacks")], media });
    let (scheduler, _) = deployment.role("scheduler");
    Running { deployment, worker, scheduler, _web: web }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_calls_go_on_without_the_database_and_are_written_when_it_is_back() {
    written_when_it_is_back(Duration::ZERO).await;
}

/// Longer than a worker that was asked to stop waits for the database, and longer than a call that nobody holds stays open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes nine minutes: ./test eight_minutes_after_their_ends_the_outcomes_of_calls_are_written --run-ignored only --no-capture"]
async fn eight_minutes_after_their_ends_the_outcomes_of_calls_are_written() {
    written_when_it_is_back(Duration::from_secs(480)).await;
}

/// The database goes in the middle of calls, and is back so long after their ends.
async fn written_when_it_is_back(after: Duration) {
    let home = tempfile::tempdir().unwrap();
    let mut postgres = Postgres::start(home.path(), Durability::Process);
    let Running { deployment, .. } = &running(TALK, &postgres, None, &[]).await;
    campaign(deployment, CALLS, CALLS, 20.0);
    let sids = talking(&mut deployment.database.connect().await, CALLS as usize, BEGIN).await;

    postgres.stop();
    all_over(deployment, &sids, OVER).await;
    tokio::time::sleep(after).await;
    postgres.start_again();
    let back = Instant::now();

    let mut rows = deployment.database.connect().await;
    outcomes(&mut rows, i64::from(CALLS), WRITTEN).await;
    println!("{CALLS} outcomes were written {:?} after PostgreSQL was back", back.elapsed());
    nobody_was_cut_off(deployment, &sids, TALK);
    all_written(&mut rows, &sids, TALK).await;
    assert_eq!(Truth::read(&deployment.truth()).calls().len(), CALLS as usize, "nobody was called once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_worker_could_not_write_the_next_one_does() {
    let home = tempfile::tempdir().unwrap();
    let mut postgres = Postgres::start(home.path(), Durability::Process);
    // the next worker is to be there before its predecessor counts as dead
    let mut fleet = running(TALK, &postgres, None, &[("CALLFLEET__DIALING__HOLDER_DEAD_AFTER_MS", "15000")]).await;
    let deployment = &fleet.deployment;
    campaign(deployment, CALLS, CALLS, 20.0);
    let sids = talking(&mut deployment.database.connect().await, CALLS as usize, BEGIN).await;

    postgres.stop();
    all_over(deployment, &sids, OVER).await;
    until("the ends of the calls are on the worker's disk", OVER, async || {
        (journal(deployment).matches("\"what\":\"closed\"").count() == CALLS as usize).then_some(())
    })
    .await;
    fleet.worker.kill();
    postgres.start_again();
    let _next = deployment.role("worker");

    let mut rows = deployment.database.connect().await;
    outcomes(&mut rows, i64::from(CALLS), WRITTEN).await;
    nobody_was_cut_off(deployment, &sids, TALK);
    all_written(&mut rows, &sids, TALK).await;
    let told: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM attempt WHERE draft_outcome IS NOT NULL").fetch_one(&mut rows).await.unwrap();
    assert_eq!(told, i64::from(CALLS), "what the calls told");
}

fn journal(deployment: &Deployment) -> String {
    let files = std::fs::read_dir(deployment.folder().join("data/journal")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_calls_go_on_without_redis_and_dialing_goes_on_when_it_is_back() {
    const LEADS: u32 = 6;
    const LINES: u32 = 3;
    let home = tempfile::tempdir().unwrap();
    let (postgres, mut redis) = (Postgres::start(home.path(), Durability::Process), Redis::start(home.path()));
    let Running { deployment, .. } = &running(TALK, &postgres, Some(&redis), &[]).await;
    campaign(deployment, LEADS, LINES, 20.0);
    let mut rows = deployment.database.connect().await;
    let sids = talking(&mut rows, LINES as usize, BEGIN).await;

    redis.stop();
    outcomes(&mut rows, i64::from(LINES), OVER).await;
    nobody_was_cut_off(deployment, &sids, TALK);
    assert_eq!(Truth::read(&deployment.truth()).calls().len(), LINES as usize, "nobody is called while the pace is not known");

    redis.start_again();
    let client = redis::Client::open(redis.url()).unwrap();
    let mut flush = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").query_async::<()>(&mut flush).await.unwrap();
    outcomes(&mut rows, i64::from(LEADS), OVER * 2).await;
    let truth = Truth::read(&deployment.truth());
    truth.assert_one_call_at_a_time();
    assert!(truth.calls_by_number().values().all(|calls| *calls == 1), "somebody was called twice");
}
