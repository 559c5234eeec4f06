//! An attempt that is rung and held back again and again never stands still: that it waits shows all the same.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::domain::attempt::AttemptState;
use crate::scheduler::Duty as _;
use crate::scheduler::alarm::Watched;
use crate::scheduler::gauge::Gauge;
use crate::store::contract::support::with_sqlite;

const LIMIT: Duration = Duration::from_secs(900);

/// Every attempt has come to this state just now.
async fn moves(bench: &Bench, state: AttemptState) {
    let now = bench.clock.now();
    let moved: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
        sqlx::query("UPDATE attempt SET state = $1, state_at = $2").bind(state).bind(now).execute(conn).await?;
        Ok(())
    });
    moved.unwrap();
}

// on one thread: the metrics are this thread's
#[tokio::test]
async fn what_is_held_back_for_long_alarms_though_its_state_is_young() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let page = recorder.handle();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let shows = |sample: &str| page.render().lines().any(|line| line == sample);
    with_sqlite(async |store| {
        let mut bench = Bench::new(store, 5).await;
        let limits = [Watched::State(AttemptState::Refused), Watched::Unsent].map(|watched| (watched, LIMIT));
        bench.scheduler.age_limits = AgeLimits::new(limits);
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 1).await;
        bench.scheduler.tick().await.unwrap();
        let mut gauge = Gauge::new(bench.scheduler.clone());
        gauge.round().await.unwrap();
        assert!(shows("callfleet_oldest_attempt_alarm{state=\"unsent\"} 0"), "{}", page.render());

        bench.clock.forward(901.0);
        moves(&bench, AttemptState::Refused).await;
        gauge.round().await.unwrap();
        assert!(shows("callfleet_oldest_attempt_seconds{state=\"unsent\"} 901"), "{}", page.render());
        assert!(shows("callfleet_oldest_attempt_alarm{state=\"unsent\"} 1"), "{}", page.render());
        assert!(shows("callfleet_oldest_attempt_alarm{state=\"refused\"} 0"), "{}", page.render());

        moves(&bench, AttemptState::Placed).await;
        gauge.round().await.unwrap();
        assert!(shows("callfleet_oldest_attempt_alarm{state=\"unsent\"} 0"), "{}", page.render());
    })
    .await;
}
