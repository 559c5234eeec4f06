//! Scripts: every verb takes `--json`, and then all it prints is JSON.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use callfleet::cli::Cli;
use clap::CommandFactory as _;
use serde_json::Value;

use crate::support::embedded::{ANY_HOUR, Embedded};
use crate::support::fleet::Deployment;
use crate::support::process::Process;

const WITHIN: Duration = Duration::from_secs(60);
const DEMO: &str = include_str!("../../../config/demo/scenario.toml");
/// Verbs that run until they are stopped; the tests below stop them.
const LASTING: [&str; 6] = ["up", "web", "scheduler", "worker", "simulator", "watch"];

/// A verb of the tree, and a line that can be typed after the lines before it. `{…}` stands for what the one before it printed.
const LINES: &[(&str, &str)] = &[
    ("agent save", "agent save agent.toml"),
    ("agent list", "agent list"),
    ("agent show", "agent show solar-intro"),
    ("campaign create", "campaign create --name spring --file campaign.toml --agent solar-intro"),
    ("campaign list", "campaign list"),
    ("campaign set", "campaign set spring pace.lines=3"),
    ("campaign change", "campaign change spring --file campaign.toml"),
    ("campaign pin", "campaign pin spring --agent-version 1"),
    ("campaign clone", "campaign clone spring --name autumn"),
    ("leads import", "leads import --campaign spring leads.csv --dry-run"),
    ("leads import", "leads import --campaign spring others.csv"),
    ("leads undo", "leads undo {import_id}"),
    ("leads imports", "leads imports --campaign spring"),
    ("leads import", "leads import --campaign spring leads.csv"),
    ("leads list", "leads list --campaign spring"),
    ("leads show", "leads show +14155550100"),
    ("leads explain", "leads explain +14155550100 --campaign spring"),
    ("leads cancel", "leads cancel +14155550101"),
    ("leads export", "leads export --campaign spring"),
    ("leads export", "leads export --campaign spring --out results.json"),
    ("campaign rehearse", "campaign rehearse spring --runs 1"),
    ("queue pause", "queue pause dial"),
    ("campaign start", "campaign start spring"),
    ("campaign status", "campaign status spring"),
    ("campaign explain", "campaign explain spring"),
    ("campaign audit", "campaign audit spring"),
    ("campaign pause", "campaign pause spring"),
    ("campaign stop", "campaign stop spring --live 0"),
    ("campaign resume", "campaign resume spring"),
    ("queue resume", "queue resume dial"),
    ("campaign drain", "campaign drain spring"),
    ("leads import", "leads import --campaign autumn leads.csv"),
    ("campaign set", "campaign set autumn schedule.start=2099-01-04T09:00:00-05:00"),
    ("campaign start", "campaign start autumn"),
    ("campaign unschedule", "campaign unschedule autumn"),
    ("campaign cancel", "campaign cancel autumn"),
    ("queue list", "queue list"),
    ("queue pause", "queue pause collect_batch"),
    ("queue resume", "queue resume collect_batch"),
    ("queue retry", "queue retry finish_call"),
    ("call test", "call test --to +14155550105 --from +14155550200 --agent solar-intro"),
    ("call show", "call show {call.id}"),
    ("leads retry", "leads retry +14155550105"),
    ("call list", "call list"),
    ("callback resolve", "callback resolve tomorrow --zone America/New_York"),
    ("callback list", "callback list --campaign spring"),
    ("cost", "cost"),
    ("doctor", "doctor"),
    ("migrate", "migrate --data elsewhere"),
    ("demo", "demo --leads 1 --data demo"),
];
/// Those of do-not-call lists.
const DNC: &[(&str, &str)] = &[
    ("dnc import", "dnc import registry.txt --scrub-date {today}"),
    ("dnc list", "dnc list"),
    ("dnc add", "dnc add +14155550198"),
    ("dnc show", "dnc show +14155550198"),
    ("dnc remove", "dnc remove +14155550198 --reason test"),
];

