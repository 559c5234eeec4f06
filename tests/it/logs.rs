//! Every log line of a call tells whose call it is, wherever in the call it was written.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use callfleet::simulator::{Scenario, Simulator, SimulatorSettings, TruthKind};
use serde_json::Value;

use crate::support::database::until;
use crate::support::process::{Process, callfleet};

const START: Duration = Duration::from_secs(30);
const CALLS_END: Duration = Duration::from_secs(60);
/// The parts that only a call uses: its loop, its socket, its ears.
const PARTS: [&str; 3] = ["callfleet::call", "callfleet::web::line", "callfleet::providers::deepgram::flux"];
/// Talks, is a voicemail, wants no calls.
const LEADS: &str = "phone_number\n+14155550100\n+14155550104\n+14155550109\n";
/// A message of the ears that cannot be read, and one lost connection: both are worth a line.
const FAULTS: &str = "\n[[deepgram.faults]]\nkind = 'garbage'\npath = '/v2/listen'\nfirst = 1\nafter_messages = 2\n\
    [[deepgram.faults]]\nkind = 'cut'\npath = '/v2/listen'\nfirst = 2\nafter_messages = 3\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_call_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = simulator().await;
    let mut up = begin(folder.path(), &simulator.base_url());
    let ended = async || simulator.truth().lines().iter().filter(|line| line.event == TruthKind::Ended).count();
    until("three calls have ended", CALLS_END, async || (ended().await >= 3).then_some(())).await;
    assert!(Command::new("kill").arg(up.id().to_string()).status().unwrap().success());
    assert!(up.ended(START).success());
    simulator.stop().await;

    let lines: Vec<Value> = up.err().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_calls: Vec<&Value> = lines.iter().filter(|line| PARTS.iter().any(|part| text(&line["target"]).starts_with(part))).collect();
    let told: BTreeSet<&str> = of_calls.iter().map(|line| text(&line["message"])).collect();
    for message in ["conversation over", "unreadable message from the listening service", "listening connection lost"] {
        assert!(told.contains(message), "{told:?}");
    }
    for line in &of_calls {
        let span = &line["span"];
        assert_eq!(span["name"], "call", "{line}");
        assert!([&span["attempt.id"], &span["campaign.id"], &span["call.sid"]].iter().all(|id| !text(id).is_empty()), "{line}");
    }
    let attempts: BTreeSet<&str> = of_calls.iter().map(|line| text(&line["span"]["attempt.id"])).collect();
    assert_eq!(attempts.len(), 3, "{attempts:?}");
}

async fn simulator() -> Simulator {
    let play = format!("{}{FAULTS}", include_str!("../../config/demo/scenario.toml"));
    let scenario = Scenario::from_toml(&play).unwrap();
    Simulator::start(SimulatorSettings::on_loopback(scenario, 7)).await.unwrap()
}

/// `callfleet up` with a running campaign.
fn begin(folder: &Path, vendor: &str) -> Process {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let public = free_address();
    let hours = "\n[hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n";
    write(
        "campaign.toml",
        &format!("{}{hours}", include_str!("../../config/demo/campaign.toml").replacen("on_", "require_consent = false\non_", 1)),
    );
    write("agent.toml", include_str!("../../config/demo/agent.toml"));
    write("leads.csv", LEADS);
    write(
        "callfleet.toml",
        &format!(
            "public_url = \"http://{public}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"{public}\"\n\
             [twilio]\nbase_url = \"{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
             auth_token = \"simulated-auth-token\"\ncalls_per_second = 10.0\n\
             [deepgram]\nbase_url = \"{vendor}\"\napi_key = \"simulated\"\n\
             [openai]\nbase_url = \"{vendor}/v1\"\napi_key = \"simulated\"\n[telemetry]\nlog_format = \"json\"\n"
        ),
    );
    let up = Process::start("up", callfleet(folder, "--config callfleet.toml up"));
    up.until_says("callfleet is up", START);
    for line in [
        "agent save agent.toml",
        "campaign create --name spring --file campaign.toml --agent solar-intro",
        "leads import --campaign spring leads.csv",
        "campaign start spring",
    ] {
        let mut verb = Process::start("verb", callfleet(folder, &format!("--config callfleet.toml {line}")));
        assert!(verb.ended(START).success(), "{line}: {}", verb.err());
    }
    up
}

/// A port that was free a moment ago: the public address has to be known before the process listens on it.
fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
