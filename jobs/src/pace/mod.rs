//! Pacing: how fast something may begin, by key.

mod local;
mod redis;
mod turn;

use std::time::Duration;

use async_trait::async_trait;
pub use local::LocalPacer;

pub use self::redis::RedisPacer;
pub use self::turn::Turn;

/// The pace cannot be asked for: nothing may begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pacer does not answer, so nothing is dialed: {0}")]
pub struct PaceError(pub String);

/// Lets things begin at a rate. Burst one: two slots lie no closer than `1 / rate` apart.
///
/// A pacer that may have forgotten what it gave out (its memory was emptied, or nobody asked for a while) lets a full interval
/// pass before the first caller begins. It is not waited for twice: who has waited as long for one key finds the others open.
#[async_trait]
pub trait Pacer: Send + Sync {
    /// Waits for this key's turn if it comes within `patience`. `None`, at once, when it does not: no turn was taken, so those
    /// behind this caller do not wait for somebody who could no longer use it. The next slot is `slots` intervals after this one's.
    ///
    /// # Errors
    /// [`PaceError`] when the pace is not known; the caller must not go on.
    async fn turn(&self, key: &str, per_second: f64, slots: u32, patience: Duration) -> Result<Option<Turn>, PaceError>;

    /// The same for what only must not begin before its turn. `false`: no turn within `patience`, and none was taken.
    ///
    /// # Errors
    /// [`PaceError`] when the pace is not known; the caller must not go on.
    async fn acquire(&self, key: &str, per_second: f64, patience: Duration) -> Result<bool, PaceError> {
        Ok(self.turn(key, per_second, 1, patience).await?.is_some())
    }

    /// Tells when the last turn of a key was given out, by whoever: the first one need not wait for what is known. A pacer whose
    /// memory outlives its processes needs no telling.
    fn remember(&self, _key: &str, _per_second: f64, _ago: Duration) {}

    /// Whether nobody has told of this key yet, and the pacer needs it.
    fn asks_about(&self, _key: &str) -> bool {
        false
    }

    /// Lets nothing begin under this key for a while, whoever asks: the other side said that it is full.
    ///
    /// # Errors
    /// [`PaceError`] when nobody could be told.
    async fn hold_back(&self, key: &str, pause: Duration) -> Result<(), PaceError>;
}
