//! Chaos cells: one network of the fleet with one fault, for the first seconds of a campaign.
//!
//! What has to be seen, besides the invariants: once the fault is over, everybody who may be called has been called, and
//! nobody was kept on the line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::chaos::Fault;
use super::checker::Evidence;
use super::plan::{Fault as Happens, Net, Plan};
use super::times::Times;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub target: Target,
    pub fault: Fault,
}

/// What is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Redis,
    Postgres,
    /// The telephone provider's API.
    TwilioRest,
    /// The telephone provider's callbacks.
    Webhook,
    Media,
    Listening,
    Model,
    Voice,
}

const TARGETS: [Target; 8] =
    [Target::Redis, Target::Postgres, Target::TwilioRest, Target::Webhook, Target::Media, Target::Listening, Target::Model, Target::Voice];

const FAULTS: [Fault; 10] = [
    Fault::Latency { ms: 25, jitter_ms: 0 },
    Fault::Latency { ms: 10, jitter_ms: 80 },
    Fault::Latency { ms: 500, jitter_ms: 0 },
    Fault::Refuse,
    Fault::LoseRequest,
    Fault::HoldRequest { ms: 250 },
    Fault::DropResponse,
    Fault::ResetAfter { bytes: 60 },
    Fault::CutAfter { bytes: 60 },
    Fault::Slow { bytes_per_s: 1 },
];

/// How long a fault lasts.
const LASTS: Duration = Duration::from_millis(2_500);
/// No call of these people, who say a word or two, takes longer.
const LONGEST_CALL_MS: i64 = 25_000;

/// All that are played.
pub fn cells() -> Vec<Cell> {
    TARGETS.into_iter().flat_map(|target| FAULTS.into_iter().map(move |fault| Cell { target, fault })).collect()
}

impl Cell {
    pub fn plan(self, seed: u64, times: Times) -> Plan {
        Plan { cell: Some(self), faults: vec![(LASTS, Happens::Heal)], ..Plan::calm(seed, times) }
    }

    fn meets(self, net: Net, first: &[u8]) -> bool {
        let asks_for = |word: &[u8]| first.windows(word.len()).take(200).any(|piece| piece == word);
        match self.target {
            Target::Redis => net == Net::Redis,
            Target::Postgres => net == Net::Postgres,
            Target::TwilioRest => net == Net::Twilio,
            Target::Webhook => net == Net::Public && asks_for(b"/hooks/"),
            Target::Media => net == Net::Public && asks_for(b"/media"),
            Target::Listening => net == Net::Speech && asks_for(b"/listen"),
            Target::Model => net == Net::Model,
            Target::Voice => net == Net::Speech && asks_for(b"/speak"),
        }
    }
}

/// Chooses the fault of a connection on `net`, as long as it is `disturbed`.
pub fn strikes(cell: Option<Cell>, net: Net, disturbed: Arc<AtomicBool>) -> impl Fn(&[u8]) -> Fault + Send + Sync + 'static {
    move |first| match cell {
        Some(cell) if disturbed.load(Ordering::Relaxed) && cell.meets(net, first) => cell.fault,
        _ => Fault::None,
    }
}

/// What an operator would see, besides the invariants.
pub fn visible(evidence: &Evidence) -> Vec<String> {
    let (rows, mut complaints) = (&evidence.rows, Vec::new());
    for lead in rows.leads.iter().filter(|lead| !rows.rules_of(&lead.campaign).is_some_and(|rules| rules.closed)) {
        let tried = rows.attempts.iter().any(|attempt| attempt.lead_id == lead.id && attempt.state != "withdrawn");
        if !tried && lead.state != "suppressed" {
            complaints.push(format!("lead {} was never called", lead.external_id));
        }
    }
    let kept = evidence.truth.calls.iter().filter(|call| call.ended_ms.is_some_and(|end| end - call.created_ms > LONGEST_CALL_MS));
    complaints.extend(kept.map(|call| format!("{} was kept on the line", call.sid)));
    complaints
}
