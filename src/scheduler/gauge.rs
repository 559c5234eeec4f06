//! How many attempts stand where, and since when: the numbers an alarm is set on. What keeps the scheduler itself from dialing is
//! looked at with them.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;

use super::alarm::{Bells, Rung, Watched};
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
            self.tell(Watched::State(*state), age);
        }
        let unsent = self.scheduler.store.oldest_unsent().await?;
        self.tell(Watched::Unsent, unsent.map_or(Duration::ZERO, |since| now.since(since)));
        // last: whatever needs the database alone does not wait for the queue
        self.scheduler.lookout.look_at_queue().await
    }
}

/// Whether this process is the active scheduler. One that is not any more shows no numbers: the last ones it measured would stand
/// beside those of its successor.
pub fn tell_active(active: bool) {
    metrics::gauge!(names::SCHEDULER_ACTIVE).set(f64::from(u8::from(active)));
    if active {
        return;
    }
    for state in AttemptState::ALL.iter().filter(|state| state.is_open()) {
        metrics::gauge!(names::ATTEMPTS, "state" => state.as_str()).set(0.0);
    }
    for watched in Watched::all() {
        metrics::gauge!(names::OLDEST, "state" => watched.as_str()).set(0.0);
        metrics::gauge!(names::ALARM, "state" => watched.as_str()).set(0.0);
    }
}

impl Gauge {
    fn tell(&mut self, watched: Watched, age: Duration) {
        let (state, limits) = (watched.as_str(), &self.scheduler.age_limits);
        let limit_s = limits.of(watched).map(|limit| limit.as_secs());
        match self.bells.look(watched, age, limits) {
            Rung::Begins => tracing::warn!(state, age_s = age.as_secs(), limit_s, "an attempt {}; a person should look", watched.trouble()),
            Rung::Ends => tracing::info!(state, age_s = age.as_secs(), limit_s, "no attempt {} any more", watched.trouble()),
            Rung::Same => {}
        }
        metrics::gauge!(names::OLDEST, "state" => state).set(age.as_secs_f64());
        metrics::gauge!(names::ALARM, "state" => state).set(f64::from(u8::from(self.bells.rings(watched))));
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn whoever_is_not_active_any_more_shows_no_numbers() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let page = recorder.handle();
        let shows = |sample: &str| page.render().lines().any(|line| line == sample);
        metrics::with_local_recorder(&recorder, || {
            tell_active(true);
            metrics::gauge!(names::OLDEST, "state" => "talking").set(77.0);
            metrics::gauge!(names::ALARM, "state" => "talking").set(1.0);
            assert!(shows("callfleet_scheduler_active 1") && shows("callfleet_oldest_attempt_alarm{state=\"talking\"} 1"));
            tell_active(false);
        });
        assert!(shows("callfleet_scheduler_active 0") && shows("callfleet_oldest_attempt_alarm{state=\"talking\"} 0"));
        assert!(shows("callfleet_oldest_attempt_seconds{state=\"talking\"} 0"), "{}", page.render());
    }
}
