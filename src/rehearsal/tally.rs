//! What one run came to: calls, outcomes, costs, where its time went, and how the list stands in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::bill::Bill;
use super::line::EndedCall;
use super::people::{Pickup, Wish};
use crate::domain::attempt::DialKind;
use crate::domain::callback::keep::Fidelity;
use crate::domain::lead::LeadState;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::permit::Gate;
use crate::domain::time::Timestamp;
use crate::store::rehearsal::standing::Standing;
use crate::word_enum;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "ending", content = "why")]
pub enum Ending {
    /// Every lead is done.
    Completed,
    /// The end time came before every lead was done.
    EndTime,
    /// The campaign was halted, and why.
    Halted(String),
    /// The money does not suffice for another call.
    BudgetSpent,
    /// A do-not-call list became too old to call anybody by it, and which.
    ListTooOld(String),
    /// The leads that are left can never be called.
    NeverOpens,
    /// The longest time was over.
    TooLong,
    /// Leads are due that the dispatcher cannot move; their rows are not readable.
    Stuck,
}

word_enum! {
    /// What held the next call up.
    pub enum Limit {
        /// The pace of call starts.
        Rate = "rate",
        /// Every line was taken.
        Lines = "lines",
        /// Leads were due, and it was too early or too late to call them.
        Hours = "hours",
        /// Nobody was due: redials and promised callbacks wait for their time.
        Waiting = "waiting",
        /// Nobody was left to call; the last calls went on.
        LastCalls = "last_calls",
    }
}

/// One run.
#[derive(Debug)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// When each call was placed.
    pub placed: Vec<Timestamp>,
    /// When the last call was over, or the run, if there was no call.
    pub over_at: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// Calls a person answered.
    pub reached: u64,
    /// Of those, conversations.
    pub conversations: u64,
    /// Calls by what came of them.
    pub outcomes: BTreeMap<Disposition, u64>,
    /// Seconds talked, to people and machines.
    pub talk: Duration,
    /// What it cost.
    pub bill: Bill,
    /// Where the time went.
    pub spans: BTreeMap<Limit, Duration>,
    /// Leads each gate held back at least once.
    pub held_back: BTreeMap<Gate, u64>,
    /// Leads nobody called, by why.
    pub not_called: BTreeMap<String, u64>,
    /// Leads that are not done, by why.
    pub open: BTreeMap<String, u64>,
    /// Leads that used up their attempts.
    pub attempts_used_up: u64,
    /// Promised callbacks.
    pub callbacks: Fidelity,
}

impl Run {
    /// Nothing has happened yet.
    pub fn new(seed: u64, from: Timestamp) -> Self {
        Self {
            seed,
            placed: Vec::new(),
            over_at: from,
            ending: Ending::Completed,
            reached: 0,
            conversations: 0,
            outcomes: BTreeMap::new(),
            talk: Duration::ZERO,
            bill: Bill::default(),
            spans: BTreeMap::new(),
            held_back: BTreeMap::new(),
            not_called: BTreeMap::new(),
            open: BTreeMap::new(),
            attempts_used_up: 0,
            callbacks: Fidelity::default(),
        }
    }

    /// A call ended.
    pub fn count(&mut self, call: &EndedCall, now: Timestamp) {
        self.over_at = now;
        self.reached += u64::from(call.reply.answer == Pickup::Human);
        self.conversations += u64::from(call.reply.wish.is_some_and(|wish| wish != Wish::HungUp));
        *self.outcomes.entry(call.finished.outcome.disposition).or_default() += 1;
        self.talk += call.reply.talk;
        self.bill += call.bill;
    }

    /// Time passed.
    pub fn spend(&mut self, limit: Limit, span: Duration) {
        if !span.is_zero() {
            *self.spans.entry(limit).or_default() += span;
        }
    }

    /// How the list stands.
    pub fn sort_leads(&mut self, standings: &[Standing]) {
        for standing in standings {
            let (why, leads) = (why(standing), u64::try_from(standing.leads).unwrap_or(0));
            if !standing.called {
                *self.not_called.entry(why.clone()).or_default() += leads;
            }
            if !standing.state.is_terminal() {
                *self.open.entry(why).or_default() += leads;
            }
            if standing.called && standing.reason == Some(Reason::CapsReached) {
                self.attempts_used_up += leads;
            }
        }
    }

    /// The hour with most calls: its beginning, and how many.
    pub fn busiest_hour(&self) -> Option<(Timestamp, u64)> {
        const HOUR_MS: i64 = 3_600_000;
        let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
        self.placed.iter().for_each(|at| *hours.entry(at.as_millis().div_euclid(HOUR_MS)).or_default() += 1);
        // the first of those that are alike
        let (hour, calls) = hours.into_iter().rev().max_by_key(|(_, calls)| *calls)?;
        Some((Timestamp::from_millis(hour * HOUR_MS), calls))
    }
}

/// Why a lead is where it is: a gate's word, `redial`, `callback`, or `not_reached` when its turn did not come.
fn why(standing: &Standing) -> String {
    let gate = standing.wait_reason.as_deref().and_then(|why| why.split_once(": ")?.0.parse::<Gate>().ok());
    match (standing.state, gate) {
        (LeadState::Suppressed, _) => Gate::Suppression.to_string(),
        (LeadState::Finished, _) if standing.reason == Some(Reason::CapsReached) => Gate::AttemptCap.to_string(),
        (LeadState::Finished, _) if standing.disposition == Some(Disposition::Failed) => Gate::Quarantine.to_string(),
        (LeadState::Finished, _) => "callback_missed".to_owned(),
        (_, Some(gate)) => gate.to_string(),
        (LeadState::Parked, None) => "parked".to_owned(),
        (_, None) if standing.next_kind == DialKind::Callback => "callback".to_owned(),
        (_, None) if standing.called => "redial".to_owned(),
        _ => "not_reached".to_owned(),
    }
}
