//! What the protocol needs to know of an attempt, and what a provider can say about a call.

use crate::domain::attempt::AttemptState;
use crate::domain::time::Timestamp;
use crate::word_enum;

word_enum! {
    /// How far a call is, in the provider's words (`CallStatus` of Twilio's callbacks, `status` of its REST), in order.
    pub enum CallStatus {
        /// Waits at the provider.
        Queued = "queued",
        /// Dialling begins.
        Initiated = "initiated",
        /// The phone rings.
        Ringing = "ringing",
        /// Answered.
        InProgress = "in-progress",
        /// Was answered and is over.
        Completed = "completed",
        /// The line was busy.
        Busy = "busy",
        /// Nobody answered.
        NoAnswer = "no-answer",
        /// The call could not be made.
        Failed = "failed",
        /// Taken back before it was answered.
        Canceled = "canceled",
        /// The provider does not know the call (ours: REST answered 404).
        Gone = "gone",
    }
}

impl CallStatus {
    /// 0 queued … 3 answered, 4 over. A row's rank never falls.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled | Self::Gone => 4,
        }
    }

    /// Nothing more will happen to the call.
    #[must_use]
    pub const fn is_final(self) -> bool {
        self.rank() == 4
    }
}

/// The protocol's part of an attempt row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialRow {
    /// Where the attempt stands.
    pub state: AttemptState,
    /// The send that is armed, on its way, or was the last.
    pub send_no: u32,
    /// The call that belongs to the attempt.
    pub call_sid: Option<String>,
    /// Latest status by rank, then by the provider's sequence; `None` until the call rings.
    pub status: Option<CallStatus>,
    /// The provider's sequence number of `status`; −1 before the first.
    pub sequence: i32,
    /// SIP code of the end, where one was given.
    pub sip_code: Option<u16>,
    /// Who answered, in the provider's words.
    pub answered_by: Option<String>,
    /// When the provider was first known to have the call. Only rows with this time count towards the caps.
    pub placed_at: Option<Timestamp>,
    /// When it was first known to ring.
    pub ringing_at: Option<Timestamp>,
    /// When it was first known to be answered.
    pub answered_at: Option<Timestamp>,
    /// When the provider was known to have ended it.
    pub provider_ended_at: Option<Timestamp>,
    /// Seconds between answer and end, from the provider.
    pub provider_duration_s: Option<u32>,
}

impl DialRow {
    /// A freshly armed attempt.
    #[must_use]
    pub const fn ready() -> Self {
        Self {
            state: AttemptState::Ready,
            send_no: 1,
            call_sid: None,
            status: None,
            sequence: -1,
            sip_code: None,
            answered_by: None,
            placed_at: None,
            ringing_at: None,
            answered_at: None,
            provider_ended_at: None,
            provider_duration_s: None,
        }
    }

    /// Binds the call: from here on the attempt has this sid and no other.
    pub fn bind(&mut self, call_sid: &str, now: Timestamp) {
        self.state = AttemptState::Placed;
        self.call_sid = Some(call_sid.to_owned());
        self.placed_at.get_or_insert(now);
    }
}
