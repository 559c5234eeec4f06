//! What can be typed. The doc comments are the help.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Calls people from a list, talks with them through an AI voice agent, and writes down what came of it.
#[derive(Debug, Parser)]
#[command(name = "callfleet", version, propagate_version = true, after_help = "Try it: callfleet demo")]
pub struct Cli {
    /// Settings that override the defaults (every key is explained in config/default.toml).
    #[arg(long, global = true, env = "CALLFLEET_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the embedded database; overrides `data` of the settings.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Answer as JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a campaign of simulated people on this machine and print a report.
    Demo(Demo),
    /// Run everything in one process against the providers of the settings.
    Up,
    /// Fleet: serve API and callbacks.
    Web,
    /// Fleet: decide who is called when (one is active, others stand by).
    Scheduler,
    /// Fleet: place calls and hold them.
    Worker,
    /// Bring the database's schema up to date.
    Migrate,
    /// Serve simulated Twilio, Deepgram and OpenAI.
    Simulator(Simulator),
    /// Check settings, database, queue, clock and providers, and say what to fix.
    Doctor,
    /// Create, start, pause and watch campaigns.
    #[command(subcommand)]
    Campaign(Campaign),
    /// Import and look at leads.
    #[command(subcommand, alias = "lead")]
    Leads(Leads),
    /// Keep numbers that must not be called.
    #[command(subcommand)]
    Dnc(super::dnc::Dnc),
    /// Look after queues and jobs.
    #[command(subcommand)]
    Queue(Queue),
    /// Look at calls, or call your own phone.
    #[command(subcommand)]
    Call(Call),
    /// Look at promised callbacks, or try what words mean.
    #[command(subcommand)]
    Callback(Callback),
    /// Save and look at agents.
    #[command(subcommand)]
    Agent(Agent),
    /// What it cost, and what it would have cost.
    Cost {
        /// Only this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
    /// Show what is happening, line by line, until it is interrupted.
    #[command(after_help = "Example: callfleet watch --campaign spring")]
    Watch {
        /// Only this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
    },
}

/// The demo.
#[derive(Debug, Args)]
#[command(after_help = "Example: callfleet demo --leads 60 --seed 7 --data /tmp/demo")]
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
    List,
    /// Start dialing.
    Start {
        /// The campaign.
        name: String,
    },
    /// No new dials within a second; live calls go on.
    Pause {
        /// The campaign.
        name: String,
    },
    /// Go on after a pause or a halt.
    Resume {
        /// The campaign.
        name: String,
    },
    /// Finish live calls and promised callbacks, then complete.
    Drain {
        /// The campaign.
        name: String,
    },
    /// Back to a draft, before its start time.
    Unschedule {
        /// The campaign.
        name: String,
    },
    /// Pause it and hang up on everybody who is on a call now.
    #[command(after_help = "Example: callfleet campaign stop spring --live 3")]
    Stop {
        /// The campaign.
        name: String,
        /// How many live calls are hung up: as many as there are. Without it the answer says how many.
        #[arg(long, value_name = "N")]
        live: Option<usize>,
    },
    /// Give it up: no new dials, leads stay as they are.
    Cancel {
        /// The campaign.
        name: String,
    },
    /// Play it on a virtual clock with made-up people; nothing is dialed.
    ///
    /// Says when it would end, what it would cost and who would not be called.
    #[command(after_help = "Example: callfleet campaign rehearse spring --lines 20 --mix human=35,voicemail=30,no_answer=35")]
    Rehearse(super::rehearse::Rehearse),
    /// Where it stands.
    Status {
        /// The campaign.
        name: String,
    },
    /// Why something is or is not being dialed.
    Explain {
        /// The campaign.
        name: String,
    },
}

/// Leads.
#[derive(Debug, Subcommand)]
pub enum Leads {
    /// Import a CSV file or an Excel workbook (docs/leads.md explains columns and findings).
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
        /// Write the rows that were not imported, with their reasons, to this file.
        #[arg(long, value_name = "FILE")]
        rejects: Option<PathBuf>,
    },
    /// Take an import back: its leads go, and what it replaced comes back. Possible until its first dial.
    #[command(after_help = "Example: callfleet leads undo 01939f2e-6b1c-7c9a-8d3e-5f0a1b2c3d4e")]
    Undo {
        /// The import's id, as `leads import` has printed it.
        import: String,
    },
    /// List leads.
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
    /// Write every lead with its outcome as CSV.
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
    Show {
        /// The lead's id or number.
        id: String,
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
    #[command(after_help = "Examples: callfleet leads retry +14155550123\n          callfleet leads retry --parked --campaign spring")]
    Retry {
        /// The lead's id or number.
        #[arg(required_unless_present = "parked")]
        id: Option<String>,
        /// All leads of a campaign that wait for a person.
        #[arg(long, requires = "campaign", conflicts_with = "id")]
        parked: bool,
        /// Which campaign.
        #[arg(long, value_name = "NAME", requires = "parked")]
        campaign: Option<String>,
    },
    /// Take a lead off the list.
    Cancel {
        /// The lead's id or number.
        id: String,
    },
}

/// Queues and jobs.
#[derive(Debug, Subcommand)]
pub enum Queue {
    /// Queues, what waits in them, and failed jobs.
    List,
    /// Start nothing new from a queue (`dial` or a kind of job); what runs goes on.
    Pause {
        /// The queue.
        queue: String,
    },
    /// Go on.
    Resume {
        /// The queue.
        queue: String,
    },
    /// Run a failed job again, or all of a kind.
    Retry {
        /// The job's id, or a kind.
        which: String,
    },
}

/// Calls.
#[derive(Debug, Subcommand)]
pub enum Call {
    /// The latest calls.
    List {
        /// Only of this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// One call: transcript, timings, cost, outcome.
    Show {
        /// The attempt's id.
        id: String,
    },
    /// One call to your own phone with an agent.
    #[command(after_help = "Example: callfleet call test --to +14155550123 --agent solar-intro")]
    Test {
        /// Your number, in E.164 form.
        #[arg(long, value_name = "NUMBER")]
        to: String,
        /// The number shown; one of your provider's.
        #[arg(long, value_name = "NUMBER")]
        from: Option<String>,
        /// Which agent; without it the newest one.
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
    },
}

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
    List,
    /// The newest version as it was written, as JSON.
    Show {
        /// The agent.
        name: String,
    },
}

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

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, for example pace.lines=20")?;
    Ok((key.to_owned(), value.to_owned()))
}
