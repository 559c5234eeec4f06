use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use futures_util::stream;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_one_shape() {
    let bench = Bench::with_campaign().await;
    let nobody = "019ab000-0000-7000-8000-000000000000";
    let answers = [
        bench.get("/v1/nothing").await,
        bench.json("DELETE", "/v1/campaigns", &Value::Null).await,
        bench.get("/v1/campaigns/winter").await,
        bench.post("/v1/campaigns/winter/start").await,
        bench.get(&format!("/v1/calls/{nobody}")).await,
        bench.get("/v1/calls/seven").await,
        bench.get("/v1/leads/seven").await,
        bench.post(&format!("/v1/jobs/{nobody}/retry")).await,
        bench.get("/v1/leads?state=asleep").await,
        bench.get("/v1/leads?colour=red").await,
        bench.json("POST", "/v1/campaigns", &json!({ "name": "a b" })).await,
        bench.json("POST", "/v1/campaigns", &json!({ "name": "spring" })).await,
        bench.json("POST", "/v1/campaigns", &json!({ "name": "x", "agent": "nobody" })).await,
        bench.text("POST", "/v1/campaigns", "not json").await,
        bench.json("POST", "/v1/calls/test", &json!({ "to": "555" })).await,
        bench.get("/v1/campaigns/spring/imports/seven/rejects").await,
    ];
    for answer in &answers {
        let error = &answer["body"]["error"];
        for part in ["code", "message", "fix"] {
            assert!(error[part].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
        }
    }
    assert_json_snapshot!("refusals", answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_in_another_shape_are_told_the_shape_and_nothing_of_rust() {
    let bench = Bench::with_campaign().await;
    for body in [json!([]), json!("rows"), json!(7)] {
        let error = bench.json("POST", "/v1/campaigns/spring/leads", &body).await["body"]["error"].clone();
        let message = error["message"].as_str().unwrap();
        assert!(error["code"] == "bad_body" && !message.contains("struct"), "{error}");
        assert!(message.contains("expected a JSON object whose `leads` is a list of rows"), "{error}");
    }
}

/// Who is refused while he still sends may find the connection broken instead of the refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_taken_to_its_end_before_it_is_refused() {
    let bench = Bench::with_campaign().await;
    let cases = [
        ("/v1/campaigns/winter/imports", 2, 404),
        ("/v1/campaigns/spring/imports?region=XX", 2, 422),
        ("/v1/dnc-lists/national?scrub_date=2020-01-01", 2, 422),
        ("/v1/campaigns/spring/imports", 12, 413),
        ("/v1/dnc-lists/national?scrub_date=2026-11-20", 12, 413),
    ];
    for (path, mebibytes, expected) in cases {
        let taken = Arc::new(AtomicUsize::new(0));
        let (status, told) = bench.raw("POST", path, &[], list_of(mebibytes, Arc::clone(&taken))).await;
        assert_eq!((status, taken.load(Ordering::Relaxed)), (expected, mebibytes), "{path}: {told}");
    }
}

/// A body that does not say how long it is, and counts how much of it was taken.
fn list_of(mebibytes: usize, taken: Arc<AtomicUsize>) -> Body {
    let pieces = (0..mebibytes).map(move |_| {
        taken.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>("+14155550100,Ann\n".repeat((1 << 20) / 17 + 1))
    });
    Body::from_stream(stream::iter(pieces))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_are_kept_out() {
    let bench = Bench::with_campaign().await;
    let foreign = [("host", "127.0.0.1:8080"), ("origin", "https://evil.example")];
    let answer = bench.ask("POST", "/v1/campaigns/spring/start", &foreign, String::new()).await;
    assert_json_snapshot!("foreign_origin", answer);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["state"], "draft");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_tells_whether_it_lives_and_works() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/healthz").await["status"], 200);
    assert_eq!(bench.get("/readyz").await["body"]["status"], "ready");
    assert_eq!(bench.get("/metrics").await["status"], 404, "nothing is measured outside a process that runs");
}
