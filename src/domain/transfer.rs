//! A live call that is handed to a person: what came of ringing them.

use crate::word_enum;

word_enum! {
    /// What came of ringing the person, in the provider's words.
    pub enum TransferResult {
        /// They have the callee.
        Answered = "answered",
        /// Their line was busy.
        Busy = "busy",
        /// They did not answer in time.
        NoAnswer = "no-answer",
        /// The network could not reach them.
        Failed = "failed",
        /// The callee hung up while their phone rang.
        Canceled = "canceled",
    }
}
