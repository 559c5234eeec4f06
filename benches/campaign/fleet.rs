//! The processes of the campaign, from an empty folder to "everybody is up".

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use tempfile::TempDir;

use super::Ask;
use super::cpu::Cpu;
use super::metrics::Histogram;
use super::process::{Process, callfleet};
use super::proxy::{Backends, Proxy};
use super::servers::{Durability, Postgres, Redis};

const START: Duration = Duration::from_secs(60);
const VERB: Duration = Duration::from_secs(600);
const HOURS: &str = "[hours]\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"\noverride_reason = \"simulated people\"\n";
/// Twenty seconds of the slowest statements are worth reading.
const STATEMENTS: &str = "SELECT calls, CAST(total_exec_time AS BIGINT), CAST(mean_exec_time * 1000 AS BIGINT),
    regexp_replace(left(query, 110), '\\s+', ' ', 'g') FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 25";

/// Everything that runs; it ends with this value.
pub struct Fleet {
    _proxy: Proxy,
    workers: Vec<(Process, SocketAddr)>,
    scheduler: Process,
    web: Process,
    simulator: Process,
    redis: Redis,
    postgres: Postgres,
    folder: TempDir,
}

impl Fleet {
    /// Starts everything and imports the list; nothing is dialed yet.
    pub async fn start(ask: &Ask) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let (postgres, redis) = (postgres(path, ask), Redis::start(path));
        std::fs::write(path.join("scenario.toml"), scenario(ask)).unwrap();
        let line = "simulator --listen 127.0.0.1:0 --truth truth.jsonl --scenario scenario.toml";
        let simulator = Process::start("simulator", callfleet(path, line));
        let vendor = simulator.until_says("simulated on http://", START).split_whitespace().last().unwrap().to_owned();
        let proxy = Proxy::start().await;
        std::fs::write(
            path.join("callfleet.toml"),
            settings(ask, &format!("http://{}", proxy.addr()), &vendor, &postgres.url(), &redis.url()),
        )
        .unwrap();
        if ask.statements {
            let mut server = PgConnection::connect(&postgres.url()).await.unwrap();
            server.execute("CREATE EXTENSION pg_stat_statements").await.unwrap();
        }
        verb(path, "migrate");
        let (web, told) = role(path, "web");
        let callbacks = vec![address(&told, "callbacks")];
        let (workers, media): (Vec<_>, Vec<_>) = (0..ask.workers)
            .map(|_| {
                let (worker, told) = role(path, "worker");
                ((worker, address(&told, "probe")), address(&told, "media"))
            })
            .unzip();
        proxy.serve(Backends { callbacks: [callbacks, media.clone()].concat(), media });
        let (scheduler, _) = role(path, "scheduler");
        list(path, ask);
        Self { _proxy: proxy, workers, scheduler, web, simulator, redis, postgres, folder }
    }

    pub fn verb(&self, line: &str) {
        verb(self.folder.path(), line);
    }

    pub fn truth(&self) -> PathBuf {
        self.folder.path().join("truth.jsonl")
    }

    pub fn database(&self) -> String {
        self.postgres.url()
    }

    /// Processor time used so far, by process; a server's processes count as one.
    pub fn cpu(&self) -> Cpu {
        let mut cpu = Cpu::default();
        for (n, (worker, _)) in self.workers.iter().enumerate() {
            cpu.add(&format!("worker {}", n + 1), [worker.pid()]);
        }
        cpu.add("scheduler", [self.scheduler.pid()]);
        cpu.add("web", [self.web.pid()]);
        cpu.add("simulator", [self.simulator.pid()]);
        cpu.add("redis", self.redis.pid());
        cpu.add_family("postgres", self.postgres.pid());
        cpu.add("load balancer", [std::process::id()]);
        cpu
    }

    /// Ticket to first byte of the POST, over all workers.
    pub async fn worker_metrics(&self) -> Histogram {
        let mut all = Histogram::default();
        for (_, probe) in &self.workers {
            all.add(&super::metrics::scrape(*probe).await, "callfleet_ticket_to_post_seconds");
        }
        all
    }

    /// What the database spent its time on.
    pub async fn statements(&self) {
        let mut rows = PgConnection::connect(&self.postgres.url()).await.unwrap();
        let slow: Vec<(i64, i64, i64, String)> = sqlx::query_as(STATEMENTS).fetch_all(&mut rows).await.unwrap();
        println!("{:>9} {:>9} {:>8}  statement", "calls", "total ms", "mean µs");
        for (calls, total, mean, text) in slow {
            println!("{calls:>9} {total:>9} {mean:>8}  {text}");
        }
    }
}

