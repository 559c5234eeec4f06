//! Dial one armed attempt.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Envelope;

/// Dial this attempt, if its row still waits for exactly this send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialLead {
    /// The attempt.
    pub attempt: Uuid,
    /// Which send of it: a ticket for an earlier send is stale.
    pub send_no: u32,
}

impl Envelope for DialLead {
    const KIND: &'static str = "dial_lead";
    const VERSION: u16 = 1;
}
