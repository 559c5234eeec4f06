//! `callfleet agent …`

use std::path::PathBuf;

use clap::Subcommand;

/// Agents.
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Check an agent file and save it as the next version.
    #[command(after_help = "Example: callfleet agent save config/demo/agent.toml")]
    Save {
        /// The definition, TOML or JSON.
        file: PathBuf,
    },
    /// List agents and their versions.
    #[command(after_help = "Example: callfleet agent list")]
    List,
    /// The newest version as it was written, as JSON.
    #[command(after_help = "Example: callfleet agent show solar-intro")]
    Show {
        /// The agent.
        name: String,
    },
}
