//! PostgreSQL and Redis of one lane: killed without warning, and started again on the same port.
//!
//! They answer a commit only after it was given to the operating system, but the disk is not waited for: processes die here,
//! machines do not.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::Signal;

use super::bound::{bound, bound_as_postgres};
use super::process::{Running, free_addr};

const START: Duration = Duration::from_secs(30);
const INITDB: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);

/// PostgreSQL's folder in that of its lane.
const DATA: &str = "postgres";

/// A server of a lane.
pub struct Server {
    pub addr: SocketAddr,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    log: PathBuf,
    running: Option<Running>,
}

impl Server {
    /// Redis without any memory: after a restart it is empty, as after a failover to an empty replica.
    pub async fn redis(folder: &Path) -> anyhow::Result<Self> {
        let (addr, at) = (free_addr(), folder.to_owned());
        let command = move || {
            let port = addr.port();
            let line = format!("--bind 127.0.0.1 --port {port} --appendonly no --maxmemory-policy noeviction --daemonize no");
            let mut command = bound("redis-server");
            command.args(line.split_whitespace()).args(["--save", ""]).current_dir(&at);
            command
        };
        Self::start(addr, Box::new(command), folder.join("redis.log")).await
    }

    /// A new PostgreSQL without any database of its own.
    pub async fn new_postgres(folder: &Path) -> anyhow::Result<Self> {
        let (bin, data, log) = (postgres_bin()?, folder.join(DATA), folder.join("initdb.log"));
        std::fs::create_dir_all(&data)?;
        give_to_postgres(&data)?;
        let mut initdb = bound_as_postgres(bin.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]).current_dir(&data);
        ensure!(Running::start(initdb, &log)?.ended(INITDB).await?, "initdb failed: {}", log.display());
        Self::postgres(folder).await
    }

    /// A PostgreSQL with everything another one had when it was stopped.
    pub async fn postgres_like(stopped: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut copy = Command::new("cp");
        // with its owner: PostgreSQL takes no folder of somebody else's
        copy.arg("-a").arg(stopped.join(DATA)).arg(folder.join(DATA));
        ensure!(Running::start(copy, &folder.join("copy.log"))?.ended(INITDB).await?, "{} cannot be copied", stopped.display());
        Self::postgres(folder).await
    }

    async fn postgres(folder: &Path) -> anyhow::Result<Self> {
        let (addr, bin, data) = (free_addr(), postgres_bin()?, folder.join(DATA));
        let place = data.display().to_string();
        let command = move || {
            let port = addr.port();
            let line = format!(
                "-D {place} -h 127.0.0.1 -p {port} -c unix_socket_directories= -c fsync=off -c full_page_writes=off \
                 -c max_connections=150 -c shared_buffers=32MB -c restart_after_crash=off"
            );
            let mut command = bound_as_postgres(bin.join("postgres"));
            command.args(line.split_whitespace()).current_dir(&data);
            command
        };
        Self::start(addr, Box::new(command), folder.join("postgres.log")).await
    }

    async fn start(addr: SocketAddr, command: Box<dyn Fn() -> Command + Send + Sync>, log: PathBuf) -> anyhow::Result<Self> {
        let mut server = Self { addr, command, log, running: None };
        server.up()?;
        let begun = Instant::now();
        while !server.answers() {
            ensure!(begun.elapsed() < START, "a server does not answer: {}", server.log.display());
            server.up()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    /// Ends it in order, so that its files can be copied.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        running.signal(Signal::INT);
        running.ended(STOP).await.map(drop)
    }

    /// Starts it unless it runs. PostgreSQL refuses while processes of its former life are still ending: call again.
    pub fn up(&mut self) -> anyhow::Result<()> {
        if self.running.as_mut().is_none_or(Running::has_ended) {
            self.running = Some(Running::start((self.command)(), &self.log)?);
        }
        Ok(())
    }

    pub fn kill(&mut self) {
        self.running = None;
    }

    pub fn answers(&self) -> bool {
        TcpStream::connect_timeout(&self.addr, Duration::from_millis(200)).is_ok()
    }
}

/// The newest among Debian's folders, else whatever stands in PATH.
fn postgres_bin() -> anyhow::Result<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let everywhere = debian.chain(std::env::split_paths(&path)).filter(|folder| folder.join("initdb").exists());
    everywhere.max().context("PostgreSQL is not installed: apt-get install postgresql")
}

/// Makes a folder that the user `postgres` can reach as well.
///
/// # Errors
/// It cannot be made.
pub fn make_reachable(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn give_to_postgres(folder: &Path) -> anyhow::Result<()> {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    if is_root() && !Command::new("chown").arg("postgres").arg(folder).status()?.success() {
        bail!("there is no user `postgres` to run PostgreSQL as");
    }
    Ok(())
}
