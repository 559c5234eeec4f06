//! All runs together, as it is answered.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::bill::Bill;
use super::order::Order;
use super::people::Talk;
use super::range::{Range, by_word};
use super::tally::{Ending, Limit, Run};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::store::rehearsal::copy::Copied;

/// What came of a rehearsal. Ranges go from the lowest to the highest run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whose.
    pub campaign: String,
    /// When the clock began.
    pub from: Timestamp,
    /// Leads that were called or could have been.
    pub leads: u64,
    /// Leads of the list that were left out, by state: being called right now, done, or not to be called.
    pub left_out: BTreeMap<LeadState, u64>,
    /// Calls at the same time, and call starts per second.
    pub lines: u32,
    /// The same.
    pub calls_per_second: f64,
    /// First seed; each run has the next one.
    pub seed: u64,
    /// The people.
    pub people: PeopleReport,
    /// When the first call began; `None` when no run placed one.
    pub begins: Option<Range<Timestamp>>,
    /// When the last one was over.
    pub ends: Option<Range<Timestamp>>,
    /// How many runs ended how.
    pub endings: Vec<EndingCount>,
    /// Calls placed.
    pub calls: Range<u64>,
    /// Calls a person answered.
    pub reached: Range<u64>,
    /// Of those, conversations.
    pub conversations: Range<u64>,
    /// Calls by what came of them.
    pub outcomes: BTreeMap<String, Range<u64>>,
    /// Talked, to people and machines.
    pub talk_minutes: Range<u64>,
    /// By the list prices.
    pub cost: Cost,
    /// The hour with most calls of any run.
    pub busiest_hour: Option<BusiestHour>,
    /// Leads nobody called, by why.
    pub not_called: BTreeMap<String, Range<u64>>,
    /// Leads that were not done in the end, by why.
    pub still_open: BTreeMap<String, Range<u64>>,
    /// Leads that each gate held back at least once, caps among them.
    pub held_back: BTreeMap<String, Range<u64>>,
    /// Leads whose attempts were used up.
    pub attempts_used_up: Range<u64>,
    /// Callbacks promised, kept and missed.
    pub callbacks: Callbacks,
    /// Minutes that went to each hindrance.
    pub minutes: BTreeMap<String, Range<u64>>,
    /// The one that most time went to, over all runs.
    pub limited_by: Option<Limit>,
    /// What all this rests on.
    pub assumptions: Vec<String>,
    /// Each run.
    pub runs: Vec<RunReport>,
    /// Seconds the rehearsal took.
    pub seconds: f64,
}

/// Who picked up.
#[derive(Debug, Clone, Serialize)]
pub struct PeopleReport {
    source: String,
    mix: BTreeMap<String, f64>,
    outcomes: BTreeMap<String, f64>,
    talk: Talk,
}

/// So many runs ended like this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndingCount {
    /// How.
    #[serde(flatten)]
    pub ending: Ending,
    /// How many.
    pub runs: u64,
}

/// Dollars.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// All of it.
    pub usd: Range<f64>,
    /// The telephone's part.
    pub telephone_usd: Range<f64>,
    /// Ears' and mouth's.
    pub speech_usd: Range<f64>,
    /// The models'.
    pub models_usd: Range<f64>,
}

/// An hour and its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BusiestHour {
    /// When it begins.
    pub begins: Timestamp,
    /// Calls placed in it.
    pub calls: u64,
}

/// Promised callbacks.
#[derive(Debug, Clone, Serialize)]
pub struct Callbacks {
    /// All of them.
    pub promised: Range<u64>,
    /// Dialed within the campaign's tolerance.
    pub kept: Range<u64>,
    /// Dialed later, or not at all.
    pub missed: Range<u64>,
}

/// One run in short.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    seed: u64,
    begins: Option<Timestamp>,
    ends: Timestamp,
    #[serde(flatten)]
    ending: Ending,
    calls: usize,
    conversations: u64,
    cost_usd: f64,
}

