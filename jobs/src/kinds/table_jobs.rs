//! Jobs that live as rows of the job table, because they must be listed, retried and never lost.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Envelope;

/// Fold the outcome of an attempt once both sides of its call are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishCall {
    /// The attempt.
    pub attempt: Uuid,
}

impl Envelope for FinishCall {
    const KIND: &'static str = "finish_call";
    const VERSION: u16 = 1;
}

/// Take back a call that is not its attempt's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCall {
    /// The provider's id of the call.
    pub call_sid: String,
}

impl Envelope for CancelCall {
    const KIND: &'static str = "cancel_call";
    const VERSION: u16 = 1;
}

/// Gather waiting tasks into provider batches. One row of a deployment, which is never done, only snoozed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatherBatch {}

impl Envelope for GatherBatch {
    const KIND: &'static str = "gather_batch";
    const VERSION: u16 = 1;
}

/// Ask for open batches and apply what they answered. One row of a deployment, which is never done, only snoozed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectBatch {}

impl Envelope for CollectBatch {
    const KIND: &'static str = "collect_batch";
    const VERSION: u16 = 1;
}
