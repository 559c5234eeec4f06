//! `callfleet queue …`

use clap::Subcommand;

/// Queues and jobs.
#[derive(Debug, Subcommand)]
pub enum Queue {
    /// Queues, what waits in them, and failed jobs.
    #[command(after_help = "Example: callfleet queue list")]
    List,
    /// Start nothing new from a queue (`dial` or a kind of job); what runs goes on.
    #[command(after_help = "Example: callfleet queue pause dial")]
    Pause {
        /// The queue.
        queue: String,
    },
    /// Go on.
    #[command(after_help = "Example: callfleet queue resume dial")]
    Resume {
        /// The queue.
        queue: String,
    },
    /// Run a failed job again, or all of a kind.
    #[command(after_help = "Example: callfleet queue retry finish_call")]
    Retry {
        /// The job's id, or a kind.
        which: String,
    },
}