impl Report {
    /// Out of the runs, of which there is at least one.
    pub(super) fn of(order: &Order, copied: Copied, runs: &[Run], took: Duration) -> Self {
        let people = &order.people;
        Self {
            campaign: order.campaign.name.clone(),
            from: order.from,
            leads: copied.leads,
            left_out: copied.left_out,
            lines: order.lines(),
            calls_per_second: order.settings.calls_per_second.min(order.deployment.account_rate),
            seed: order.seed,
            people: PeopleReport {
                source: people.source.clone(),
                mix: people.answers.by_word(),
                outcomes: people.wishes.by_word(),
                talk: people.talk,
            },
            begins: Range::of(runs.iter().filter_map(|run| run.placed.first().copied())),
            ends: Range::of(runs.iter().filter(|run| !run.placed.is_empty()).map(|run| run.over_at)),
            endings: endings(runs),
            calls: over(runs, |run| run.placed.len() as u64),
            reached: over(runs, |run| run.reached),
            conversations: over(runs, |run| run.conversations),
            outcomes: by_word(runs.iter().map(|run| &run.outcomes)),
            talk_minutes: over(runs, |run| minutes(run.talk)),
            cost: Cost::of(runs),
            busiest_hour: busiest_hour(runs),
            not_called: by_word(runs.iter().map(|run| &run.not_called)),
            still_open: by_word(runs.iter().map(|run| &run.open)),
            held_back: by_word(runs.iter().map(|run| &run.held_back)),
            attempts_used_up: over(runs, |run| run.attempts_used_up),
            callbacks: Callbacks {
                promised: over(runs, |run| run.callbacks.promised as u64),
                kept: over(runs, |run| run.callbacks.kept as u64),
                missed: over(runs, |run| run.callbacks.missed as u64),
            },
            minutes: spans(runs),
            limited_by: limited_by(runs),
            assumptions: assumptions(order),
            runs: runs.iter().map(RunReport::of).collect(),
            seconds: took.as_secs_f64(),
        }
    }
}

fn over(runs: &[Run], figure: impl Fn(&Run) -> u64) -> Range<u64> {
    Range::of(runs.iter().map(figure)).unwrap_or(Range { low: 0, high: 0 })
}

/// Rounded.
const fn minutes(span: Duration) -> u64 {
    (span.as_secs() + 30) / 60
}

fn endings(runs: &[Run]) -> Vec<EndingCount> {
    let mut counts: Vec<EndingCount> = Vec::new();
    for run in runs {
        match counts.iter_mut().find(|count| count.ending == run.ending) {
            Some(count) => count.runs += 1,
            None => counts.push(EndingCount { ending: run.ending.clone(), runs: 1 }),
        }
    }
    counts
}

fn busiest_hour(runs: &[Run]) -> Option<BusiestHour> {
    let hours = runs.iter().filter_map(Run::busiest_hour);
    // the first run's of those that are alike
    let (begins, calls) = hours.reduce(|most, hour| if hour.1 > most.1 { hour } else { most })?;
    Some(BusiestHour { begins, calls })
}

fn spans(runs: &[Run]) -> BTreeMap<String, Range<u64>> {
    let in_minutes: Vec<BTreeMap<Limit, u64>> =
        runs.iter().map(|run| run.spans.iter().map(|(limit, span)| (*limit, minutes(*span))).collect()).collect();
    by_word(in_minutes.iter())
}

/// What more of would have helped most. Waiting for redials and last calls are no hindrance that a setting of pace lifts, but
/// where they take most of the time, that is the answer.
fn limited_by(runs: &[Run]) -> Option<Limit> {
    let total = |limit: Limit| runs.iter().filter_map(|run| run.spans.get(&limit)).sum::<Duration>();
    Limit::ALL.iter().copied().filter(|limit| !total(*limit).is_zero()).max_by_key(|limit| total(*limit))
}

fn assumptions(order: &Order) -> Vec<String> {
    let mut said = order.notes.clone();
    said.extend([
        "every call is drawn anew: whoever did not answer may answer the next time as likely as anybody".to_owned(),
        "the campaign has the lines and the account's pace for itself; other campaigns only count for caps".to_owned(),
        "nothing breaks: no outage of the provider, no refused dial, no late ticket".to_owned(),
        "conversations last log-normally; who asks for a callback wants it tomorrow at the same time".to_owned(),
    ]);
    said.extend(order.voices.assumptions(order.from));
    said
}

impl Cost {
    fn of(runs: &[Run]) -> Self {
        let range = |part: fn(&Bill) -> NanoUsd| {
            Range::of(runs.iter().map(|run| part(&run.bill).as_usd())).unwrap_or(Range { low: 0.0, high: 0.0 })
        };
        Self {
            usd: range(Bill::sum),
            telephone_usd: range(|bill| bill.telephone),
            speech_usd: range(|bill| bill.speech),
            models_usd: range(|bill| bill.models),
        }
    }
}

impl RunReport {
    fn of(run: &Run) -> Self {
        Self {
            seed: run.seed,
            begins: run.placed.first().copied(),
            ends: run.over_at,
            ending: run.ending.clone(),
            calls: run.placed.len(),
            conversations: run.conversations,
            cost_usd: run.bill.sum().as_usd(),
        }
    }
}
