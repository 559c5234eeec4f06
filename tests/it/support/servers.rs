//! A PostgreSQL and a Redis of one's own, to be stopped and started in the middle of calls.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::bound::{bound, bound_as_postgres};
use super::port::Port;

const START: Duration = Duration::from_secs(30);

/// How hard PostgreSQL works for its promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every commit reaches the disk, as in production.
    Disk,
    /// Commits outlive the server's process, not the machine: enough for a test that stops the server alone.
    Process,
}

/// A PostgreSQL server; it ends with its owner.
pub struct Postgres {
    data: PathBuf,
    bin: PathBuf,
    port: Port,
    durability: Durability,
    more: Vec<&'static str>,
    running: Option<Child>,
}

impl Postgres {
    /// Makes and starts one in a folder.
    pub fn start(folder: &Path, durability: Durability) -> Self {
        Self::start_with(folder, durability, &[])
    }

    /// As [`Postgres::start`], with more settings: `name=value`.
    pub fn start_with(folder: &Path, durability: Durability, more: &[&'static str]) -> Self {
        let mut server = Self::nowhere_yet(folder, durability, more.to_vec());
        let mut make = bound_as_postgres(server.bin.join("initdb"));
        make.arg("-D").arg(&server.data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]).current_dir(folder);
        done(make.stdout(Stdio::null()).stderr(Stdio::null()));
        server.start_again();
        server
    }

    /// Makes and starts a standby of a running one in a folder of its own: a copy that follows, with the same settings. A role
    /// `replicator` has to be there.
    pub fn standby(of: &Self, folder: &Path) -> Self {
        let mut server = Self::nowhere_yet(folder, of.durability, of.more.clone());
        let from = format!("host=127.0.0.1 port={} user=replicator", of.port.number());
        let mut copy = bound_as_postgres(server.bin.join("pg_basebackup"));
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", &from]);
        done(copy.arg("-D").arg(&server.data).current_dir(folder));
        server.start_again();
        server
    }

    /// A folder that the user of PostgreSQL can write to, and nothing in it.
    fn nowhere_yet(folder: &Path, durability: Durability, more: Vec<&'static str>) -> Self {
        let home = folder.join("postgres");
        std::fs::create_dir(&home).unwrap();
        for open in [folder, &home] {
            std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        if is_root() {
            done(Command::new("chown").arg("postgres").arg(&home));
        }
        Self { data: home.join("data"), bin: postgres_bin(), port: Port::take(), durability, more, running: None }
    }

    /// Starts it again where it was, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let mut command = bound_as_postgres(self.bin.join("postgres"));
        command.arg("-D").arg(&self.data).args(["-h", "127.0.0.1", "-p", &self.port.number().to_string()]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=300"]);
        if self.durability == Durability::Process {
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        self.more.iter().for_each(|setting| _ = command.args(["-c", setting]));
        let log = File::options().create(true).append(true).open(self.data.with_extension("log")).unwrap();
        self.running = Some(command.stdout(Stdio::null()).stderr(log).current_dir(&self.data).spawn().unwrap());
        let mut ready = Command::new(self.bin.join("pg_isready"));
        ready.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.number().to_string()]).stdout(Stdio::null());
        until_well("PostgreSQL", &mut ready);
    }

    /// Takes it away as a crash would: open transactions are lost, committed ones are not.
    pub fn stop(&mut self) {
        signal(self.running.take().expect("it runs"), "-QUIT");
    }

    /// `kill -9`: nobody is told, and whom it served ends with it.
    pub fn kill(&mut self) {
        signal(self.running.take().expect("it runs"), "-KILL");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The administrator's database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.port.address())
    }

    /// The process whose children serve the connections.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            signal(running, "-QUIT");
        }
    }
}

/// A Redis server; it ends with its owner.
pub struct Redis {
    folder: PathBuf,
    port: Port,
    running: Option<Child>,
}

impl Redis {
    /// Starts one whose data lie in a folder.
    pub fn start(folder: &Path) -> Self {
        let folder = folder.join("redis");
        std::fs::create_dir(&folder).unwrap();
        let mut server = Self { folder, port: Port::take(), running: None };
        server.start_again();
        server
    }

    /// Starts it again with what it kept, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let port = self.port.number().to_string();
        let mut command = bound("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port, "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]);
        self.running = Some(command.arg("--dir").arg(&self.folder).stdout(Stdio::null()).spawn().unwrap());
        until_well("Redis", Command::new("redis-cli").args(["-p", &port, "ping"]).stdout(Stdio::null()));
    }

    /// `kill -9`.
    pub fn stop(&mut self) {
        signal(self.running.take().expect("it runs"), "-KILL");
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://{}", self.port.address())
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            signal(running, "-KILL");
        }
    }
}

fn signal(mut child: Child, signal: &str) {
    // it may have ended by itself
    let _ = Command::new("kill").arg(signal).arg(child.id().to_string()).status();
    let _ = child.wait();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The newest one among Debian's folders, else whatever stands in `PATH`.
pub fn postgres_bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).max();
    newest.unwrap_or_else(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file());
        found.expect("no PostgreSQL on this machine; ./test installs one")
    })
}

fn done(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

fn until_well(name: &str, ask: &mut Command) {
    let begun = Instant::now();
    while !ask.status().unwrap().success() {
        assert!(begun.elapsed() < START, "{name} does not answer within {START:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
