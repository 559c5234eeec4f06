//! Every call the account ever made, as the REST API sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::form::Hook;
use super::order::Source;

/// Where a call stands. (`initiated` is only a callback's word; REST shows such a call as queued.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    Ringing,
    InProgress,
    Completed,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    pub(super) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}

/// What the REST API may tell a live call.
#[derive(Debug)]
pub(super) enum Control {
    /// Hang up, or take back.
    End,
    /// Go on with other TwiML.
    Redirect { to: Source, fallback: Option<Hook> },
    /// No longer than this, from the answer on.
    TimeLimit(Duration),
    /// Report progress here from now on.
    Progress(Hook),
}

/// One leg.
#[derive(Debug)]
pub(super) struct Call {
    pub sid: String,
    pub to: String,
    pub from: String,
    pub direction: &'static str,
    pub parent: Option<String>,
    pub created: Timestamp,
    pub queue_time_ms: u64,
    pub status: watch::Sender<Status>,
    pub control: mpsc::Sender<Control>,
    record: Mutex<Record>,
}

/// What becomes known as the call goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub started: Option<Timestamp>,
    pub answered: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub answered_by: Option<&'static str>,
    /// What the far network said, for a call that was rung.
    pub sip: Option<u16>,
}

/// Who a new leg connects.
pub(super) struct Leg<'a> {
    pub to: &'a str,
    pub from: &'a str,
    pub parent: Option<&'a str>,
    pub queue_time_ms: u64,
}

impl Call {
    /// A fresh leg and the receiver of what the REST API tells it.
    pub(super) fn new(leg: &Leg<'_>) -> (Arc<Self>, mpsc::Receiver<Control>) {
        let (control, told) = mpsc::channel(8);
        let call = Self {
            sid: new_sid("CA"),
            to: leg.to.to_owned(),
            from: leg.from.to_owned(),
            direction: if leg.parent.is_some() { "outbound-dial" } else { "outbound-api" },
            parent: leg.parent.map(str::to_owned),
            created: Timestamp::now(),
            queue_time_ms: leg.queue_time_ms,
            status: watch::Sender::new(Status::Queued),
            control,
            record: Mutex::default(),
        };
        (Arc::new(call), told)
    }

    pub(super) fn status(&self) -> Status {
        *self.status.borrow()
    }

    pub(super) fn record(&self) -> Record {
        self.lock().clone()
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Record, Timestamp)) {
        let now = Timestamp::now();
        let mut record = self.lock();
        record.updated = Some(now);
        change(&mut record, now);
    }

    pub(super) fn enter(&self, status: Status) {
        self.note(|record, now| match status {
            Status::Ringing => record.started = Some(now),
            Status::InProgress => record.answered = Some(now),
            _ if status.is_final() => record.ended = Some(now),
            _ => {}
        });
        self.status.send_replace(status);
    }

    /// Seconds from the answer to the end, begun ones counted; 0 for a call that was never answered.
    pub(super) fn duration_s(&self) -> u64 {
        let record = self.lock();
        let (Some(answered), Some(ended)) = (record.answered, record.ended) else { return 0 };
        let ms = ended.as_millisecond().saturating_sub(answered.as_millisecond());
        u64::try_from(ms).unwrap_or(0).div_ceil(1_000)
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two letters and 32 hexadecimal digits.
pub(super) fn new_sid(kind: &str) -> String {
    format!("{kind}{:032x}", rand::random::<u128>())
}

/// All calls, in the order of their creation.
#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    by_sid: HashMap<String, Arc<Call>>,
    by_number: HashMap<String, Vec<Arc<Call>>>,
    all: Vec<Arc<Call>>,
}

impl Registry {
    pub(super) fn add(&self, call: &Arc<Call>) {
        let mut calls = self.lock();
        calls.by_sid.insert(call.sid.clone(), Arc::clone(call));
        calls.by_number.entry(call.to.clone()).or_default().push(Arc::clone(call));
        calls.all.push(Arc::clone(call));
    }

    pub(super) fn get(&self, sid: &str) -> Option<Arc<Call>> {
        self.lock().by_sid.get(sid).cloned()
    }

    /// Newest first; only those to one number, when it is given.
    pub(super) fn newest_first(&self, to: Option<&str>) -> Vec<Arc<Call>> {
        let calls = self.lock();
        match to {
            Some(number) => calls.by_number.get(number).into_iter().flatten().rev().cloned().collect(),
            None => calls.all.iter().rev().cloned().collect(),
        }
    }

    pub(super) fn remove(&self, sid: &str) {
        let mut calls = self.lock();
        if let Some(call) = calls.by_sid.remove(sid) {
            calls.all.retain(|other| other.sid != sid);
            if let Some(others) = calls.by_number.get_mut(&call.to) {
                others.retain(|other| other.sid != sid);
            }
        }
    }

    /// Calls that are queued, ringing or in progress.
    pub(super) fn live(&self) -> usize {
        self.lock().all.iter().filter(|call| !call.status().is_final()).count()
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
