//! `callfleet call …`

use clap::Subcommand;

use crate::domain::phone::PhoneNumber;

/// Calls.
#[derive(Debug, Subcommand)]
pub enum Call {
    /// The latest calls.
    #[command(after_help = "Example: callfleet call list --campaign spring")]
    List {
        /// Only of this campaign.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// One call: transcript, timings, cost, outcome.
    #[command(after_help = "Example: callfleet call show 01939f2e-6b1c-7c9a-8d3e-5f0a1b2c3d4e")]
    Show {
        /// The attempt's id.
        id: String,
    },
    /// One call to your own phone with an agent.
    ///
    /// Settings of these calls hold until they are changed, by the options below or as those of any campaign: callfleet campaign set
    /// test-calls on_voicemail=leave_message
    #[command(after_help = "Example: callfleet call test --to +14155550123 --agent solar-intro")]
    Test {
        /// Your number, in E.164 form.
        #[arg(long, value_name = "NUMBER", value_parser = number)]
        to: String,
        /// The number shown; one of your provider's. Without it the one of the last test call, at first of the newest campaign.
        #[arg(long, value_name = "NUMBER", value_parser = number)]
        from: Option<String>,
        /// Which agent; without it the newest one.
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
        /// A second phone, rung when you ask for a person. Without it the one of the last test call.
        #[arg(long, value_name = "NUMBER", value_parser = number)]
        transfer_to: Option<String>,
    },
}

fn number(text: &str) -> Result<String, String> {
    PhoneNumber::from_e164(text).map(|number| number.e164().to_owned()).map_err(|error| error.to_string())
}
