//! What the answer to the one POST proves: placed, provably not processed, or nothing at all.

use std::time::Duration;

use crate::domain::dialing::refusal::Refusal;

/// What was seen of the POST, freed from any vendor's types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostAnswer {
    /// 2xx with a sid.
    Placed {
        /// The provider's id of the call.
        call_sid: String,
    },
    /// A 4xx with the provider's own error JSON.
    NotProcessed {
        /// HTTP status.
        status: u16,
        /// The provider's code.
        code: Option<u32>,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Not a byte was written: no connection.
    NotSent,
    /// Not a byte was written: no turn came within the send window.
    HeldBack,
    /// Timeout, reset, 3xx, 5xx, an unreadable 2xx, a 4xx that is not the provider's.
    Unknown,
}

/// What it means for the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostClass {
    /// Bind this sid.
    Placed {
        /// The provider's id of the call.
        call_sid: String,
    },
    /// Provably no call.
    Refused {
        /// What kind of refusal.
        refusal: Refusal,
        /// The provider's code, for the row and the alarm.
        code: Option<u32>,
    },
    /// Perhaps a call: never sent again in line, only reconciled.
    Unknown,
}

/// `InternalServerError` of Twilio: the request may have been processed.
const PROVIDER_FAULT: u32 = 20500;

/// Classifies the answer of the one POST.
#[must_use]
pub fn classify(answer: &PostAnswer) -> PostClass {
    match answer {
        PostAnswer::Placed { call_sid } => PostClass::Placed { call_sid: call_sid.clone() },
        PostAnswer::NotSent => PostClass::Refused { refusal: Refusal::NotSent, code: None },
        PostAnswer::HeldBack => PostClass::Refused { refusal: Refusal::HeldBack, code: None },
        PostAnswer::NotProcessed { status, code, .. } if *status >= 500 || *code == Some(PROVIDER_FAULT) => PostClass::Unknown,
        PostAnswer::NotProcessed { status, code, retry_after } => {
            PostClass::Refused { refusal: Refusal::of(*status, *code, *retry_after), code: *code }
        }
        PostAnswer::Unknown => PostClass::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: Option<u32>) -> PostClass {
        classify(&PostAnswer::NotProcessed { status, code, retry_after: None })
    }

    #[test]
    fn a_fault_of_the_provider_proves_nothing() {
        assert_eq!(answer(500, Some(20500)), PostClass::Unknown);
        assert_eq!(answer(400, Some(20500)), PostClass::Unknown);
        assert_eq!(answer(503, None), PostClass::Unknown);
        assert_eq!(classify(&PostAnswer::Unknown), PostClass::Unknown);
    }

    #[test]
    fn what_was_not_written_cannot_ring() {
        for (answer, refusal) in [(PostAnswer::NotSent, Refusal::NotSent), (PostAnswer::HeldBack, Refusal::HeldBack)] {
            assert_eq!(classify(&answer), PostClass::Refused { refusal, code: None });
        }
    }

    #[test]
    fn a_sid_is_a_call() {
        let placed = classify(&PostAnswer::Placed { call_sid: "CA1".to_owned() });
        assert_eq!(placed, PostClass::Placed { call_sid: "CA1".to_owned() });
    }
}
