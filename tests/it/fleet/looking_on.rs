//! Looking on while a fleet works: metrics and readiness of every role, alarms, live events.

use std::net::SocketAddr;
use std::time::Duration;

use sqlx::Connection as _;

use super::explained::until_gate;
use super::stage::{campaign, outcomes, talkers};
use crate::support::database::until;
use crate::support::fleet::{Deployment, Setup, address};
use crate::support::http::get;
use crate::trials::proxy::Backends;

const LEADS: u32 = 3;
const BEGIN: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(90);

/// A sample of a page in Prometheus' format, summed over its labels that fit.
fn sample(page: &str, name: &str, label: &str) -> f64 {
    let fits = |line: &&str| line.starts_with(name) && line[name.len()..].starts_with(['{', ' ']) && line.contains(label);
    page.lines().filter(fits).filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

pub(super) async fn shows(probe: SocketAddr, name: &str, label: &str, at_least: f64) {
    until(&format!("{name} {label} of at least {at_least}"), BEGIN, async || {
        (sample(&get(probe, "/metrics").await.1, name, label) >= at_least).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_tells_how_it_is_and_what_happens() {
    let people = talkers(14);
    let env = &[("CALLFLEET__ALARMS__TALKING_S", "2")];
    let deployment = Deployment::start_on(Setup { scenario: Some(&people), env, ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (web, told) = deployment.role("web");
    let api = address(&told, "api");
    let (worker, told_worker) = deployment.role("worker");
    let worker_probe = address(&told_worker, "probe");
    let media = vec![address(&told_worker, "media")];
    deployment.proxy.serve(Backends { media, callbacks: vec![address(&told, "callbacks")] });
    let (scheduler, told) = deployment.role("scheduler");
    let scheduler_probe = address(&told, "probe");
    let watch = deployment.process("watch", "watch --json");
    watch_is_heard(&deployment, &watch).await;
    for probe in [worker_probe, scheduler_probe, api] {
        assert_eq!((get(probe, "/healthz").await.0, get(probe, "/readyz").await.0), (200, 200), "{probe}");
    }

    shows(scheduler_probe, "callfleet_scheduler_active", "", 1.0).await;
    campaign(&deployment, LEADS, LEADS, 10.0);
    shows(scheduler_probe, "callfleet_attempts", "talking", 1.0).await;
    scheduler.until_says("an attempt stands still for too long", BEGIN);
    shows(scheduler_probe, "callfleet_oldest_attempt_alarm", "talking", 1.0).await;
    outcomes(&mut rows, i64::from(LEADS), END).await;
    scheduler.until_says("no attempt stands still for too long any more", BEGIN);

    let dialed = f64::from(LEADS);
    shows(worker_probe, "callfleet_dials_total", "placed", dialed).await;
    shows(worker_probe, "callfleet_outcomes_total", "", dialed).await;
    shows(worker_probe, "callfleet_accept_lag_seconds_count", "", dialed).await;
    shows(worker_probe, "callfleet_provider_calls_total", "telephony", dialed).await;
    shows(worker_probe, "callfleet_cost_nano_usd_total", "telephony", 1.0).await;
    shows(api, "callfleet_callbacks_total", "folded", dialed).await;
    for word in ["placed", "ringing", "talking", "completed"] {
        watch.until_says(&format!("\"word\":\"{word}\""), BEGIN);
    }
    watch.until_says("\"kind\":\"outcome\"", BEGIN);
    assert!(!watch.has_said("+1415555"), "a whole number was shown");
    worker.terminate();
    drop(web);
    rows.close().await.unwrap();
    deployment.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_out_of_reach_is_counted_and_told() {
    // nobody listens there
    let env = &[("CALLFLEET__TWILIO__BASE_URL", "http://127.0.0.1:1")];
    let deployment = Deployment::start_on(Setup { env, ..Setup::default() }).await;
    let (_web, told) = deployment.role("web");
    let (_worker, media) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&media, "media")], callbacks: vec![address(&told, "callbacks")] });
    let (_scheduler, _) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LEADS, 10.0);
    shows(address(&media, "probe"), "callfleet_dials_total", "unreachable", 1.0).await;
    let (gate, answer) = until_gate(&deployment, "provider", false, BEGIN).await;
    assert!(gate["value"].as_str().unwrap().starts_with("no worker dials: the provider cannot be reached: "), "{gate}");
    assert!(answer.starts_with("nothing new is dialed: no worker dials"), "{answer}");
    deployment.remove().await;
}

/// Nobody tells of these calls but the provider's list, and how long they took to appear in it is measured.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_late_the_providers_list_is_can_be_seen() {
    let unheard = "default_persona = \"busy\"\n[twilio]\ncps = 100.0\n[pace]\nsetup_ms = 20\nring_ms = [100, 300]\n\
                   [personas.busy]\nbehaviour = \"busy\"\n[faults]\nlist_lag_ms = 500\n[faults.create]\nreset = 1.0\n[faults.callbacks]\nlose = 1.0\n";
    let deployment = Deployment::start_on(Setup { scenario: Some(unheard), ..Setup::default() }).await;
    let mut rows = deployment.database.connect().await;
    let (_web, told) = deployment.role("web");
    let (_worker, media) = deployment.role("worker");
    deployment.proxy.serve(Backends { media: vec![address(&media, "media")], callbacks: vec![address(&told, "callbacks")] });
    let (_scheduler, told) = deployment.role("scheduler");
    campaign(&deployment, LEADS, LEADS, 10.0);
    outcomes(&mut rows, i64::from(LEADS), END).await;
    let probe = address(&told, "probe");
    shows(probe, "callfleet_list_lag_seconds_count", "", f64::from(LEADS)).await;
    shows(probe, "callfleet_list_lag_seconds_sum", "", 0.5 * f64::from(LEADS)).await;
    rows.close().await.unwrap();
    deployment.remove().await;
}

/// It listens once it hears what it was told: a campaign of its own is made and cancelled until then.
async fn watch_is_heard(deployment: &Deployment, watch: &crate::support::process::Process) {
    deployment.write("none.toml", "caller_numbers = [\"+14155550200\"]\n");
    let mut n = 0;
    until("the watch hears", BEGIN, async || {
        n += 1;
        deployment.verb(&format!("campaign create --name test-{n} --file none.toml"));
        deployment.verb(&format!("campaign cancel test-{n}"));
        watch.has_said("\"word\":\"cancelled\"").then_some(())
    })
    .await;
}
