//! `callfleet campaign …`

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::rehearse::Rehearse;

/// Campaigns.
#[derive(Debug, Subcommand)]
pub enum Campaign {
    /// Create a campaign.
    #[command(after_help = "Example: callfleet campaign create --name spring --file campaign.toml --agent solar-intro")]
    Create {
        /// Its name, unique in the deployment.
        #[arg(long)]
        name: String,
        /// Its settings; without a file every key has its default.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The agent that speaks: a saved agent's name, its newest version. May be left out when there is only one.
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
    },
    /// Give it other settings or another agent; they hold from the next call on.
    #[command(after_help = "Example: callfleet campaign change spring --agent solar-intro")]
    Change {
        /// The campaign.
        name: String,
        /// Its settings, as a whole.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The agent that speaks, its newest version.
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
    },
    /// Change single settings by their dotted keys; an empty value goes back to the default.
    #[command(after_help = "Example: callfleet campaign set spring pace.lines=20 hours.sunday=closed schedule.end=")]
    Set {
        /// The campaign.
        name: String,
        /// `KEY=VALUE`; docs/campaigns.md lists the keys.
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = assignment)]
        settings: Vec<(String, String)>,
    },
    /// Make a draft with the settings and the agent of another campaign.
    #[command(after_help = "Example: callfleet campaign clone spring --name autumn")]
    Clone {
        /// The campaign to copy.
        campaign: String,
        /// The draft's name.
        #[arg(long)]
        name: String,
    },
    /// Speak with a certain version of the agent.
    #[command(after_help = "Example: callfleet campaign pin spring --agent-version 3")]
    Pin {
        /// The campaign.
        name: String,
        /// Which version; `callfleet agent list` shows them.
        #[arg(long, value_name = "N")]
        agent_version: i32,
    },
    /// List campaigns.
    #[command(after_help = "Example: callfleet campaign list")]
    List,
    /// Start dialing.
    #[command(after_help = "Example: callfleet campaign start spring")]
    Start {
        /// The campaign.
        name: String,
    },
    /// No new dials within a second; live calls go on.
    #[command(after_help = "Example: callfleet campaign pause spring")]
    Pause {
        /// The campaign.
        name: String,
    },
    /// Go on after a pause or a halt.
    #[command(after_help = "Example: callfleet campaign resume spring")]
    Resume {
        /// The campaign.
        name: String,
    },
    /// Finish live calls and promised callbacks, then complete.
    #[command(after_help = "Example: callfleet campaign drain spring")]
    Drain {
        /// The campaign.
        name: String,
    },
    /// Back to a draft, before its start time.
    #[command(after_help = "Example: callfleet campaign unschedule spring")]
    Unschedule {
        /// The campaign.
        name: String,
    },
    /// Pause it and hang up on everybody who is on a call now.
    #[command(after_help = "Example: callfleet campaign stop spring --live 3")]
    Stop {
        /// The campaign.
        name: String,
        /// How many live calls are hung up: as many as there are. Without it the answer says how many; where there is none, the campaign
        /// is paused.
        #[arg(long, value_name = "N")]
        live: Option<usize>,
    },
    /// Give it up: no new dials, leads stay as they are.
    ///
    /// Says how many people were promised a call and will not get it; `drain` calls them first.
    #[command(after_help = "Example: callfleet campaign cancel spring")]
    Cancel {
        /// The campaign.
        name: String,
    },
    /// Play it on a virtual clock with made-up people; nothing is dialed.
    ///
    /// Says when it would end, what it would cost and who would not be called.
    #[command(after_help = "Example: callfleet campaign rehearse spring --lines 20 --mix human=35,voicemail=30,no_answer=35")]
    Rehearse(Rehearse),
    /// Where it stands.
    #[command(after_help = "Example: callfleet campaign status spring")]
    Status {
        /// The campaign.
        name: String,
    },
    /// Why something is or is not being dialed.
    #[command(after_help = "Example: callfleet campaign explain spring")]
    Explain {
        /// The campaign.
        name: String,
    },
    /// Who changed what, newest first: settings before and after, steps, halts.
    #[command(after_help = "Example: callfleet campaign audit spring --limit 20")]
    Audit {
        /// The campaign.
        name: String,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, for example pace.lines=20")?;
    Ok((key.to_owned(), value.to_owned()))
}
