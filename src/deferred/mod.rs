//! What is asked about a call after it ended and can wait: a note for colleagues and a score, at half price.
//!
//! A finished attempt leaves tasks ([`tasks_for`]); [`Deferred::gather`] puts those that wait into provider batches;
//! [`Deferred::collect`] brings the answers home. A batch row is written before the provider hears of it, the provider's
//! id before it is polled, an answer is applied once. As a task's time runs out it comes down a ladder: from the batch (which
//! is cancelled when it is too slow) to flex, and from flex to a direct request at the full price.
//!
//! One `gather` and one `collect` run at a time in a deployment; their jobs see to that.

pub mod answer;
mod apply;
mod collect;
mod gather;
mod ladder;
pub mod rows;
mod task;

use std::sync::Arc;
use std::time::Duration;

pub use answer::{Score, Summary};
pub use collect::Collected;
pub use gather::Gathered;
pub use rows::DeferredRows;
pub use task::{Subject, TaskDraft, tasks_for};

use crate::clock::SharedClock;
use crate::providers::{BatchDesk, Mind};

/// When to gather, and when waiting ends.
#[derive(Debug, Clone, Copy)]
pub struct DeferredSettings {
    /// Tasks that make a batch worth sending at once.
    pub enough: u32,
    /// A task that waited this long is sent in however small a batch.
    pub max_age: Duration,
    /// Tasks of one batch. Providers take 50,000 lines or 200 MB; a request stays below 40 kB.
    pub max_tasks: u32,
    /// A task due within this time leaves its batch and is asked by flex; `None` where the provider has no such tier.
    pub flex_before: Option<Duration>,
    /// A task due within this time is asked directly.
    pub direct_before: Duration,
    /// Tasks asked by flex or directly in one run.
    pub direct_per_run: u32,
    /// Requests to the model at the same time.
    pub direct_at_once: usize,
    /// How often a task is tried before it is given up.
    pub max_tries: u32,
}

impl Default for DeferredSettings {
    fn default() -> Self {
        Self {
            enough: 500,
            max_age: Duration::from_secs(15 * 60),
            max_tasks: 5_000,
            flex_before: Some(Duration::from_secs(3 * 3600)),
            direct_before: Duration::from_secs(30 * 60),
            direct_per_run: 200,
            direct_at_once: 4,
            max_tries: 6,
        }
    }
}

/// Gathers, asks and collects.
#[derive(Clone)]
pub struct Deferred {
    /// Where tasks and batches are kept.
    pub rows: Arc<dyn DeferredRows>,
    /// The provider's batches; `None` when it has none, then everything is asked directly.
    pub desk: Option<Arc<dyn BatchDesk>>,
    /// The model service, for what cannot wait.
    pub mind: Arc<dyn Mind>,
    /// Its name in the ledger.
    pub provider: &'static str,
    /// Business time.
    pub clock: SharedClock,
    /// When to do what.
    pub settings: DeferredSettings,
}

#[cfg(test)]
mod tests;
