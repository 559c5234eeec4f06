//! What goes wrong on purpose: which connection is hit is decided by the scenario, the seed and how many came before.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
use serde::Deserialize;

use super::error::ApiError;
use crate::simulator::dice::{mix, unit};

/// One kind of trouble for some connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Only on paths that begin so, for example `/v1/speak`.
    #[serde(default)]
    pub path: String,
    /// Which part of the connections is hit, 0–1.
    #[serde(default = "whole")]
    pub share: f64,
    /// Only the first so many.
    #[serde(default)]
    pub first: Option<u64>,
    /// Messages the server still sends before a socket fails.
    #[serde(default)]
    pub after_messages: usize,
}

const fn whole() -> f64 {
    1.0
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Refused with 429 `TOO_MANY_REQUESTS`.
    Refuse,
    /// Refused with 503.
    Unavailable,
    /// The socket ends without a word.
    Cut,
    /// The server goes on reading and never sends again.
    HalfOpen,
    /// One message is not JSON; then all goes on.
    Garbage,
}

/// The faults and how often each was asked.
#[derive(Debug)]
pub struct FaultDice {
    faults: Vec<(Fault, AtomicU64)>,
    seed: u64,
}

impl FaultDice {
    /// No fault has been asked yet.
    pub fn new(faults: &[Fault], seed: u64) -> Self {
        Self { faults: faults.iter().map(|fault| (fault.clone(), AtomicU64::new(0))).collect(), seed }
    }

    /// The fault that hits this connection.
    pub fn throw(&self, path: &str) -> Option<&Fault> {
        self.faults.iter().enumerate().find_map(|(index, (fault, asked))| {
            if !path.starts_with(&fault.path) {
                return None;
            }
            let nth = asked.fetch_add(1, Ordering::Relaxed);
            let chance = unit(mix(self.seed, &[b"deepgram", &index.to_be_bytes(), &nth.to_be_bytes()]));
            (fault.first.is_none_or(|first| nth < first) && chance < fault.share).then_some(fault)
        })
    }
}

impl Fault {
    /// The answer to a connection that is refused at once.
    pub fn refusal(&self) -> Option<ApiError> {
        match self.kind {
            FaultKind::Refuse => Some(too_many()),
            FaultKind::Unavailable => Some(ApiError {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: "SERVICE_UNAVAILABLE",
                message: "Service unavailable.".to_owned(),
            }),
            FaultKind::Cut | FaultKind::HalfOpen | FaultKind::Garbage => None,
        }
    }
}

/// The 429 of a project that has as many connections as it may.
pub fn too_many() -> ApiError {
    ApiError {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: "TOO_MANY_REQUESTS",
        message: "Too many requests. Please try again later.".to_owned(),
    }
}
