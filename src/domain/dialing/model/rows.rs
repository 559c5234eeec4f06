//! The rows in memory; every change of state must stand in the tables.

use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::dialing::{DialRow, LeadStep, Watch};
use crate::domain::lead::LeadState;

#[derive(Debug)]
pub(super) struct Lead {
    pub state: LeadState,
    pub kind: DialKind,
    pub next_at: u64,
    /// Which attempt has the number, and until when it rests after an absent call.
    pub number: Option<(usize, Option<u64>)>,
    pub attempts: Vec<usize>,
}

impl Lead {
    pub fn new(next_at: u64) -> Self {
        Self { state: LeadState::New, kind: DialKind::Fresh, next_at, number: None, attempts: Vec::new() }
    }

    pub fn become_state(&mut self, to: LeadState) {
        assert!(self.state.may_become(to), "lead: {} to {to}", self.state);
        self.state = to;
    }

    pub fn step(&mut self, step: &LeadStep) {
        match step {
            LeadStep::Waiting { kind, at, .. } => {
                self.become_state(LeadState::Waiting);
                (self.kind, self.next_at) = (*kind, u64::try_from(at.as_millis()).unwrap());
            }
            LeadStep::Finished { .. } => self.become_state(LeadState::Finished),
            LeadStep::Suppressed => self.become_state(LeadState::Suppressed),
            LeadStep::Parked { .. } => self.become_state(LeadState::Parked),
        }
    }
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub lead: usize,
    pub kind: DialKind,
    pub row: DialRow,
    pub lease_until: u64,
    pub intent: u64,
    pub deadline: u64,
    pub rearm_at: Option<u64>,
    pub refusals: u32,
    pub news_at: u64,
    pub watch: Option<Watch>,
    /// (call, send, signed): every call that was ever named for this attempt.
    pub seen: Vec<(usize, u32, bool)>,
}

impl Attempt {
    pub fn new(lead: usize, kind: DialKind, lease_until: u64) -> Self {
        let row = DialRow::ready();
        Self {
            lead,
            kind,
            row,
            lease_until,
            intent: 0,
            deadline: 0,
            rearm_at: None,
            refusals: 0,
            news_at: 0,
            watch: None,
            seen: Vec::new(),
        }
    }

    pub fn become_state(&mut self, to: AttemptState) {
        assert!(self.row.state.may_become(to), "attempt: {} to {to}", self.row.state);
        self.row.state = to;
    }
}