/// A little tuned, as any server of a deployment is (docs/operating.md); every commit reaches the disk.
fn postgres(path: &Path, ask: &Ask) -> Postgres {
    let mut settings = vec!["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "autovacuum_naptime=10s"];
    if ask.statements {
        settings.push("shared_preload_libraries=pg_stat_statements");
    }
    Postgres::start_with(path, Durability::Disk, &settings)
}

fn role(path: &Path, name: &'static str) -> (Process, String) {
    let process = Process::start(name, callfleet(path, &format!("--config callfleet.toml {name}")));
    let told = process.until_says(&format!("{name} is up"), START);
    (process, told)
}

fn verb(path: &Path, line: &str) {
    let mut process = Process::start("verb", callfleet(path, &format!("--config callfleet.toml {line}")));
    let status = process.ended(VERB);
    assert!(status.success(), "{line}: {status}");
}

/// The address a role said it listens on.
fn address(told: &str, key: &str) -> SocketAddr {
    let line: serde_json::Value = serde_json::from_str(told).unwrap();
    line[key].as_str().unwrap_or_else(|| panic!("no {key} in {told}")).parse().unwrap()
}

/// A campaign without redials: one cycle per lead.
fn list(path: &Path, ask: &Ask) {
    let campaign = format!(
        "caller_numbers = [\"+14155550200\"]\nmax_duration_s = 60\n{HOURS}[pace]\ncalls_per_second = {:.1}\nlines = {}\n[caps]\nattempts = 1\n",
        ask.rate,
        ask.lines * ask.workers
    );
    std::fs::write(path.join("campaign.toml"), campaign).unwrap();
    std::fs::write(path.join("agent.toml"), include_str!("../../config/demo/agent.toml")).unwrap();
    let mut leads = String::from("external_id,phone_number,first_name,timezone,consent_basis\n");
    for n in 0..ask.leads {
        // ten million numbers of area codes 415, 510, 628, 650 …: the exchange begins with 2 or more
        let (area, rest) = ([415, 510, 628, 650, 669, 707, 831, 925][(n / 4_000_000) as usize % 8], n % 4_000_000);
        leads.push_str(&format!("lead-{n},+1{area}{},Ann,America/Los_Angeles,web_form\n", 5_000_000 + rest));
    }
    std::fs::write(path.join("leads.csv"), leads).unwrap();
    verb(path, "agent save agent.toml");
    verb(path, "campaign create --name bench --file campaign.toml --agent solar-intro");
    verb(path, "leads import --campaign bench leads.csv");
}

/// People who live fast: a phone rings for some milliseconds.
fn scenario(ask: &Ask) -> String {
    let silent = 100 - ask.answer;
    format!(
        "[twilio]\ncps = 100000.0\n[pace]\nsetup_ms = 1\nring_ms = [5, 40]\n\
         [[numbers]]\nweighted = {{ busy = {}, away = {}, hangs_up = {} }}\n\
         [personas.busy]\nbehaviour = \"busy\"\n[personas.away]\nbehaviour = \"no_answer\"\nring_ms = 60\n\
         [personas.hangs_up]\nbehaviour = \"silent\"\nhangs_up_after = {{ ms = 60 }}\n",
        silent.div_ceil(2),
        silent / 2,
        ask.answer
    )
}

fn settings(ask: &Ask, public: &str, vendor: &str, postgres: &str, redis: &str) -> String {
    format!(
        "mode = \"fleet\"\npublic_url = \"{public}\"\n\
         [web]\nlisten = \"127.0.0.1:0\"\n[hooks]\nlisten = \"127.0.0.1:0\"\n[probe]\nlisten = \"127.0.0.1:0\"\n\
         [postgres]\nurl = \"{postgres}\"\n[redis]\nurl = \"{redis}\"\n\
         [twilio]\nbase_url = \"{vendor}\"\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = \"simulated-auth-token\"\ncalls_per_second = {:.1}\n\
         [deepgram]\nbase_url = \"{vendor}\"\napi_key = \"simulated\"\n\
         [openai]\nbase_url = \"{vendor}/v1\"\napi_key = \"simulated\"\n\
         [worker]\nlines = {}\n[telemetry]\nlog_format = \"json\"\nlog = \"warn,callfleet::cli=info\"\n",
        ask.rate, ask.lines
    )
}
