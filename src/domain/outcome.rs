//! What came of a call: one disposition, one reason, and flags that are never derived from either.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::word_enum;

word_enum! {
    /// What came of an attempt or a lead.
    pub enum Disposition {
        /// The agent version's own rule holds over the slots it collected.
        Qualified = "qualified",
        /// A conversation that did not qualify.
        NotQualified = "not_qualified",
        /// Handed to a person.
        Transferred = "transferred",
        /// The callee asked to be called at another time.
        Callback = "callback",
        /// Rang, nobody answered.
        NoAnswer = "no_answer",
        /// A machine answered.
        Voicemail = "voicemail",
        /// The line was busy.
        Busy = "busy",
        /// The provider or the network failed.
        Failed = "failed",
        /// Never reached within the caps.
        Unreached = "unreached",
        /// A conversation broke off before it was decided.
        Incomplete = "incomplete",
        /// The callee must not be called again.
        Dnc = "dnc",
    }
}

word_enum! {
    /// Why, in one word.
    pub enum Reason {
        /// Said no.
        Declined = "declined",
        /// Hung up.
        HungUp = "hung_up",
        /// Not the person's number.
        WrongNumber = "wrong_number",
        /// Somebody else answered.
        WrongPerson = "wrong_person",
        /// No common language.
        Language = "language",
        /// A screening assistant answered.
        CallScreened = "call_screened",
        /// A phone menu answered.
        Ivr = "ivr",
        /// A fax answered.
        Fax = "fax",
        /// The mailbox takes no more messages.
        MailboxFull = "mailbox_full",
        /// The number does not exist.
        InvalidNumber = "invalid_number",
        /// Blocked by the provider or the carrier.
        Blocked = "blocked",
        /// Our caller number is labelled as spam.
        SpamLabelled = "spam_labelled",
        /// The longest allowed call was reached.
        MaxDuration = "max_duration",
        /// The callee said nothing.
        Silence = "silence",
        /// Our side failed.
        AgentError = "agent_error",
        /// The provider has no such call.
        ProviderAbsent = "provider_absent",
        /// The call's budget was spent.
        BudgetStop = "budget_stop",
        /// Asked not to be called again.
        OptOut = "opt_out",
        /// Asked for a person.
        HumanRequested = "human_requested",
        /// The agent's objective was reached.
        Completed = "completed",
        /// Attempt caps are used up.
        CapsReached = "caps_reached",
        /// The provider refused the call for good.
        ProviderRefused = "provider_refused",
    }
}

/// Facts of a call that stand beside its disposition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Asked not to be called again, in words or by pressing 9.
    pub opt_out: bool,
    /// Refused to be recorded.
    pub recording_refused: bool,
    /// Asked whether this is a machine.
    pub asked_if_ai: bool,
    /// Asked for a person.
    pub human_requested: bool,
}

/// A promised callback, resolved in the callee's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromisedCallback {
    /// The words as they were said.
    pub words: String,
    /// Not before.
    pub earliest: Timestamp,
    /// Not after, where the words said so.
    pub latest: Option<Timestamp>,
    /// The IANA zone the words were read in.
    pub zone: String,
    /// What the conversation tells of it; `None` where there was none, or a version before this one held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

/// How well both sides know what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// How sure the reading of the words is, 0 to 100.
    pub confidence_percent: u8,
    /// The callee heard the time before the call was over.
    pub confirmed_aloud: bool,
}

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What came of it.
    pub disposition: Disposition,
    /// Why, where a word for it exists.
    pub reason: Option<Reason>,
    /// Facts beside the disposition.
    pub flags: Flags,
    /// Present when a callback was promised.
    pub callback: Option<PromisedCallback>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_an_older_version_wrote_is_read() {
        let old = r#"{ "words": "at five", "earliest": "2026-11-24T22:00:00Z", "latest": null, "zone": "America/New_York" }"#;
        let promise: PromisedCallback = serde_json::from_str(old).unwrap();
        assert_eq!((promise.words.as_str(), promise.agreement), ("at five", None));
        assert!(!serde_json::to_string(&promise).unwrap().contains("agreement"), "and read back by it");
    }
}
