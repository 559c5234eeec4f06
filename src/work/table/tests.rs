//! How jobs that end are counted.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::store::contract::support::{with_postgres, with_sqlite};
use crate::store::job::NewJob;

const LEASE: Duration = Duration::from_secs(60);

async fn a_job_whose_last_try_fails_is_counted_as_dead(store: Store) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let page = recorder.handle();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let shows = |verdict: &str, n: u32| {
        let sample = format!("callfleet_jobs_total{{kind=\"cancel_call\",verdict=\"{verdict}\"}} {n}");
        page.render().lines().any(|line| line == sample)
    };
    let rows = StoreRows { store: store.clone(), clock: Arc::new(SystemClock) };
    let now = SystemClock.now();
    for (key, max_attempts) in [("once", 1), ("twice", 2)] {
        let job = NewJob { kind: CancelCall::KIND, key, payload: "{}", run_at: now, max_attempts };
        store.enqueue_job(job, now).await.unwrap().unwrap();
    }
    let claimed = rows.claim(2, LEASE).await.unwrap();
    assert_eq!(claimed.len(), 2);
    let ended: Vec<_> = claimed.into_iter().map(|job| (job, Verdict::Retry("the provider is away".to_owned()))).collect();
    rows.finish(&ended).await.unwrap();
    assert!(shows("dead", 1) && shows("retry", 1), "{}", page.render());
}

// on one thread: the metrics are this thread's
#[tokio::test]
async fn a_last_try_that_fails_on_sqlite() {
    with_sqlite(a_job_whose_last_try_fails_is_counted_as_dead).await;
}

#[tokio::test]
async fn a_last_try_that_fails_on_postgres() {
    with_postgres(a_job_whose_last_try_fails_is_counted_as_dead).await;
}
