//! Roles come and go: a standby takes over, a restart drops no call, and any worker may hold any call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::stage::{all_over, campaign, nobody_was_cut_off, outcomes, talkers, talking};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::http::get;
use crate::support::process::{Process, callfleet};
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

const BEGIN: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(90);
const TAKE_OVER: Duration = Duration::from_secs(10);
const TALK: Duration = Duration::from_secs(12);
/// For everything that is not talk.
const BESIDES: Duration = Duration::from_secs(66);

async fn is_active(probe: SocketAddr) -> bool {
    get(probe, "/readyz").await.1.contains("\"active\":true")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_without_a_folder_of_its_own_never_says_that_it_is_up() {
    let deployment = Deployment::start().await;
    let mut command = callfleet(deployment.folder(), "--config callfleet.toml worker");
    // a file is no folder
    command.env("CALLFLEET__DATA", "callfleet.toml");
    let mut worker = Process::start("worker", command);
    assert!(!worker.ended(BEGIN).success());
    assert!(worker.err().contains("give a folder that can be written as `data`"), "{}", worker.err());
    assert!(!worker.has_said("worker is up"));
    deployment.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_within_ten_seconds() {
    let people = talkers(3);
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), ..Setup::default() }).await;
    let (_web, web) = deployment.role("web");
    let (_worker, worker) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&web, "callbacks")] });
    let (mut first, told) = deployment.role("scheduler");
    let probe = address(&told, "probe");
    until("the first scheduler is active", BEGIN, async || is_active(probe).await.then_some(())).await;
    let (_second, told) = deployment.role("scheduler");
    let probe = address(&told, "probe");
    assert!(!is_active(probe).await, "two are active");

    first.kill();
    let died = Instant::now();
    until("the standby is active", TAKE_OVER, async || is_active(probe).await.then_some(())).await;
    println!("the standby took over after {:?}", died.elapsed());
    campaign(&deployment, 2, 2, 10.0);
    let mut rows = deployment.database.connect().await;
    outcomes(&mut rows, 2, END).await;
    rows.close().await.unwrap();
    deployment.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_drops_no_call() {
    nobody_notices(TALK, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes seven minutes: ./test drops_no_call_of_three_minutes --run-ignored only --no-capture"]
async fn a_rolling_restart_drops_no_call_of_three_minutes() {
    nobody_notices(Duration::from_secs(180), true).await;
}

/// Every role is replaced while people talk; as many wait, and are called by the new worker.
async fn nobody_notices(talk: Duration, as_shipped: bool) {
    const LEADS: u32 = 8;
    const LINES: u32 = 4;
    let (people, end) = (talkers(u32::try_from(talk.as_secs()).unwrap()), talk * 2 + BESIDES);
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), as_shipped, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (web, told) = deployment.role("web");
    let (mut old, worker) = deployment.role("worker");
    let (old_media, old_probe) = (address(&worker, "media"), address(&worker, "probe"));
    deployment.proxy.serve(Backends { media: vec![old_media], callbacks: vec![address(&told, "callbacks")] });
    let (mut scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LINES, 10.0);
    let in_flight = talking(&mut rows, LINES as usize, BEGIN).await;

    let (_new, worker) = deployment.role("worker");
    let media = vec![address(&worker, "media"), old_media];
    let (_new_web, told) = deployment.role("web");
    deployment.proxy.serve(Backends { media, callbacks: vec![address(&told, "callbacks")] });
    old.terminate();
    until("the old worker takes no more work", BEGIN, async || (get(old_probe, "/readyz").await.0 == 503).then_some(())).await;
    // a load balancer follows readiness
    deployment.proxy.serve(Backends { media: vec![address(&worker, "media")], callbacks: vec![address(&told, "callbacks")] });
    let sent_before = sent_by_first(&mut rows).await;
    restart(web, &mut scheduler);
    let _scheduler = deployment.role("scheduler");

    assert!(old.ended(end).success(), "it ended in order");
    assert_eq!(sent_by_first(&mut rows).await, sent_before, "a draining worker placed a call");
    outcomes(&mut rows, i64::from(LEADS), end).await;
    let all: Vec<String> =
        sqlx::query_scalar("SELECT call_sid FROM attempt WHERE call_sid IS NOT NULL").fetch_all(&mut rows).await.unwrap();
    assert_eq!(all.len(), LEADS as usize);
    assert!(in_flight.iter().all(|sid| all.contains(sid)), "a call that was in flight lost its attempt");
    nobody_was_cut_off(&deployment, &all, talk);
    rows.close().await.unwrap();
    deployment.remove().await;
}

fn restart(mut web: Process, scheduler: &mut Process) {
    web.terminate();
    scheduler.terminate();
    assert!(web.ended(END).success() && scheduler.ended(END).success(), "they ended in order");
}

/// Calls that the first worker has placed.
async fn sent_by_first(rows: &mut PgConnection) -> i64 {
    let sql = "SELECT COUNT(*) FROM attempt WHERE sent_by = (SELECT id FROM worker ORDER BY started_at, id LIMIT 1)";
    sqlx::query_scalar(sql).fetch_one(rows).await.unwrap()
}

/// The worker that placed the call never sees its audio, callbacks reach neither of the two, and the holder hears all the
/// same that a machine answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_came_after_the_ringing_holds_the_call_and_hears_who_answered() {
    // it says no word: only the provider can tell what it is
    let fax = "default_persona = \"fax\"\n[twilio]\ncps = 100.0\n[pace]\nsetup_ms = 20\nring_ms = [9000, 9000]\n\
               [personas.fax]\nbehaviour = \"fax\"\n";
    let deployment = Deployment::start_on(Setup { scenario: Some(fax), ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let callbacks = vec![address(&web, "callbacks")];
    deployment.proxy.serve(Backends { media: Vec::new(), callbacks: callbacks.clone() });
    let (_placer, _) = deployment.role("worker");
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, 1, 1, 10.0);
    let sid = until("it rings", BEGIN, async || {
        let sql = "SELECT call_sid FROM attempt WHERE state = 'ringing'";
        sqlx::query_scalar::<_, String>(sql).fetch_optional(&mut rows).await.unwrap()
    })
    .await;
    let (_holder, told) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&told, "media")], callbacks });

    all_over(&deployment, std::slice::from_ref(&sid), END).await;
    outcomes(&mut rows, 1, END).await;
    let sql = "SELECT sent_by <> held_by, disposition, reason FROM attempt";
    let (other, disposition, reason): (bool, String, Option<String>) = sqlx::query_as(sql).fetch_one(&mut rows).await.unwrap();
    assert!(other, "the placer held the call");
    assert_eq!((disposition.as_str(), reason.as_deref()), ("voicemail", Some("fax")));
    assert!(!Truth::read(&deployment.truth()).heard(&sid).contains("technical problem"));
    rows.close().await.unwrap();
    deployment.remove().await;
}
