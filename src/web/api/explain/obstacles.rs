//! The gates that only the processes themselves can see: they say what keeps them from dialing, and here it is told with what helps.

use std::time::Duration;

use super::gates::gate;
use super::{Facts, GateJson};
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::obstacle::{Obstacle, Said, Standing};

const CLOCK_HELP: &str = "keep both clocks by NTP (`callfleet doctor` compares them)";
const QUEUE_HELP: &str = "start Redis or mend the way to it (`callfleet doctor` asks it); it goes on by itself";
const WAY_HELP: &str = "see to the network and to `twilio.base_url` (`callfleet doctor` asks it); it goes on by itself";

impl Facts {
    pub(super) fn clocks(&self) -> GateJson {
        self.met(CampaignGate::Clock, Obstacle::Clock, "no clock is more than 5 s from the database's", CLOCK_HELP)
    }

    pub(super) fn tickets(&self) -> GateJson {
        self.met(CampaignGate::Tickets, Obstacle::Queue, "nobody says that the queue does not answer", QUEUE_HELP)
    }

    fn met(&self, of: CampaignGate, obstacle: Obstacle, clear: &str, help: &str) -> GateJson {
        let standing = self.dialers.meet(obstacle, &self.words);
        let all = self.dialers.workers.len();
        let value = match standing {
            Standing::Clear => clear.to_owned(),
            Standing::Stale(said) => format!("{clear}; {}", was(said)),
            Standing::Some(said, workers) => {
                let do_not = if workers == 1 { "does not" } else { "do not" };
                format!("{workers} of {all} workers {do_not} dial: {}; {help}", is(said))
            }
            Standing::Workers(said) => format!("no worker dials: {}; {help}", is(said)),
            Standing::Scheduler(said) => format!("the scheduler rings nothing: {}; {help}", is(said)),
        };
        gate(of, standing.is_open(), value)
    }

    /// Whoever was told that the provider is full holds back everyone, and does so even when it has died since.
    pub(super) fn provider(&self) -> GateJson {
        let asked = self.words.iter().filter(|said| said.obstacle == Obstacle::Provider && !said.holds.is_zero());
        let Some(said) = asked.max_by_key(|said| said.holds) else {
            return self.met(CampaignGate::Provider, Obstacle::Unreachable, "nobody was told to wait", WAY_HELP);
        };
        let value = format!("the provider is full: {}; nothing is dialed until it may be asked again", is(said));
        GateJson { opens_at: Some(self.now + said.holds), ..gate(CampaignGate::Provider, false, value) }
    }
}

fn is(said: &Said) -> String {
    format!("{} ({} ago)", said.detail, seconds(said.age))
}

/// A process that died leaves its last word behind.
fn was(said: &Said) -> String {
    format!("process {} said {} ago, and not since: {}", said.process, seconds(said.age), said.detail)
}

fn seconds(age: Duration) -> String {
    format!("{} s", age.as_secs())
}
