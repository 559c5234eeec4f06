//! The operator's command line: every verb in one list.

mod commands;

pub use commands::{Cli, Command};
