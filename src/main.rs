//! One binary, every role: see `callfleet --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    callfleet::cli::run(&callfleet::cli::Cli::parse())
}
