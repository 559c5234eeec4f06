//! Runs the binary in a folder of its own, without the environment's settings.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::database::Database;

use crate::support::bound::bound;

/// A campaign that may call at any hour, so that what is explained does not depend on when the test runs.
const CAMPAIGN: &str = r#"caller_numbers = ["+14155550200"]

[hours]
weekdays = "00:00-24:00"
weekend = "00:00-24:00"
override_reason = "nobody is called"
"#;

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Code and texts, for a snapshot.
    pub fn text(&self) -> String {
        format!("exit {}\n--- out\n{}--- err\n{}", self.code.unwrap_or(-1), self.out, self.err)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A folder with the files of a small deployment.
pub struct Bench {
    folder: TempDir,
    /// Settings by the environment.
    env: Vec<(&'static str, String)>,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bench = Self { folder, env: Vec::new() };
        bench.write("campaign.toml", CAMPAIGN);
        bench.write("agent.toml", include_str!("../../../config/demo/agent.toml"));
        bench.write(
            "leads.csv",
            "external_id,phone_number,timezone,consent_basis\n\
             a-1,+14155550100,America/Los_Angeles,web form\n\
             a-2,+14155550101,America/Los_Angeles,web form\n",
        );
        bench
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Runs a command line, split at spaces.
    pub fn run(&self, line: &str) -> Ran {
        self.command(line).output().unwrap().into()
    }

    /// Runs it and expects it to do what it says.
    pub fn done(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "{line}: {ran:?}");
        ran
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = bound(env!("CARGO_BIN_EXE_callfleet"));
        command.args(line.split_whitespace()).current_dir(self.path()).stdin(Stdio::null());
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("CALLFLEET")) {
            command.env_remove(key);
        }
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        command
    }

    /// An agent, and a campaign `spring` with two leads.
    pub fn with_campaign() -> Self {
        let bench = Self::new();
        bench.make_campaign();
        bench
    }

    /// The same, in a fleet's database.
    pub fn with_campaign_on(database: &Database) -> Self {
        let redis = std::env::var("CALLFLEET_TEST_REDIS").expect("CALLFLEET_TEST_REDIS names a server; ./test starts one");
        let env = vec![
            ("CALLFLEET__MODE", "fleet".to_owned()),
            ("CALLFLEET__POSTGRES__URL", database.url()),
            ("CALLFLEET__REDIS__URL", redis),
            ("CALLFLEET__REDIS__PREFIX", format!("it-{}", Uuid::now_v7().simple())),
        ];
        let bench = Self { env, ..Self::new() };
        bench.done("migrate");
        bench.make_campaign();
        bench
    }

    fn make_campaign(&self) {
        self.done("agent save agent.toml");
        self.done("campaign create --name spring --file campaign.toml --agent solar-intro");
        self.done("leads import --campaign spring leads.csv");
    }
}
