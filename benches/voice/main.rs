//! `cargo bench --bench voice -- --calls 50 --turns 6`: what the product adds to the latencies of its providers.
//!
//! The product is the real binary, alone on one core; the simulator is in this process, on another. All of the
//! simulator's latencies are constant, so whatever a callee waits beyond their sum was added by the product (or by the
//! simulator's own lateness, which counts against the product here). Nothing of the product's own bookkeeping is used but
//! the time at which it armed an attempt. Exits with 1 when a goal is missed.

mod figures;
mod fleet;
mod machine;
mod product;
mod run;
mod scene;

use std::process::ExitCode;

use clap::Parser;

/// What to measure.
#[derive(Debug, Clone, Parser)]
#[command(about = "What the product adds to the latencies of its providers", disable_version_flag = true)]
pub struct Args {
    /// Calls at the same time.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub calls: u32,
    /// Turns of each call that are measured while all calls are up.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub turns: u32,
    /// Dials one after the other, for the time from ticket to POST.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub dials: u32,
    /// Also measure the dials of a fleet, on the servers of `CALLFLEET_TEST_REDIS` and `CALLFLEET_TEST_POSTGRES`.
    #[arg(long)]
    pub fleet: bool,
    /// The core of the product.
    #[arg(long, default_value_t = 0)]
    pub product_core: usize,
    /// The core of the simulator.
    #[arg(long, default_value_t = 1)]
    pub simulator_core: usize,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    pub bench: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    machine::pin_this_process(args.simulator_core);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    println!("{}", machine::described());
    let goals = runtime.block_on(run::everything(&args))?;
    Ok(if figures::all_met(&goals) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
