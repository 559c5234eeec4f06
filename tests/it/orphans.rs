//! A test that is killed leaves no process behind: interrupted runs would fill the machine with fleets.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::process::Process;
use crate::support::servers::{Durability, Postgres, Redis};
use crate::support::simulator::simulator;
use crate::trials::process::{Binary, Running};

/// Makes this test the one that is killed, in the folder it names.
const TO_BE_KILLED: &str = "TEST_TO_BE_KILLED_IN";
const WITHIN: Duration = Duration::from_secs(60);

#[test]
fn a_test_that_is_killed_leaves_no_process_behind() {
    if let Some(folder) = std::env::var_os(TO_BE_KILLED) {
        start_everything(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut myself = Command::new(std::env::current_exe().unwrap());
    myself.args(["--exact", "orphans::a_test_that_is_killed_leaves_no_process_behind", "--nocapture"]).env(TO_BE_KILLED, folder.path());
    let mut killed = Process::start("test", myself);
    let told = killed.until_says("started: ", WITHIN);
    let started: Vec<u32> = told.rsplit_once(": ").unwrap().1.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert!(started.len() == 4 && started.iter().all(|pid| lives(*pid)), "{told}");
    killed.kill();
    let begun = Instant::now();
    while started.iter().any(|pid| lives(*pid)) {
        assert!(begun.elapsed() < WITHIN, "some of {started:?} were left behind");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One process of each kind, until somebody kills this one.
fn start_everything(folder: &Path) -> ! {
    let (simulator, _) = simulator(folder, "");
    let (postgres, redis) = (Postgres::start(folder, Durability::Process), Redis::start(folder));
    let binary = Binary { program: env!("CARGO_BIN_EXE_callfleet").into(), before: Vec::new() };
    // a trial opens its log by name, and a pipe has one here
    let (mut words, log) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", log.as_raw_fd());
    let in_a_trial = Running::start(binary.command(folder, "simulator --listen 127.0.0.1:0"), Path::new(&path)).unwrap();
    // one that ends without a word must end the wait for it
    drop(log);
    // it is bound once `setpriv` has asked for it; its first word is behind that
    words.read_exact(&mut [0]).unwrap();
    let pids = [simulator.pid(), postgres.pid().unwrap(), redis.pid().unwrap(), in_a_trial.pid()];
    println!("started: {}", pids.map(|pid| pid.to_string()).join(" "));
    loop {
        std::thread::park();
    }
}

/// One that waits for somebody to read its end is dead.
fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
