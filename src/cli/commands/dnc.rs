//! `callfleet dnc …`: numbers that must not be called.

use std::path::PathBuf;

use clap::Subcommand;

/// Do-not-call.
#[derive(Debug, Subcommand)]
pub enum Dnc {
    /// Read a do-not-call list; it replaces the list of the same name.
    #[command(
        after_help = "Example: callfleet dnc import registry.txt --scrub-date \"$(date -u -r registry.txt +%F)\" --list national --region US"
    )]
    Import {
        /// One number a line, `area code,number`, or a CSV with a phone column.
        file: PathBuf,
        /// The day on which its publisher wrote it; it grows too old to call by.
        #[arg(long, value_name = "YYYY-MM-DD")]
        scrub_date: String,
        /// Which list it is.
        #[arg(long, default_value = "national", value_name = "NAME")]
        list: String,
        /// The country of numbers without one, for example US.
        #[arg(long, value_name = "COUNTRY")]
        region: Option<String>,
        /// The registry it comes from: us, ca or gb; by default that of the region. Its law says how old the list may be.
        #[arg(long, value_name = "REGISTRY")]
        registry: Option<String>,
    },
    /// The lists with their age, those whose import broke off, and how many numbers are suppressed besides.
    #[command(after_help = "Example: callfleet dnc list")]
    List,
    /// Why a number is not called.
    #[command(after_help = "Example: callfleet dnc show +14155550123")]
    Show {
        /// The number with its country code, like +14155550123 or "+1 (415) 555-0123".
        number: String,
    },
    /// Call a number no more, from this moment on and in every campaign.
    #[command(after_help = "Example: callfleet dnc add +14155550123 --opt-out")]
    Add {
        /// The number with its country code, like +14155550123 or "+1 (415) 555-0123".
        number: String,
        /// The person asked for it.
        #[arg(long)]
        opt_out: bool,
        /// Only in this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
    /// Allow a number again, or forget a list; the audit keeps the reason.
    #[command(after_help = "Example: callfleet dnc remove +14155550123 --reason \"typed in by mistake\"")]
    Remove {
        /// The number with its country code; or a list's name.
        which: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Only in this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
}