#[test]
fn no_verb_is_forgotten() {
    let mut known: BTreeSet<&str> = LINES.iter().chain(DNC).map(|(verb, _)| *verb).collect();
    known.extend(LASTING);
    let mut all = BTreeSet::new();
    verbs(&Cli::command(), "", &mut all);
    assert_eq!(all.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
}

fn verbs(command: &clap::Command, before: &str, all: &mut BTreeSet<String>) {
    for below in command.get_subcommands() {
        let path = format!("{before} {}", below.get_name()).trim().to_owned();
        if below.has_subcommands() { verbs(below, &path, all) } else { _ = all.insert(path) }
    }
}

#[test]
fn every_verb_answers_with_json() {
    let deployment = Embedded::start(DEMO);
    prepare(&deployment);
    let up = lasting(deployment.command("up --json"), "up");
    let watch = Process::start("watch", deployment.command("watch --json"));
    let mut last = Value::Null;
    for (_, line) in LINES.iter().chain(DNC) {
        last = answer(&deployment, &filled(line, &last));
    }
    let exported: Value = serde_json::from_str(&std::fs::read_to_string(deployment.folder().join("results.json")).unwrap()).unwrap();
    assert!(exported["leads"].as_array().unwrap().iter().any(|lead| lead["phone_number"] == "+14155550100"), "{exported}");
    let simulator = lasting(deployment.command("simulator --listen 127.0.0.1:0 --json"), "simulator");
    for (name, process) in [("watch", watch), ("simulator", simulator), ("up", up)] {
        ends_with_json_alone(name, process);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_of_a_fleet_tells_a_script_where_it_listens() {
    let deployment = Deployment::start().await;
    for role in ["web", "scheduler", "worker"] {
        let process = deployment.process(role, &format!("{role} --json"));
        let told: Value = serde_json::from_str(&process.until_says("\"role\"", WITHIN)).unwrap();
        assert_eq!((&told["role"], &told["process"]), (&role.into(), &process.pid().into()), "{told}");
        ends_with_json_alone(role, process);
    }
    deployment.remove().await;
}

fn prepare(deployment: &Embedded) {
    deployment.write("campaign.toml", &format!("caller_numbers = [\"+14155550200\"]\n{ANY_HOUR}"));
    deployment.write(
        "leads.csv",
        "external_id,phone_number,timezone,consent_basis\n\
         a-1,+14155550100,America/Los_Angeles,web form\na-2,+14155550101,America/Los_Angeles,web form\n",
    );
    deployment.write("others.csv", "phone_number,consent_basis\n+14155550120,web form\n");
    deployment.write("registry.txt", "+14155550199\n");
}

/// A process that says in JSON that it is up.
fn lasting(command: Command, role: &'static str) -> Process {
    let process = Process::start(role, command);
    let told: Value = serde_json::from_str(&process.until_says("\"role\"", WITHIN)).unwrap();
    assert_eq!(told["role"], role, "{told}");
    process
}

/// The line with what the answer before it held.
fn filled(line: &str, last: &Value) -> String {
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let text = |pointer: &str| last.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    line.replace("{today}", &today).replace("{import_id}", &text("/import_id")).replace("{call.id}", &text("/call/id"))
}

/// What a verb that succeeds prints: one document.
fn answer(deployment: &Embedded, line: &str) -> Value {
    let mut process = Process::start("verb", deployment.command(&format!("{line} --json")));
    let status = process.ended(WITHIN);
    assert!(status.success(), "{line}: {status}: {}", process.err());
    serde_json::from_str(&process.out()).unwrap_or_else(|error| panic!("{line}: {error}: {}", process.out()))
}

/// Every line it wrote to its standard output is a document.
fn ends_with_json_alone(name: &str, mut process: Process) {
    process.interrupt();
    process.ended(WITHIN);
    let out = process.out();
    assert!(!out.is_empty(), "{name} printed nothing: {}", process.err());
    for line in out.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{name}: {line}");
    }
}
