use insta::assert_json_snapshot;

use super::bench::Bench;
use crate::domain::time::Timestamp;
use crate::store::job::{JobEnd, NewJob};

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_paused_once_and_resumed() {
    let bench = Bench::new().await;
    assert_eq!(bench.post("/v1/queues/dial/pause").await["body"]["changed"], true);
    assert_eq!(bench.post("/v1/queues/dial/pause").await["body"]["changed"], false);
    assert_json_snapshot!("queues", bench.get("/v1/queues").await);
    assert_eq!(bench.post("/v1/queues/dial/resume").await["body"]["paused"], false);
    assert_json_snapshot!("unknown_queue", bench.post("/v1/queues/mail/pause").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_job_is_listed_and_run_again() {
    let bench = Bench::new().await;
    let now = Timestamp::from_millis(1_795_456_800_000);
    let job = NewJob { kind: "finish_call", key: "a", payload: "{}", run_at: now, max_attempts: 1 };
    bench.store.enqueue_job(job, now).await.unwrap();
    let claimed = bench.store.claim_jobs(&["finish_call"], std::time::Duration::from_secs(60), 1, now).await.unwrap();
    bench.store.end_job(&claimed[0], JobEnd::Dead("the provider lost it"), now).await.unwrap();

    assert_json_snapshot!("dead_jobs", bench.get("/v1/jobs?state=dead").await);
    let retry = format!("/v1/jobs/{}/retry", claimed[0].id);
    assert_eq!(bench.post(&retry).await["body"]["state"], "queued");
    assert_eq!(bench.get("/v1/jobs?state=dead").await["body"]["jobs"].as_array().unwrap().len(), 0);
    assert_eq!(bench.post("/v1/queues/finish_call/retry").await["body"]["retried"], 0);
    assert_eq!(bench.post("/v1/queues/dial/retry").await["status"], 409);
}
