//! The product: the real binary on a core of its own, asked by its own verbs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use callfleet::simulator::Simulator;
use tokio::net::TcpListener;

use super::machine;
use super::scene::{self, Addresses, Servers};

const BINARY: &str = env!("CARGO_BIN_EXE_callfleet");
const STARTS_WITHIN: Duration = Duration::from_secs(60);
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// A running product. Dropping it kills what is left of it.
pub struct Product {
    folder: PathBuf,
    core: usize,
    roles: Vec<Child>,
}

impl Product {
    /// Everything in one process.
    pub async fn embedded(folder: &Path, simulator: &Simulator, lines: u32, core: usize) -> anyhow::Result<Self> {
        let at = addresses(simulator).await?;
        let mut product = Self::settled(folder, &scene::settings(folder, &at, lines, None), core)?;
        product.start("up")?;
        product.answers(at.public.to_string()).await?;
        Ok(product)
    }

    /// A scheduler and a worker; the verbs ask the database.
    pub async fn fleet(folder: &Path, simulator: &Simulator, servers: &Servers, core: usize) -> anyhow::Result<Self> {
        let at = addresses(simulator).await?;
        let mut product = Self::settled(folder, &scene::settings(folder, &at, 10, Some(servers)), core)?;
        product.verb("migrate").await?;
        product.start("worker")?;
        product.answers(at.public.to_string()).await?;
        product.start("scheduler")?;
        Ok(product)
    }

    fn settled(folder: &Path, settings: &str, core: usize) -> anyhow::Result<Self> {
        let product = Self { folder: folder.to_path_buf(), core, roles: Vec::new() };
        product.write("callfleet.toml", settings)?;
        product.write("agent.toml", &scene::agent())?;
        Ok(product)
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        fs::write(self.folder.join(name), text).with_context(|| format!("{name} cannot be written"))
    }

    fn start(&mut self, role: &str) -> anyhow::Result<()> {
        let log = fs::File::create(self.folder.join(format!("{role}.log")))?;
        let mut command = machine::pinned(self.core, BINARY);
        self.prepared(&mut command).arg(role).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.roles.push(command.spawn().with_context(|| format!("callfleet {role} cannot be started"))?);
        Ok(())
    }

    fn prepared<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("CALLFLEET")) {
            command.env_remove(key);
        }
        command.current_dir(&self.folder).args(["--config", "callfleet.toml"])
    }

    /// Until somebody listens there.
    async fn answers(&mut self, address: String) -> anyhow::Result<()> {
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            let ended = self.roles.iter_mut().any(|role| role.try_wait().is_ok_and(|status| status.is_some()));
            if ended || begun.elapsed() > STARTS_WITHIN {
                bail!("the product did not start:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// A command of the operator's that has to succeed.
    pub async fn verb(&self, line: &str) -> anyhow::Result<()> {
        let mut command = Command::new(BINARY);
        self.prepared(&mut command).args(line.split_whitespace());
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        anyhow::ensure!(output.status.success(), "callfleet {line}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// A running campaign with these people.
    pub async fn campaign(&self, name: &str, lines: u32, people: &str) -> anyhow::Result<()> {
        self.write(&format!("{name}.toml"), &scene::campaign(lines))?;
        self.write(&format!("{name}.csv"), people)?;
        self.verb(&format!("campaign create --name {name} --file {name}.toml --agent solar-intro")).await?;
        self.verb(&format!("leads import --campaign {name} {name}.csv")).await?;
        self.verb(&format!("campaign start {name}")).await
    }

    /// Resident memory, KiB.
    pub fn resident_kib(&self) -> Option<f64> {
        self.roles.iter().map(|role| machine::resident_kib(role.id())).sum()
    }

    /// Processor time used, seconds.
    pub fn processor_s(&self) -> Option<f64> {
        self.roles.iter().map(|role| machine::processor_s(role.id())).sum()
    }

    /// What it complained about.
    pub fn log(&self) -> String {
        let logs = ["up.log", "worker.log", "scheduler.log"];
        logs.iter().filter_map(|name| fs::read_to_string(self.folder.join(name)).ok()).collect()
    }

    /// Asks it to end, and waits for it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        for role in &self.roles {
            Command::new("kill").args(["-TERM", &role.id().to_string()]).status().context("kill cannot be used")?;
        }
        let begun = Instant::now();
        while self.roles.iter_mut().any(|role| role.try_wait().is_ok_and(|status| status.is_none())) {
            anyhow::ensure!(begun.elapsed() < STOPS_WITHIN, "the product does not stop");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        for role in &mut self.roles {
            // one that has ended already cannot be killed, and need not be
            let _ = role.kill();
            let _ = role.wait();
        }
    }
}

/// Free ports; nobody else takes ports in the moment between.
async fn addresses(simulator: &Simulator) -> anyhow::Result<Addresses> {
    let (api, public) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    Ok(Addresses { vendor: simulator.base_url(), api: api.local_addr()?, public: public.local_addr()? })
}
