//! What a rehearsal needs of the store: a campaign's copy in a file of its own, and questions that only a virtual clock asks.
//!
//! [`copy`] reads the real rows, of either engine, and writes none of them; [`standing`] asks the copy, [`endings`] asks what
//! real calls have come to.

pub mod copy;
pub mod endings;
pub mod standing;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use crate::store::life::Life;
use crate::store::{Store, StoreError, connect};

impl Store {
    /// Opens a file for a copy: nothing in it survives a power cut, and it may hold parts of lists. Its folder is made when it
    /// is missing; the schema is neither checked nor changed.
    ///
    /// # Errors
    /// The folder is in use or cannot be written.
    pub async fn scratch(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { db: connect::scratch(folder).await?, life: Life::default(), rounds: Arc::default() })
    }
}
