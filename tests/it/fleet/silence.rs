//! The database's host vanishes without a word, and another one answers at its address: as in a failover, nobody says goodbye.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use callfleet::domain::ids::WorkerId;
use callfleet::store::{Store, StoreError, Target};
use futures_util::future::join_all;
use secrecy::SecretString;

use super::stage::{campaign, nobody_was_cut_off, outcomes, talkers, talking};
use crate::support::database::Database;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::truth::Truth;
use crate::trials::chaos::{ChaosProxy, Fault};
use crate::trials::proxy::Backends;

const CONNECTIONS: u32 = 6;
/// What a unit of work may take here.
const PATIENCE: Duration = Duration::from_secs(1);
/// Until nobody has a silent connection any more: each is asked for two seconds, whoever meets it.
const RECOVERED: Duration = Duration::from_secs(10);

/// A proxy before this server, and the server's address behind it.
async fn before(server: &str) -> (ChaosProxy, String) {
    let mut url = url::Url::parse(server).unwrap();
    let upstream: SocketAddr = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap()).parse().unwrap();
    let proxy = ChaosProxy::start(upstream, |_| Fault::None).await.unwrap();
    url.set_port(Some(proxy.addr().port())).unwrap();
    (proxy, url.to_string())
}

fn server() -> String {
    std::env::var("CALLFLEET_TEST_POSTGRES").expect("CALLFLEET_TEST_POSTGRES names a server; ./test starts one")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_leaves_silent_connections_behind() {
    let database = Database::create_on(server()).await;
    let (proxy, url) = before(&database.url()).await;
    let target = Target::Postgres { url: SecretString::from(url), max_connections: CONNECTIONS };
    let store = Store::open(target).await.unwrap();
    store.migrate().await.unwrap();
    let store = store.within(PATIENCE);
    let ask = || join_all((0..CONNECTIONS).map(|_| store.database_now()));
    assert!(ask().await.iter().all(Result::is_ok), "every connection is open");

    proxy.strand();
    // too fresh to be asked whether they are still there: the statement itself meets the silence
    let begun = Instant::now();
    let late = store.acquire_lease("duty", WorkerId::new(), PATIENCE).await;
    assert!(matches!(late, Err(StoreError::Late)), "{late:?}");
    assert!(late.is_err_and(|error| error.retry_helps()) && begun.elapsed() < PATIENCE * 2);

    while !ask().await.iter().all(Result::is_ok) {
        assert!(begun.elapsed() < RECOVERED, "silent connections are still lent after {:?}", begun.elapsed());
    }
    // every place of the pool can be had again, at once
    let begun = Instant::now();
    assert!(ask().await.iter().all(Result::is_ok) && begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert!(store.acquire_lease("duty", WorkerId::new(), PATIENCE).await.unwrap().is_some());

    proxy.strand();
    let begun = Instant::now();
    store.close().await;
    assert!(begun.elapsed() < RECOVERED, "nobody waits for a goodbye: {:?}", begun.elapsed());
    database.drop().await;
}

const LEADS: u32 = 8;
const LINES: u32 = 4;
const BEGIN: Duration = Duration::from_secs(60);
const TALK: Duration = Duration::from_secs(14);
/// From the silence to the last outcome: the calls in progress, then those that were still to be made.
const ALL: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_goes_on_when_the_database_host_vanishes() {
    let people = talkers(u32::try_from(TALK.as_secs()).unwrap());
    let (hole, url) = before(&server()).await;
    // as in production: a missed beat or two is no death
    let env = [("CALLFLEET__DIALING__HOLDER_DEAD_AFTER_MS", "15000")];
    let deployment = Deployment::start_on(Setup { postgres: Some(url), scenario: Some(&people), env: &env, ..Setup::default() }).await;
    let (_web, told) = deployment.role("web");
    let (_worker, media) = deployment.role("worker");
    let media = vec![address(&media, "media")];
    deployment.proxy.serve(Backends { callbacks: vec![address(&told, "callbacks")], media });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LINES, 20.0);
    let sids = talking(&mut deployment.database.connect().await, LINES as usize, BEGIN).await;

    hole.strand();
    let begun = Instant::now();
    // a connection of the test's own is a new one, and as good as before
    let mut rows = deployment.database.connect().await;
    outcomes(&mut rows, i64::from(LEADS), ALL).await;
    println!("{LEADS} outcomes {:?} after the silence began, {LINES} of them of calls that were in progress", begun.elapsed());

    nobody_was_cut_off(&deployment, &sids, TALK);
    let truth = Truth::read(&deployment.truth());
    truth.assert_one_call_at_a_time();
    assert_eq!(truth.calls().len(), LEADS as usize, "everybody was called once");
    let died: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM attempt WHERE holder_died").fetch_one(&mut rows).await.unwrap();
    assert_eq!(died, 0, "the worker was never taken for dead");
}
