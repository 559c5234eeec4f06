//! One process with everything, in a folder of its own, against a simulator on loopback.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Process, callfleet};

const START: Duration = Duration::from_secs(30);
const VERB: Duration = Duration::from_secs(60);

/// The folder and the addresses; processes are started one by one.
pub struct Embedded {
    folder: TempDir,
    vendor: u16,
}

impl Embedded {
    /// Writes settings that name a simulator which does not run yet. `more` is put behind them.
    pub fn new(more: &str) -> Self {
        let (folder, vendor, public) = (tempfile::tempdir().unwrap(), free_port(), free_port());
        let embedded = Self { folder, vendor };
        embedded.write(
            "callfleet.toml",
            &format!(
                "public_url = \"http://127.0.0.1:{public}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"127.0.0.1:{public}\"\n\
                 [twilio]\nbase_url = \"http://127.0.0.1:{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
                 auth_token = \"simulated-auth-token\"\ncalls_per_second = 10.0\n\
                 [deepgram]\nbase_url = \"http://127.0.0.1:{vendor}\"\napi_key = \"simulated\"\n\
                 [openai]\nbase_url = \"http://127.0.0.1:{vendor}/v1\"\napi_key = \"simulated\"\n{more}"
            ),
        );
        embedded
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn truth(&self) -> PathBuf {
        self.folder().join("truth.jsonl")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }

    /// The providers.
    pub fn simulator(&self, scenario: &str) -> Process {
        self.write("scenario.toml", scenario);
        let line = format!("simulator --listen 127.0.0.1:{} --scenario scenario.toml --truth truth.jsonl", self.vendor);
        let simulator = Process::start("simulator", callfleet(self.folder(), &line));
        simulator.until_says("simulated on", START);
        simulator
    }

    /// `callfleet up`, once it says so and its roles run.
    pub fn up(&self) -> Process {
        let up = self.process("up");
        up.until_says("callfleet is up", START);
        let begun = Instant::now();
        // there is no such agent: what is refused before is that nothing runs
        while self.refusal("call test --to +14155550199 --agent nobody").contains("no process is running") {
            assert!(begun.elapsed() < START, "its roles do not run");
            std::thread::sleep(Duration::from_millis(100));
        }
        up
    }

    fn refusal(&self, line: &str) -> String {
        let mut process = self.process(line);
        process.ended(VERB);
        process.err()
    }

    /// A command of the operator's that has to succeed; what it printed.
    pub fn verb(&self, line: &str) -> String {
        let mut process = self.process(line);
        let status = process.ended(VERB);
        assert!(status.success(), "{line}: {status}: {}", process.err());
        process.out()
    }

    /// The same as JSON.
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.verb(&format!("{line} --json"))).unwrap()
    }

    fn process(&self, line: &str) -> Process {
        Process::start("callfleet", callfleet(self.folder(), &format!("--config callfleet.toml {line}")))
    }
}

/// One that nobody has at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
