//! Removes old traces, a few at a time, so that tables that only grow do not.

use std::time::Duration;

use async_trait::async_trait;

use super::{Duty, Scheduler};
use crate::store::StoreError;

/// How often it is looked for some.
pub const EVERY: Duration = Duration::from_secs(60);
/// Rows of each kind that go in one statement.
const AT_ONCE: u32 = 2_000;
/// Statements of each kind in one round: more than a busy minute leaves behind.
const STEPS: u32 = 30;

/// The pruner.
pub struct Pruner {
    scheduler: Scheduler,
}

impl Pruner {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler }
    }
}

#[async_trait]
impl Duty for Pruner {
    const NAME: &'static str = "prune";

    async fn round(&mut self) -> Result<(), StoreError> {
        for _ in 0..STEPS {
            if self.scheduler.store.prune(AT_ONCE, self.scheduler.clock.now()).await? == 0 {
                break;
            }
        }
        Ok(())
    }
}
