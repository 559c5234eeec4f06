//! Redis forgets everything while thousands are due: dialing goes on at once, and nobody is called twice for it.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;

use super::stage::campaign;
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::servers::Redis;
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

/// More than Redis could hand out at once, if they were all in it.
const LEADS: u32 = 9_000;
const RATE: f64 = 60.0;
const AT_WORK: usize = 120;
const FLUSHES: usize = 2;
const BEGIN: Duration = Duration::from_secs(60);
/// From a flush until everything that was armed before it has been dialed, by the times as they are shipped.
const RECOVERED: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dialing_goes_on_after_redis_forgot_everything_with_thousands_due() {
    let busy = "default_persona = \"busy\"\n[twilio]\ncps = 1000.0\n[pace]\nsetup_ms = 5\nring_ms = [20, 200]\n[personas.busy]\nbehaviour = \"busy\"\n";
    let env = &[("CALLFLEET__TWILIO__CALLS_PER_SECOND", "60.0"), ("CALLFLEET__WORKER__LINES", "100")];
    let home = tempfile::tempdir().unwrap();
    let redis = Redis::start(home.path());
    let setup = Setup { redis: Some(redis.url()), scenario: Some(busy), env, as_shipped: true, ..Setup::default() };
    let deployment = Deployment::start_on(setup).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (_worker, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, 100, RATE);

    for round in 1..=FLUSHES {
        until("the campaign is at work", BEGIN, async || (calls(&deployment) >= AT_WORK * round).then_some(())).await;
        let flushed = flush(&redis).await;
        let armed = ready(&mut rows).await;
        until("what was armed before the flush is dialed", RECOVERED, async || {
            let sql = "SELECT COUNT(*) FROM attempt WHERE id = ANY($1) AND state = 'ready'";
            let left: i64 = sqlx::query_scalar(sql).bind(&armed).fetch_one(&mut rows).await.unwrap();
            (left == 0).then_some(())
        })
        .await;
        println!("{} attempts whose tickets were forgotten were dialed {:?} after the flush", armed.len(), flushed.elapsed());
    }
    deployment.verb("campaign pause spring");
    until("what was on its way is done", BEGIN, async || {
        let sql = "SELECT COUNT(*) FROM attempt WHERE state NOT IN ('ended', 'withdrawn', 'absent')";
        let open: i64 = sqlx::query_scalar(sql).fetch_one(&mut rows).await.unwrap();
        (open == 0).then_some(())
    })
    .await;
    Truth::read(&deployment.truth()).assert_one_call_at_a_time();
    assert!(Truth::read(&deployment.truth()).calls_by_number().values().all(|calls| *calls == 1), "somebody was called twice");
    assert!(calls(&deployment) < LEADS as usize, "there was nobody left to call");
    sqlx::Connection::close(rows).await.unwrap();
    deployment.remove().await;
}

fn calls(deployment: &Deployment) -> usize {
    Truth::read(&deployment.truth()).calls().len()
}

async fn flush(redis: &Redis) -> Instant {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
    Instant::now()
}

async fn ready(rows: &mut PgConnection) -> Vec<uuid::Uuid> {
    sqlx::query_scalar("SELECT id FROM attempt WHERE state = 'ready'").fetch_all(rows).await.unwrap()
}
