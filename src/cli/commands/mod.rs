//! What can be typed, one file per noun. The doc comments are the help, and every verb has an example.

mod agent;
mod call;
mod callback;
mod campaign;
mod dnc;
mod leads;
mod processes;
mod queue;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use agent::Agent;
pub use call::Call;
pub use callback::Callback;
pub use campaign::Campaign;
pub use dnc::Dnc;
pub use leads::Leads;
pub use processes::{Demo, Simulator};
pub use queue::Queue;

const ROOT: &str = "Example: callfleet demo\n\nExit codes: 0 done, 1 failed, 2 wrong settings or usage, 130 interrupted";

/// Calls people from a list, talks with them through an AI voice agent, and writes down what came of it.
#[derive(Debug, Parser)]
#[command(name = "callfleet", version, propagate_version = true, arg_required_else_help = true, after_help = ROOT)]
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
    #[command(after_help = "Example: callfleet up --config my.toml")]
    Up,
    /// Fleet: serve API and callbacks.
    #[command(after_help = "Example: callfleet web --config fleet.toml")]
    Web,
    /// Fleet: decide who is called when (one is active, others stand by).
    #[command(after_help = "Example: callfleet scheduler --config fleet.toml")]
    Scheduler,
    /// Fleet: place calls and hold them.
    #[command(after_help = "Example: callfleet worker --config fleet.toml")]
    Worker,
    /// Bring the database's schema up to date.
    #[command(after_help = "Example: callfleet migrate --config fleet.toml")]
    Migrate,
    /// Serve simulated Twilio, Deepgram and OpenAI.
    Simulator(Simulator),
    /// Check settings, database, queue, clock and providers, and say what to fix.
    #[command(after_help = "Example: callfleet doctor --config my.toml")]
    Doctor,
    /// Create, start, pause and watch campaigns.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: callfleet campaign status spring")]
    Campaign(Campaign),
    /// Import and look at leads.
    #[command(
        subcommand,
        alias = "lead",
        arg_required_else_help = true,
        after_help = "Example: callfleet leads import --campaign spring leads.csv"
    )]
    Leads(Leads),
    /// Keep numbers that must not be called.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: callfleet dnc add +14155550123 --opt-out")]
    Dnc(Dnc),
    /// Look after queues and jobs.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: callfleet queue list")]
    Queue(Queue),
    /// Look at calls, or call your own phone.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: callfleet call test --to +14155550123 --agent solar-intro")]
    Call(Call),
    /// Look at promised callbacks, or try what words mean.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: callfleet callback list --campaign spring")]
    Callback(Callback),
    /// Save and look at agents.
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: callfleet agent save config/demo/agent.toml")]
    Agent(Agent),
    /// What it cost, and what it would have cost.
    #[command(after_help = "Example: callfleet cost --campaign spring")]
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

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::*;

    /// Every verb and noun with the words that lead to it.
    fn walk(command: &Command, before: &[String], visit: &mut impl FnMut(&[String], &Command)) {
        let path = [before, &[command.get_name().to_owned()]].concat();
        visit(&path, command);
        command.get_subcommands().for_each(|below| walk(below, &path, visit));
    }

    /// A line as a shell would split it; quoted words stay together.
    fn split(line: &str) -> Vec<String> {
        let parts = line.split('"').enumerate();
        parts
            .flat_map(|(at, part)| if at % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() })
            .collect()
    }

    /// The words before the first option, with the name a noun is listed by.
    fn spoken(line: &[String]) -> Vec<String> {
        let words = line.iter().map(|word| if word == "lead" { "leads".to_owned() } else { word.clone() });
        words.take_while(|word| !word.starts_with('-')).collect()
    }

    #[test]
    fn every_command_of_the_readme_can_be_typed() {
        let lines = include_str!("../../../README.md").lines().map(|line| line.replace("cargo run --release --", "callfleet"));
        let mut typed = 0;
        for line in lines.filter(|line| line.starts_with("callfleet ")) {
            let words = line.split('#').next().unwrap_or_default();
            let parsed = Cli::try_parse_from(split(words));
            assert!(parsed.is_ok(), "{words}: {}", parsed.unwrap_err());
            typed += 1;
        }
        assert!(typed > 15, "only {typed} commands were found");
    }

    /// A list of a day that is named here would be refused a month later; one of the day on which it is read would never grow too old.
    #[test]
    fn the_list_of_an_example_is_of_the_day_of_its_file() {
        let command = Cli::command();
        let import = command.find_subcommand("dnc").and_then(|dnc| dnc.find_subcommand("import")).unwrap();
        let help = import.get_after_help().unwrap().to_string();
        for text in [include_str!("../../../README.md"), include_str!("../../../docs/leads.md"), &help] {
            let mut days = text.split("--scrub-date ").skip(1).peekable();
            assert!(days.peek().is_some() && days.all(|day| day.starts_with("\"$(date -u -r ")), "{text}");
        }
    }

    #[test]
    fn every_verb_has_an_example_that_can_be_typed() {
        let mut verbs = 0;
        walk(&Cli::command(), &[], &mut |path, command| {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = help
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("Example: "))
                .unwrap_or_else(|| panic!("`{}` has no example: {help:?}", path.join(" ")));
            let line = split(example);
            assert!(spoken(&line).starts_with(path), "the example of `{}` is another verb's: {example}", path.join(" "));
            let parsed = Cli::try_parse_from(&line);
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            verbs += 1;
        });
        assert!(verbs > 50, "only {verbs} verbs were found");
    }
}
