//! One thing that happened, small enough to send around: ids, words and a masked number, nothing that was said.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::{AttemptId, CampaignId, LeadId};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::word_enum;

word_enum! {
    /// What an event is about.
    pub enum Kind {
        /// A call has come to another state.
        Call = "call",
        /// A call has its outcome.
        Outcome = "outcome",
        /// A campaign has come to another state.
        Campaign = "campaign",
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Grows with time; a listener that comes back names the last one it heard.
    pub id: Uuid,
    /// Business time.
    pub at: Timestamp,
    /// What it is about.
    pub kind: Kind,
    /// The state or the disposition.
    pub word: String,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Which attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempt: Option<AttemptId>,
    /// Of which lead.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lead: Option<LeadId>,
    /// The callee's number, masked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<String>,
}

/// Whose call it is.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Which attempt.
    pub attempt: AttemptId,
    /// Of which lead.
    pub lead: LeadId,
    /// The callee.
    pub number: &'a PhoneNumber,
}

impl LiveEvent {
    fn new(kind: Kind, word: &str, campaign: CampaignId, at: Timestamp) -> Self {
        Self { id: Uuid::now_v7(), at, kind, word: word.to_owned(), campaign, attempt: None, lead: None, number: None }
    }

    /// A campaign is in this state now.
    #[must_use]
    pub fn campaign(campaign: CampaignId, state: &str, at: Timestamp) -> Self {
        Self::new(Kind::Campaign, state, campaign, at)
    }

    /// A call is in this state now.
    #[must_use]
    pub fn call(whose: Whose<'_>, state: &str, at: Timestamp) -> Self {
        Self::of(Kind::Call, whose, state, at)
    }

    /// A call has this outcome.
    #[must_use]
    pub fn outcome(whose: Whose<'_>, disposition: &str, at: Timestamp) -> Self {
        Self::of(Kind::Outcome, whose, disposition, at)
    }

    fn of(kind: Kind, whose: Whose<'_>, word: &str, at: Timestamp) -> Self {
        let (attempt, lead) = (Some(whose.attempt), Some(whose.lead));
        // the number's Display masks it
        Self { attempt, lead, number: Some(whose.number.to_string()), ..Self::new(kind, word, whose.campaign, at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_carries_no_whole_number() {
        let number = PhoneNumber::from_e164("+14155550123").unwrap();
        let whose =
            Whose { campaign: CampaignId(Uuid::nil()), attempt: AttemptId(Uuid::nil()), lead: LeadId(Uuid::nil()), number: &number };
        let json = serde_json::to_string(&LiveEvent::call(whose, "ringing", Timestamp::from_millis(5))).unwrap();
        assert!(json.contains("***0123") && !json.contains("4155550123"), "{json}");
        let back: LiveEvent = serde_json::from_str(&json).unwrap();
        assert_eq!((back.kind, back.word.as_str()), (Kind::Call, "ringing"));
    }
}
