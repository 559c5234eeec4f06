//! The modelled provider: takes POSTs (or not), answers (or not), rings, calls back (or not), lists late.

use crate::domain::dialing::{CallStatus, ListedCall, PollAnswer};

/// Seeded chance (splitmix64).
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` up to, not including, `high`.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.range(0, 100) < percent
    }
}

/// A call as it really happened.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub lead: usize,
    pub attempt: usize,
    pub send_no: u32,
    pub created: u64,
    pub listed_from: u64,
    pub status: CallStatus,
    pub rang: bool,
}

/// What the provider does with one POST, all lags in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// Taken after a lag; the answer comes after another, or never.
    Taken { lag: u64, answer: Option<u64> },
    /// Refused with this status and code.
    Refused { status: u16, code: u32 },
    /// Refused with words, and made all the same.
    RefusedInWords,
    /// Taken, and shown long after anyone would wait for it.
    TakenLate,
    /// Never arrived, and nobody says so.
    Lost,
}

impl Fate {
    /// Accept and list lag together stay below the quiet time minus deadline and timeout: that is what it is made for.
    pub fn draw(chance: &mut Chance, honest: bool) -> Self {
        if !honest && chance.percent(4) {
            return if chance.percent(50) { Self::RefusedInWords } else { Self::TakenLate };
        }
        match chance.range(0, 100) {
            0..60 => Self::Taken { lag: chance.range(20, 400), answer: Some(chance.range(20, 900)) },
            60..70 => Self::Taken { lag: chance.range(20, 400), answer: None },
            70..80 => Self::Taken { lag: chance.range(2_000, 60_000), answer: Some(chance.range(20, 20_000)) },
            80..88 => Self::Lost,
            88..94 => Self::Refused { status: 429, code: 20429 },
            94..98 => Self::Refused { status: 400, code: 21220 },
            _ => Self::Refused { status: 400, code: 21211 },
        }
    }
}

/// Everything the provider knows.
#[derive(Debug, Default)]
pub(super) struct Provider {
    pub calls: Vec<Call>,
    /// The list API does not answer until then.
    pub list_down_until: u64,
}

impl Provider {
    pub fn create(&mut self, lead: usize, attempt: usize, send_no: u32, now: u64, list_lag: u64) -> usize {
        let listed_from = now + list_lag;
        self.calls.push(Call { lead, attempt, send_no, created: now, listed_from, status: CallStatus::Queued, rang: false });
        self.calls.len() - 1
    }

    /// Calls to a lead's number, as the list shows them.
    pub fn list(&self, lead: usize, now: u64) -> Option<Vec<ListedCall>> {
        (now >= self.list_down_until).then(|| {
            let listed = self.calls.iter().enumerate().filter(|(_, call)| call.lead == lead && call.listed_from <= now);
            listed.map(|(id, call)| ListedCall { call_sid: sid(id), created_at_ms: created(call, now), outbound_api: true }).collect()
        })
    }

    pub fn fetch(&self, id: usize) -> PollAnswer {
        let status = self.calls[id].status;
        PollAnswer::Call { status, duration_s: status.is_final().then_some(5), answered_by: None }
    }

    /// Takes a call back; it cannot ring any more.
    pub fn cancel(&mut self, id: usize) {
        if !self.calls[id].status.is_final() {
            self.calls[id].status =
                if self.calls[id].status == CallStatus::InProgress { CallStatus::Completed } else { CallStatus::Canceled };
        }
    }
}

/// Fresh calls have no creation time yet.
fn created(call: &Call, now: u64) -> Option<i64> {
    (now > call.created + 1_000).then(|| i64::try_from(call.created).unwrap())
}

pub(super) fn sid(id: usize) -> String {
    format!("CA{id}")
}

pub(super) fn id(sid: &str) -> usize {
    sid[2..].parse().unwrap()
}
