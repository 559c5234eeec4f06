//! A deployment in one process on loopback: a simulator, settings, and `callfleet up` as often as a test needs it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::alone::{Alone, alone};
use super::process::{Process, callfleet};
use super::simulator::simulator;
use super::truth::Truth;

const START: Duration = Duration::from_secs(30);
const VERB: Duration = Duration::from_secs(30);
/// Business time is real: simulated people are called at any hour.
pub const ANY_HOUR: &str = "\n[hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n";

/// Everything but the process itself.
pub struct Embedded {
    folder: TempDir,
    pub public: SocketAddr,
    _simulator: Process,
    _alone: Alone,
}

impl Embedded {
    /// Waits for its turn, starts the simulator and writes `callfleet.toml` and `agent.toml`.
    pub fn start(scenario: &str) -> Self {
        let (alone, folder, public) = (alone(), tempfile::tempdir().unwrap(), free_address());
        let (simulator, vendor) = simulator(folder.path(), scenario);
        let embedded = Self { folder, public, _simulator: simulator, _alone: alone };
        embedded.write("callfleet.toml", &settings(&vendor, public));
        embedded.write("agent.toml", include_str!("../../../config/demo/agent.toml"));
        embedded
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

    /// `callfleet up`, once it says so.
    pub fn up(&self) -> Process {
        self.up_as(self.command("up"))
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
fn settings(vendor: &str, public: SocketAddr) -> String {
    format!(
        "public_url = \"http://{public}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"{public}\"\n\
         [twilio]\nbase_url = \"{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = \"simulated-auth-token\"\ncalls_per_second = 10.0\n\
         [deepgram]\nbase_url = \"{vendor}\"\napi_key = \"simulated\"\n\
         [openai]\nbase_url = \"{vendor}/v1\"\napi_key = \"simulated\"\n\
         [dialing]\ntick_ms = 100\nticket_lease_ms = 3000\nsend_deadline_ms = 4000\npost_timeout_ms = 3000\n\
         unknown_after_ms = 9000\nlook_every_ms = 1500\nabsent_hold_ms = 3000\nreconcile_every_ms = 500\n\
         poll_after_ms = 2000\nholder_dead_after_ms = 3000\n[telemetry]\nlog_format = \"json\"\n"
    )
}

/// A port that was free a moment ago: the public address has to be known before the process listens on it.
pub fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
