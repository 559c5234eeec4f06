//! `callfleet demo` and `callfleet simulator`: the processes that take words of their own.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// The demo.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: callfleet demo --leads 60 --seed 7 --data /tmp/demo\n\nCtrl-C stops dialing, ends the calls politely and prints the report so far (exit code 130); a second one exits at once."
)]
pub struct Demo {
    /// How many leads; beyond the file's 60 more are generated.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub leads: u32,
    /// The seed of everything that is drawn by chance.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Stay up afterwards, so that the other verbs can look at it.
    #[arg(long)]
    pub keep: bool,
}

/// The simulator.
#[derive(Debug, Args)]
#[command(after_help = "Example: callfleet simulator --listen 127.0.0.1:8090 --scenario config/demo/scenario.toml")]
pub struct Simulator {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Who answers and how; without it everyone answers and stays.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Where to write what really happened, one JSON object per line.
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// The seed of everything that is drawn by chance.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
