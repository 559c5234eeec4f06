//! How many attempts stand where, and since when: the numbers an alarm is set on.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;

use super::{Duty, Scheduler};
use crate::domain::attempt::AttemptState;
use crate::store::StoreError;
use crate::telemetry::names;

/// How often it is measured.
pub const EVERY: Duration = Duration::from_secs(5);

/// The gauge.
pub struct Gauge {
    scheduler: Scheduler,
}

impl Gauge {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler }
    }
}

#[async_trait]
impl Duty for Gauge {
    const NAME: &'static str = "gauge";

    async fn round(&mut self) -> Result<(), StoreError> {
        let mut by_state: HashMap<AttemptState, i64> = HashMap::new();
        for count in self.scheduler.store.open_counts().await? {
            *by_state.entry(count.state).or_default() += count.attempts;
        }
        let (oldest, now) = (self.scheduler.store.oldest_by_state().await?, self.scheduler.clock.now());
        for state in AttemptState::ALL.iter().filter(|state| state.is_open()) {
            let attempts = by_state.get(state).copied().unwrap_or(0);
            let age = oldest.iter().find(|row| row.state == *state).map_or(Duration::ZERO, |row| now.since(row.since));
            #[allow(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!(names::ATTEMPTS, "state" => state.as_str()).set(attempts as f64);
            metrics::gauge!(names::OLDEST, "state" => state.as_str()).set(age.as_secs_f64());
        }
        Ok(())
    }
}
