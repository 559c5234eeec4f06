//! How many attempts stand where, and since when: the numbers an alarm is set on. What keeps the scheduler itself from dialing is
//! looked at with them.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;

use super::alarm::{Bells, Rung};
use super::{Duty, Scheduler};
use crate::domain::attempt::AttemptState;
use crate::store::StoreError;
use crate::telemetry::names;

/// How often it is measured.
pub const EVERY: Duration = Duration::from_secs(5);

/// The gauge.
pub struct Gauge {
    scheduler: Scheduler,
    bells: Bells,
}

impl Gauge {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler, bells: Bells::default() }
    }
}

#[async_trait]
impl Duty for Gauge {
    const NAME: &'static str = "gauge";

    async fn round(&mut self) -> Result<(), StoreError> {
        self.scheduler.look_around().await?;
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
            self.listen(*state, age);
        }
        // last: whatever needs the database alone does not wait for the queue
        self.scheduler.lookout.look_at_queue().await
    }
}

impl Gauge {
    fn listen(&mut self, state: AttemptState, age: Duration) {
        let limits = &self.scheduler.age_limits;
        let limit_s = limits.of(state).map(|limit| limit.as_secs());
        match self.bells.look(state, age, limits) {
            Rung::Begins => {
                tracing::warn!(%state, age_s = age.as_secs(), limit_s, "an attempt stands still for too long; a person should look");
            }
            Rung::Ends => tracing::info!(%state, age_s = age.as_secs(), limit_s, "no attempt stands still for too long any more"),
            Rung::Same => {}
        }
        metrics::gauge!(names::ALARM, "state" => state.as_str()).set(f64::from(u8::from(self.bells.rings(state))));
    }
}
