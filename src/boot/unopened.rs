//! A fleet's database that cannot be opened: what went wrong, and what helps.

use crate::store::StoreError;

/// The store's own word, with a line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct Unopened {
    source: StoreError,
    /// What to do.
    pub fix: &'static str,
}

impl From<StoreError> for Unopened {
    fn from(source: StoreError) -> Self {
        Self { fix: source.opening_help(), source }
    }
}
