//! A process that is killed, stopped and started again; its words go to a file.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::bound::bound;

/// A running process; it dies with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts a command that logs to the end of `log`.
    pub fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log).with_context(|| log.display().to_string())?;
        let (out, err): (File, File) = (file.try_clone()?, file);
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().with_context(|| format!("{command:?}"))?;
        Ok(Self { child })
    }

    /// SIGKILL: no handler, no goodbye.
    pub fn kill(&mut self) {
        // one that has ended already is as dead
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGSTOP and SIGCONT.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// It ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// It stands still: somebody, perhaps it itself, stopped it.
    pub fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// Waits for its end; whether it ended well.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            ensure!(begun.elapsed() < within, "still runs after {within:?}");
            // other lanes go on meanwhile
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How the product's binary is run: a program and what comes before its arguments.
#[derive(Debug, Clone)]
pub struct Binary {
    pub program: PathBuf,
    pub before: Vec<String>,
}

impl Binary {
    /// The product in a folder, without the environment's settings.
    pub fn command(&self, folder: &Path, line: &str) -> Command {
        let mut command = bound(&self.program);
        command.args(&self.before).args(line.split_whitespace()).current_dir(folder);
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("CALLFLEET")) {
            command.env_remove(key);
        }
        command
    }
}

/// A free port of loopback, below those the kernel gives to outgoing connections: it stays free while its owner is dead.
pub fn free_addr() -> SocketAddr {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let begin = || AtomicU16::new(u16::try_from(std::process::id() % 10_000).unwrap_or(0));
    loop {
        let turn = NEXT.get_or_init(begin).fetch_add(1, Ordering::Relaxed);
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 20_000 + turn % 12_000));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
}
