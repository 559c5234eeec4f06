//! What the telephone company charges for a call, as its row tells.

use crate::domain::dialing::CallStatus;
use crate::domain::time::Timestamp;
use crate::store::dial::row::AttemptRow;

/// A call that was answered and is over at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// When it was answered.
    pub answered_at: Timestamp,
    /// How it ended.
    pub status: CallStatus,
    /// How long it lasted from there, as the provider counts.
    pub talked_ms: u64,
    /// Its sound came to a worker.
    pub streamed: bool,
    /// The provider told who answered.
    pub detected: bool,
}

impl AttemptRow {
    pub(super) fn charge(&self) -> Option<Charge> {
        Some(Charge {
            answered_at: self.answered_at?,
            status: self.provider_status.filter(|status| status.is_final())?,
            talked_ms: self.provider_duration_s.map_or(0, |seconds| u64::try_from(seconds).unwrap_or(0) * 1000),
            streamed: self.held_by.is_some(),
            detected: self.answered_by.is_some(),
        })
    }
}
