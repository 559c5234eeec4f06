//! A fleet of real processes loses a worker in the middle of its calls: every lead ends all the same, and nobody is rung twice.

mod backup;
mod drain;
mod explained;
mod failover;
mod flush;
mod gone;
mod handed_over;
mod kept_ticket;
mod long_outage;
mod looking_on;
mod next_version;
mod outage;
mod pause;
mod recall;
mod roles;
mod silence;
mod slow_pace;
mod stage;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::support::database::until;
use crate::support::fleet::{Deployment, address};
use crate::support::process::Process;
use crate::support::truth::Truth;
use crate::trials::proxy::Backends;

const LEADS: usize = 30;
/// Calls the worker holds when it is killed, at least.
const IN_THE_MIDDLE: usize = 2;
const CALLS_BEGIN: Duration = Duration::from_secs(60);
/// From the kill to the end of the calls it held.
const CALLS_END: Duration = Duration::from_secs(30);
const ALL_END: Duration = Duration::from_secs(180);
/// A lead due later than this waits for another day.
const TODAY_MS: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_dies_and_nobody_is_rung_twice() {
    let deployment = Deployment::start().await;
    let mut rows = deployment.database.connect().await;
    let (_web, web) = deployment.role("web");
    let (mut doomed, first) = deployment.role("worker");
    let doomed_id = only_worker(&mut rows).await;
    let (_survivor, second) = deployment.role("worker");
    let media = vec![address(&first, "media"), address(&second, "media")];
    let host: String = sqlx::query_scalar("SELECT host FROM worker WHERE id = $1").bind(doomed_id).fetch_one(&mut rows).await.unwrap();
    assert!(host.ends_with(&format!(":{}", media[0].port())), "{host} does not tell where it takes media");
    let callbacks = [&media[..], &[address(&web, "callbacks")]].concat();
    deployment.proxy.serve(Backends { media, callbacks });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment);

    let held = kill_in_the_middle(&mut rows, &mut doomed, doomed_id).await;
    let died = Instant::now();
    until("the dead worker's calls have ended", CALLS_END, async || {
        let truth = Truth::read(&deployment.truth());
        held.iter().all(|sid| truth.end(sid).is_some()).then_some(())
    })
    .await;
    println!("the dead worker's {} calls had ended {:?} after its death", held.len(), died.elapsed());
    until("every lead is done for today", ALL_END, async || (open_leads(&mut rows).await == 0).then_some(())).await;

    let truth = Truth::read(&deployment.truth());
    truth.assert_one_call_at_a_time();
    every_call_belongs_to_one_attempt(&mut rows, &truth).await;
    everybody_was_looked_after(&mut rows, doomed_id, &held).await;
    rows_are_free(rows).await;
    deployment.remove().await;
}

/// The demo's campaign, at any hour of any day: business time is real in a fleet.
fn campaign(deployment: &Deployment) {
    let hours = "\n[hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n";
    deployment.write("campaign.toml", &format!("{}{hours}", include_str!("../../config/demo/campaign.toml")));
    deployment.write("agent.toml", include_str!("../../config/demo/agent.toml"));
    let leads = include_str!("../../config/demo/leads.csv").lines().take(LEADS + 1).map(|line| format!("{line}\n"));
    deployment.write("leads.csv", &leads.collect::<String>());
    deployment.verb("agent save agent.toml");
    deployment.verb("campaign create --name spring --file campaign.toml --agent solar-intro");
    deployment.verb("leads import --campaign spring leads.csv");
    deployment.verb("campaign start spring");
}

async fn only_worker(rows: &mut PgConnection) -> Uuid {
    until("the worker has registered", CALLS_BEGIN, async || {
        sqlx::query_scalar("SELECT id FROM worker").fetch_optional(&mut *rows).await.unwrap()
    })
    .await
}

/// Waits until a worker talks on some lines, and takes it away. The calls it talked on.
async fn kill_in_the_middle(rows: &mut PgConnection, worker: &mut Process, id: Uuid) -> Vec<String> {
    let talking = "SELECT call_sid FROM attempt WHERE held_by = $1 AND state = 'talking' AND call_sid IS NOT NULL";
    until("the worker talks", CALLS_BEGIN, async || {
        let held: Vec<String> = sqlx::query_scalar(talking).bind(id).fetch_all(&mut *rows).await.unwrap();
        (held.len() >= IN_THE_MIDDLE).then_some(())
    })
    .await;
    worker.kill();
    let held: Vec<String> = sqlx::query_scalar(talking).bind(id).fetch_all(rows).await.unwrap();
    assert!(!held.is_empty(), "its calls ended in the same moment");
    held
}

/// Leads that something is still to happen to today.
async fn open_leads(rows: &mut PgConnection) -> i64 {
    let sql = "SELECT COUNT(*) FROM lead WHERE state IN ('new', 'active')
               OR (state = 'waiting' AND next_attempt_at < EXTRACT(EPOCH FROM now()) * 1000 + $1)";
    sqlx::query_scalar(sql).bind(TODAY_MS).fetch_one(rows).await.unwrap()
}

/// What rang is what the rows know: each call is one attempt's, and no attempt has two.
async fn every_call_belongs_to_one_attempt(rows: &mut PgConnection, truth: &Truth) {
    let sids: Vec<String> = sqlx::query_scalar("SELECT call_sid FROM attempt WHERE call_sid IS NOT NULL").fetch_all(rows).await.unwrap();
    let known: BTreeSet<&str> = sids.iter().map(String::as_str).collect();
    assert_eq!(known.len(), sids.len(), "one call in two attempts");
    assert_eq!(known, truth.calls(), "calls in the rows, and calls that were really made");
}

async fn everybody_was_looked_after(rows: &mut PgConnection, dead: Uuid, held: &[String]) {
    let leads: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lead").fetch_one(&mut *rows).await.unwrap();
    assert_eq!(leads, i64::try_from(LEADS).unwrap());
    let unclosed = "SELECT COUNT(*) FROM attempt WHERE state NOT IN ('ended', 'withdrawn', 'absent')";
    assert_eq!(sqlx::query_scalar::<_, i64>(unclosed).fetch_one(&mut *rows).await.unwrap(), 0, "attempts that nobody closed");
    let closed = "SELECT COUNT(*) FROM attempt WHERE call_sid = ANY($1) AND state = 'ended' AND disposition IS NOT NULL";
    let closed: i64 = sqlx::query_scalar(closed).bind(held).fetch_one(&mut *rows).await.unwrap();
    assert_eq!(closed, i64::try_from(held.len()).unwrap(), "the dead worker's calls have an outcome");
    let others = "SELECT COUNT(*) FROM attempt WHERE held_by IS NOT NULL AND held_by <> $1";
    assert!(sqlx::query_scalar::<_, i64>(others).bind(dead).fetch_one(rows).await.unwrap() > 0, "the other worker held no call");
}

async fn rows_are_free(rows: PgConnection) {
    use sqlx::Connection as _;
    rows.close().await.unwrap();
}
