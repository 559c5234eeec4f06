//! A deployment in one process on loopback: a simulator, settings, and `callfleet up` as often as a test needs it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::alone::{Alone, alone};
use super::port::Port;
use super::process::{Process, callfleet};
use super::simulator::simulator_at;
use super::truth::Truth;

const START: Duration = Duration::from_secs(30);
const VERB: Duration = Duration::from_secs(60);
/// Business time is real: simulated people are called at any hour.
pub const ANY_HOUR: &str = "\n[hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n";

/// Everything but the process itself.
pub struct Embedded {
    folder: TempDir,
    public: Port,
    vendor: Port,
    simulator: Option<Process>,
    _alone: Alone,
}

impl Embedded {
    /// Waits for its turn, starts the simulator and writes `callfleet.toml` and `agent.toml`.
    pub fn start(scenario: &str) -> Self {
        let mut embedded = Self::without_providers();
        embedded.simulate(scenario);
        embedded
    }

    /// The same with settings that name a simulator which does not run yet.
    pub fn without_providers() -> Self {
        let (alone, folder) = (alone(), tempfile::tempdir().unwrap());
        let embedded = Self { folder, public: Port::take(), vendor: Port::take(), simulator: None, _alone: alone };
        embedded.write("callfleet.toml", &settings(embedded.vendor.address(), embedded.public.address()));
        embedded.write("agent.toml", include_str!("../../../config/demo/agent.toml"));
        embedded
    }

    /// Starts the providers.
    pub fn simulate(&mut self, scenario: &str) {
        self.simulator = Some(simulator_at(self.vendor.address(), self.folder.path(), scenario).0);
    }

    /// Where providers reach it.
    pub fn public(&self) -> SocketAddr {
        self.public.address()
    }

    /// The folder all processes run in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }

    /// Any command, with the settings of this deployment.
    pub fn command(&self, line: &str) -> Command {
        callfleet(self.folder(), &format!("--config callfleet.toml {line}"))
    }

    /// `callfleet up`, once it says so and its roles run.
    pub fn up(&self) -> Process {
        let (up, begun) = (self.up_as(self.command("up")), Instant::now());
        // there is no such agent: what is refused before is that nothing runs
        while self.refusal("call test --to +14155550199 --agent nobody").contains("no process is running") {
            assert!(begun.elapsed() < START, "its roles do not run");
            std::thread::sleep(Duration::from_millis(100));
        }
        up
    }

    fn refusal(&self, line: &str) -> String {
        let mut process = Process::start("verb", self.command(line));
        process.ended(VERB);
        process.err()
    }

    /// As [`Embedded::up`], with a command of the test's own.
    pub fn up_as(&self, command: Command) -> Process {
        let process = Process::start("up", command);
        process.until_says("callfleet is up", START);
        process
    }

    /// A command of the operator's that has to succeed, and what it printed.
    pub fn verb(&self, line: &str) -> String {
        let mut process = Process::start("verb", self.command(line));
        let status = process.ended(VERB);
        assert!(status.success(), "{line}: {status}: {}", process.err());
        process.out()
    }

    /// The same as JSON.
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.verb(&format!("{line} --json"))).unwrap()
    }

    /// Starts the campaign `spring` with these settings and people.
    pub fn begin(&self, settings: &str, leads: &str) {
        self.write("campaign.toml", settings);
        self.write("leads.csv", leads);
        self.verb("agent save agent.toml");
        self.verb("campaign create --name spring --file campaign.toml --agent solar-intro");
        self.verb("leads import --campaign spring leads.csv");
        self.verb("campaign start spring");
    }

    pub fn truth(&self) -> Truth {
        Truth::read(&self.folder().join("truth.jsonl"))
    }
}

/// The protocol's times are shortened together: looking for a lost call still takes longer than a send can.
fn settings(vendor: SocketAddr, public: SocketAddr) -> String {
    format!(
        "public_url = \"http://{public}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"{public}\"\n\
         [twilio]\nbase_url = \"http://{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = \"simulated-auth-token\"\ncalls_per_second = 10.0\n\
         [deepgram]\nbase_url = \"http://{vendor}\"\napi_key = \"simulated\"\n\
         [openai]\nbase_url = \"http://{vendor}/v1\"\napi_key = \"simulated\"\n\
         [dialing]\ntick_ms = 100\nticket_lease_ms = 3000\nsend_deadline_ms = 4000\npost_timeout_ms = 3000\n\
         unknown_after_ms = 9000\nlook_every_ms = 1500\nabsent_hold_ms = 3000\nreconcile_every_ms = 500\n\
         poll_after_ms = 2000\nholder_dead_after_ms = 3000\n[telemetry]\nlog_format = \"json\"\n"
    )
}
