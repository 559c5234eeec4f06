//! What a holder is told about the call it takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::agents::definition::AgentDefinition;
use crate::call::ledger::Vendors;
use crate::call::turn::LineName;
use crate::clock::SharedClock;
use crate::domain::callback::PromiseHours;
use crate::domain::campaign::OnVoicemail;
use crate::domain::ids::AttemptId;
use crate::mind::prompt::Script;
use crate::providers::{Ears, Mind, Mouth, Telephony, Transfer};

/// One call, from the moment its media stream is open.
#[derive(Clone)]
pub struct CallBrief {
    /// Whose call it is.
    pub attempt: AttemptId,
    /// The provider's id of the call.
    pub call_sid: String,
    /// The agent's words for this lead; its definition says voice, ears, models and limits.
    pub script: Arc<Script>,
    /// Lines that were rendered ahead, 8 kHz μ-law without header. A clip must say exactly what its line says.
    pub clips: BTreeMap<LineName, Bytes>,
    /// When callbacks may be promised.
    pub hours: PromiseHours,
    /// So many callbacks may still be promised to this lead.
    pub callbacks_left: u32,
    /// What the last conversation found out, by slot: the agent is told of it and does not ask again.
    pub answered: BTreeMap<String, Value>,
    /// What to do when a machine answers.
    pub on_voicemail: OnVoicemail,
    /// How to hand the call to a person; `None` when there is nobody to ring.
    pub transfer: Option<Transfer>,
    /// The longest call.
    pub max_duration: Duration,
    /// Business time.
    pub clock: SharedClock,
    /// Who is paid for what.
    pub vendors: Vendors,
}

impl CallBrief {
    /// The agent.
    #[must_use]
    pub fn definition(&self) -> &Arc<AgentDefinition> {
        self.script.definition()
    }
}

/// The services a call is held with.
#[derive(Clone)]
pub struct Senses {
    /// Hears.
    pub ears: Arc<dyn Ears>,
    /// Speaks.
    pub mouth: Arc<dyn Mouth>,
    /// Thinks.
    pub mind: Arc<dyn Mind>,
    /// Ends the call, or hands it to a person.
    pub telephony: Arc<dyn Telephony>,
}
