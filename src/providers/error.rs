//! A refusal or failure of an outside service, as every port reports it.

use std::time::Duration;

/// A refused or failed request to a provider, with the one thing a caller needs: does trying again help?
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {what}")]
pub struct ProviderError {
    /// Which service.
    pub provider: &'static str,
    /// What happened, without secrets, numbers or transcripts.
    pub what: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Whether the same request may succeed later.
    pub again: Again,
}

/// Does trying again help?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Yes, after a backoff of the caller's choice.
    Yes,
    /// Yes, but not before this.
    After(Duration),
    /// No: the request, the key or the account has to change.
    No,
}
