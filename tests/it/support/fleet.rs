//! A deployment of a fleet on loopback: simulator, database, queue, a public address, and one process per role.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::AsyncTypedCommands;
use tempfile::TempDir;
use uuid::Uuid;

use super::alone::{Alone, alone};
use super::database::Database;
use super::process::{Process, callfleet};
use super::simulator::simulator;
use crate::trials::proxy::Proxy;

const START: Duration = Duration::from_secs(30);
const VERB: Duration = Duration::from_secs(60);

/// What a deployment has of its own; by default the test command's servers and the demo's people.
#[derive(Default)]
pub struct Setup<'a> {
    /// A server other than that of `CALLFLEET_TEST_POSTGRES`.
    pub postgres: Option<String>,
    /// A server other than that of `CALLFLEET_TEST_REDIS`.
    pub redis: Option<String>,
    /// Who answers, as the simulator's scenario.
    pub scenario: Option<&'a str>,
    /// Settings of all processes by their environment: `("CALLFLEET__WORKER__LINES", "3")`.
    pub env: &'a [(&'static str, &'static str)],
    /// The protocol's times as they are shipped, for a promise that is made in seconds; shortened otherwise.
    pub as_shipped: bool,
}

/// The protocol's times, shortened together: looking for a lost call still takes longer than a send can.
const SHORTENED: &str = "[dialing]\ntick_ms = 100\nticket_lease_ms = 3000\nsend_deadline_ms = 4000\npost_timeout_ms = 3000\n\
    unknown_after_ms = 12000\nlook_every_ms = 2000\nabsent_hold_ms = 5000\nreconcile_every_ms = 1000\n\
    poll_after_ms = 3000\nholder_dead_after_ms = 4000\n";

/// Everything but the roles.
pub struct Deployment {
    folder: TempDir,
    pub database: Database,
    pub proxy: Proxy,
    redis: String,
    prefix: String,
    env: Vec<(&'static str, &'static str)>,
    _simulator: Process,
    _alone: Alone,
}

impl Deployment {
    /// Starts what the roles need, writes `callfleet.toml` and migrates the database.
    pub async fn start() -> Self {
        Self::start_on(Setup::default()).await
    }

    /// As [`Deployment::start`], with some things of its own.
    pub async fn start_on(setup: Setup<'_>) -> Self {
        let (alone, folder) = (alone(), tempfile::tempdir().unwrap());
        let given = || std::env::var("CALLFLEET_TEST_REDIS").expect("CALLFLEET_TEST_REDIS names a server; ./test starts one");
        let redis = setup.redis.unwrap_or_else(given);
        let people = setup.scenario.unwrap_or(include_str!("../../../config/demo/scenario.toml"));
        let (simulator, vendor) = simulator(folder.path(), people);
        let prefix = format!("it-{}", Uuid::now_v7().simple());
        let database = match setup.postgres {
            Some(server) => Database::create_on(server).await,
            None => Database::create().await,
        };
        let (proxy, env) = (Proxy::start().await, setup.env.to_vec());
        let deployment = Self { folder, database, proxy, redis, prefix, env, _simulator: simulator, _alone: alone };
        let dialing = if setup.as_shipped { "" } else { SHORTENED };
        deployment.write("callfleet.toml", &format!("{}{dialing}", deployment.settings(&vendor)));
        deployment.verb("migrate");
        deployment
    }

    pub fn truth(&self) -> PathBuf {
        self.folder.path().join("truth.jsonl")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// One role's process, once it says that it is up, and what it said.
    pub fn role(&self, name: &'static str) -> (Process, String) {
        let process = self.process(name, name);
        let told = process.until_says(&format!("{name} is up"), START);
        (process, told)
    }

    /// Any command, with the settings of this deployment.
    pub fn process(&self, name: &'static str, line: &str) -> Process {
        let mut command = callfleet(self.folder.path(), &format!("--config callfleet.toml {line}"));
        command.envs(self.env.iter().copied());
        Process::start(name, command)
    }

    /// The folder all processes run in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command of the operator's that has to succeed.
    pub fn verb(&self, line: &str) {
        self.says(line);
    }

    /// The same, and what it wrote to its standard output.
    pub fn says(&self, line: &str) -> String {
        let mut process = self.process("verb", line);
        let status = process.ended(VERB);
        assert!(status.success(), "{line}: {status}");
        process.out()
    }

    /// Redis has no memory of the pace, as after a quiet minute.
    pub async fn forget_pace(&self) {
        self.forget(&format!("{}:pace*", self.prefix)).await;
    }

    /// Removes what the servers keep.
    pub async fn remove(self) {
        self.forget(&format!("*{}*", self.prefix)).await;
        self.database.drop().await;
    }

    async fn forget(&self, keys: &str) {
        let client = redis::Client::open(self.redis.as_str()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let keys = redis.keys(keys).await.unwrap();
        if !keys.is_empty() {
            redis.del(keys).await.unwrap();
        }
    }

    fn settings(&self, vendor: &str) -> String {
        let (public, postgres, redis, prefix) = (format!("http://{}", self.proxy.addr()), self.database.url(), &self.redis, &self.prefix);
        format!(
            "mode = \"fleet\"\npublic_url = \"{public}\"\n\
             [web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"127.0.0.1:0\"\n\
             [postgres]\nurl = \"{postgres}\"\nmax_connections = 8\n[redis]\nurl = \"{redis}\"\nprefix = \"{prefix}\"\n\
             [twilio]\nbase_url = \"{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
             auth_token = \"simulated-auth-token\"\ncalls_per_second = 10.0\n\
             [deepgram]\nbase_url = \"{vendor}\"\napi_key = \"simulated\"\n\
             [openai]\nbase_url = \"{vendor}/v1\"\napi_key = \"simulated\"\n\
             [worker]\nlines = 20\n\
             [deferred]\nbatch_size = 200\nbatch_age_ms = 1000\npoll_ms = 1000\n\
             [telemetry]\nlog_format = \"json\"\n"
        )
    }
}

/// The address a role said it listens on.
pub fn address(told: &str, key: &str) -> SocketAddr {
    let line: serde_json::Value = serde_json::from_str(told).unwrap();
    let field = &line[key];
    field.as_str().unwrap_or_else(|| panic!("no {key} in {told}")).parse().unwrap()
}
