//! `callfleet leads …`

use std::path::PathBuf;

use clap::Subcommand;

/// Leads.
#[derive(Debug, Subcommand)]
pub enum Leads {
    /// Import a CSV file or an Excel workbook (docs/leads.md explains columns and findings).
    ///
    /// Leads of countries that the campaign does not call, or that the provider has refused it, are taken and warned of.
    #[command(after_help = "Example: callfleet leads import --campaign spring leads.csv --rejects rejected.csv")]
    Import {
        /// Into which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: String,
        /// The file.
        file: PathBuf,
        /// Replace the data of leads that are already there instead of leaving them.
        #[arg(long)]
        update: bool,
        /// Check everything, say what would change, import nothing.
        #[arg(long)]
        dry_run: bool,
        /// The sheet of a workbook; without it the first.
        #[arg(long, value_name = "NAME")]
        sheet: Option<String>,
        /// The country whose national numbers the list may hold, for example US; without it every number begins with +.
        #[arg(long, value_name = "COUNTRY")]
        region: Option<String>,
        /// Write the rows that were not imported, with their reasons, to this file; where there are none, no file of that name stays.
        #[arg(long, value_name = "FILE")]
        rejects: Option<PathBuf>,
    },
    /// Take an import back: its leads go, and what it replaced comes back. Possible until its first dial.
    #[command(after_help = "Example: callfleet leads undo 01939f2e-6b1c-7c9a-8d3e-5f0a1b2c3d4e")]
    Undo {
        /// The import's id; `leads imports` shows them.
        import: String,
    },
    /// List the imports of a campaign, newest first.
    ///
    /// DOUBTS counts what somebody should look at in the rows that were taken, a row with two doubts twice; --json says which, and on which
    /// lines the first of each stand.
    #[command(after_help = "Example: callfleet leads imports --campaign spring")]
    Imports {
        /// Of which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: String,
    },
    /// List leads.
    #[command(after_help = "Example: callfleet leads list --campaign spring --state waiting")]
    List {
        /// Of which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: String,
        /// Only leads in this state.
        #[arg(long)]
        state: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Write every lead with its outcome as CSV, or with --json as JSON.
    #[command(after_help = "Example: callfleet leads export --campaign spring --out results.csv")]
    Export {
        /// Of which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: String,
        /// To this file; without it to standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write numbers as text, so that a spreadsheet leaves them alone.
        #[arg(long)]
        spreadsheet: bool,
    },
    /// One lead with all its calls.
    #[command(after_help = "Example: callfleet lead show +14155550123")]
    Show {
        /// The lead's id or number, or with --campaign the list's own key.
        id: String,
        /// In which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
    /// Why a lead is or is not called now: every gate.
    #[command(after_help = "Example: callfleet lead explain +14155550123")]
    Explain {
        /// The lead's id or number, or with --campaign the list's own key.
        id: String,
        /// In which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
    /// Call a finished or parked lead again.
    ///
    /// One person is called as soon as every gate is open, also before a time that their lead had; a callback that was promised for
    /// later is brought forward, and this call keeps the promise. With --parked nobody is called before the time that their lead
    /// had when it was parked, and promised callbacks stay promised.
    #[command(after_help = "Example: callfleet leads retry +14155550123\n         callfleet leads retry --parked --campaign spring")]
    Retry {
        /// The lead's id or number, or with --campaign the list's own key.
        #[arg(required_unless_present = "parked")]
        id: Option<String>,
        /// All leads of a campaign that wait for a person.
        #[arg(long, requires = "campaign", conflicts_with = "id")]
        parked: bool,
        /// In which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
    /// Take a lead off the list.
    #[command(after_help = "Example: callfleet lead cancel +14155550123")]
    Cancel {
        /// The lead's id or number, or with --campaign the list's own key.
        id: String,
        /// In which campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
}
