//! Jobs that live as rows of the job table, because they must be listed, retried and never lost.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Envelope;

/// Gather waiting tasks of one model into provider batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatherBatch {
    /// Send what there is, whatever its number and age.
    pub now: bool,
}

impl Envelope for GatherBatch {
    const KIND: &'static str = "gather_batch";
    const VERSION: u16 = 1;
}

/// Ask for a provider batch and apply what it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectBatch {
    /// Our row of the batch.
    pub batch: Uuid,
}

impl Envelope for CollectBatch {
    const KIND: &'static str = "collect_batch";
    const VERSION: u16 = 1;
}
