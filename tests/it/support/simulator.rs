//! The simulator as a process of its own, with its truth log.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::process::{Process, callfleet};

const START: Duration = Duration::from_secs(30);

/// Starts one in a folder: the process, and where it answers. The truth is in `truth.jsonl`.
pub fn simulator(folder: &Path, scenario: &str) -> (Process, String) {
    simulator_at(SocketAddr::from(([127, 0, 0, 1], 0)), folder, scenario)
}

/// The same at an address of the test's own.
pub fn simulator_at(listen: SocketAddr, folder: &Path, scenario: &str) -> (Process, String) {
    std::fs::write(folder.join("scenario.toml"), scenario).unwrap();
    let line = format!("simulator --listen {listen} --seed 7 --truth truth.jsonl --scenario scenario.toml");
    let process = Process::start("simulator", callfleet(folder, &line));
    let told = process.until_says("simulated on http://", START);
    (process, told.split_whitespace().last().unwrap().to_owned())
}
