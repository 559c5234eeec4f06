//! `callfleet callback …`

use clap::Subcommand;

/// Callbacks.
#[derive(Debug, Subcommand)]
pub enum Callback {
    /// What words mean to a call: a callback and when, an opt-out, a refusal, or something for a person.
    #[command(after_help = "Example: callfleet callback resolve \"after five tomorrow\" --zone America/New_York --at 2026-11-23T15:00:00Z")]
    Resolve {
        /// The words as they were said.
        words: String,
        /// The callee's time zone, an IANA name.
        #[arg(long, value_name = "ZONE")]
        zone: String,
        /// When they were said; now, if left out.
        #[arg(long, value_name = "MOMENT")]
        at: Option<String>,
        /// The calling hours of every day.
        #[arg(long, value_name = "HH:MM-HH:MM", default_value = "09:00-20:00")]
        hours: String,
    },
    /// Promised callbacks: for when, dialed when, kept or missed.
    #[command(after_help = "Example: callfleet callback list --campaign spring")]
    List {
        /// Of which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: String,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}
