//! What has to be open before a campaign calls anybody, in the order in which `campaign explain` asks: its own switches first,
//! then the processes and what is in their way, then money and time. What a single lead has to pass are the permit's gates.

use crate::domain::permit::Gate;
use crate::word_enum;

word_enum! {
    /// A gate before all leads of a campaign.
    pub enum CampaignGate {
        /// The campaign's state.
        Campaign = "campaign",
        /// What it needs to call.
        Settings = "settings",
        /// The age of the do-not-call lists.
        DncAge = "dnc_age",
        /// The switch of the dial queue.
        Queue = "queue",
        /// The process that decides who is called.
        Scheduler = "scheduler",
        /// The processes that call.
        Lines = "lines",
        /// The clocks of both.
        Clock = "clock",
        /// What carries tickets between them and gives out turns.
        Tickets = "tickets",
        /// The other side of the line.
        Provider = "provider",
        /// The campaign's money.
        Budget = "budget",
        /// The share of calls that fail.
        Breaker = "breaker",
        /// The clocks of the callees.
        Hours = "hours",
        /// The time since the campaign's last call.
        Pace = "pace",
    }
}

impl CampaignGate {
    /// The rule of a gate.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Campaign => "only a running campaign calls",
            Self::Settings => "settings that can be used, an agent, and leads",
            Self::DncAge => Gate::DncAge.about(),
            Self::Queue => "the dial queue is not paused",
            Self::Scheduler => "one scheduler is active",
            Self::Lines => "a live worker has a free line",
            Self::Clock => "the clocks of the scheduler and of a worker are within 5 s of the database's",
            Self::Tickets => "the queue (Redis in a fleet) answers the scheduler and a worker: it carries the tickets and keeps the pace",
            Self::Provider => {
                "the provider can be reached and has not said that it is full; when it did, everyone waits as long as it asked"
            }
            Self::Budget => Gate::Budget.about(),
            Self::Breaker => "fewer calls fail than `breaker.failures` says; else the campaign is halted",
            Self::Hours => Gate::Hours.about(),
            Self::Pace => {
                "it is time for the campaign's next call: below one call in three seconds it rests after each (`pace.calls_per_second`)"
            }
        }
    }
}
