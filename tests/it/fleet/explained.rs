//! What a fleet meets in the middle of its work it tells whoever asks why nothing is dialed, and takes it back when it is over.

use std::time::Duration;

use serde_json::Value;

use super::outage::running_on;
use super::stage::{campaign, talkers};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup};
use crate::support::servers::Redis;

const BEGIN: Duration = Duration::from_secs(60);
/// A process looks every five seconds, and waits two for an answer.
const TOLD: Duration = Duration::from_secs(30);
/// Everybody is refused for as long as anybody asks.
const FULL: &str = "default_persona = \"full\"\n[twilio]\ncps = 100.0\n[personas.full]\nbehaviour = \"http_429\"\ntimes = 100\n";

/// Waits until this gate is open or not; its words, and the whole answer.
pub(super) async fn until_gate(deployment: &Deployment, name: &str, open: bool, within: Duration) -> (Value, String) {
    until("the gate is told as it is", within, async || {
        let explained: Value = serde_json::from_str(&deployment.says("campaign explain spring --json")).unwrap();
        let gate = explained["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == name).unwrap().clone();
        (gate["open"] == open).then(|| (gate, explained["answer"].as_str().unwrap().to_owned()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_without_processes_is_told_which_to_start() {
    let deployment = Deployment::start().await;
    campaign(&deployment, 1, 1, 1.0);
    let (gate, answer) = until_gate(&deployment, "scheduler", false, BEGIN).await;
    assert_eq!(gate["value"], "no scheduler is active: run `callfleet scheduler`");
    assert_eq!(answer, "nothing new is dialed: no scheduler is active: run `callfleet scheduler`");
    let (gate, _) = until_gate(&deployment, "lines", false, BEGIN).await;
    assert_eq!(gate["value"], "no worker is alive: run `callfleet worker`");
    deployment.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_without_redis_says_so_until_it_is_back() {
    let home = tempfile::tempdir().unwrap();
    let mut redis = Redis::start(home.path());
    let people = talkers(1);
    let fleet = running_on(Setup { redis: Some(redis.url()), scenario: Some(&people), ..Setup::default() }).await;
    campaign(&fleet.deployment, 50, 1, 0.5);
    until_gate(&fleet.deployment, "tickets", true, BEGIN).await;

    redis.stop();
    let (gate, answer) = until_gate(&fleet.deployment, "tickets", false, TOLD).await;
    let value = gate["value"].as_str().unwrap();
    assert!(value.contains("start Redis") && value.contains("callfleet doctor"), "{gate}");
    assert!(answer.starts_with("nothing new is dialed: "), "{answer}");
    let shown = fleet.deployment.says("campaign explain spring");
    assert!(shown.lines().any(|line| line.starts_with("CLOSED") && line.contains("tickets")), "{shown}");

    redis.start_again();
    fleet.scheduler.until_says("the queue answers again", TOLD);
    let warned = fleet.scheduler.err().matches("the queue does not answer; what was not rung").count();
    assert!(warned <= 3, "twice a second for as long as it was away: {warned} times");
    // whoever beats late is not asked, so that its word counts as old for a moment
    until("every word is taken back", TOLD, async || {
        let (gate, _) = until_gate(&fleet.deployment, "tickets", true, TOLD).await;
        (gate["value"] == "nobody says that the queue does not answer").then_some(())
    })
    .await;
    fleet.deployment.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_full_is_told_with_the_end_of_the_wait() {
    let fleet = running_on(Setup { scenario: Some(FULL), ..Setup::default() }).await;
    campaign(&fleet.deployment, 20, 5, 10.0);
    let (gate, _) = until_gate(&fleet.deployment, "provider", false, BEGIN).await;
    let value = gate["value"].as_str().unwrap();
    assert!(value.starts_with("the provider is full: it answered 429 with code 20429"), "{gate}");
    let opens = gate["opens_at"].as_str().unwrap();
    let opens: callfleet::domain::time::Timestamp = opens.parse().unwrap();
    fleet.deployment.verb("campaign pause spring");
    let (gate, _) = until_gate(&fleet.deployment, "provider", true, BEGIN).await;
    let now = callfleet::clock::Clock::now(&callfleet::clock::SystemClock);
    assert!(now >= opens, "it was to be {opens}, and at {now} nobody waits any more: {gate}");
    fleet.deployment.remove().await;
}
