//! A request that is sent twice with one Idempotency-Key counts once.

use serde_json::json;

use super::bench::Bench;
use super::imports::{AT, MIXED, ROWS};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_request_count_once() {
    let bench = Bench::with_campaign().await;
    let first = json!({ "leads": [{ "phone": "+14155550130" }] }).to_string();
    let other = json!({ "leads": [{ "phone": "+14155550131" }] }).to_string();
    for (path, keys) in [(ROWS, ["k-1", "k-2"]), (AT, ["k-3", "k-4"])] {
        let key = [("idempotency-key", keys[0])];
        let (first, other) = if path == ROWS { (first.clone(), other.clone()) } else { (MIXED.to_owned(), MIXED.replace("Ann", "Anna")) };
        let done = bench.raw("POST", path, &key, first.clone()).await;
        assert_eq!(done.0, 201, "{done:?}");
        assert_eq!(bench.raw("POST", path, &key, first.clone()).await, done, "the same answer, to the letter");
        let (status, text) = bench.raw("POST", path, &key, other).await;
        assert!(status == 409 && text.contains("key_reused"), "{text}");
        let (status, again) = bench.raw("POST", path, &[("idempotency-key", keys[1])], first).await;
        let again: serde_json::Value = serde_json::from_str(&again).unwrap();
        assert_eq!((status, &again["accepted"]), (201, &0.into()), "another key is another request: {again}");
    }
    let (status, _) = bench.raw("POST", ROWS, &[("idempotency-key", "a b")], first).await;
    assert_eq!(status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_again_while_the_first_is_worked_on_gets_its_answer() {
    let bench = Bench::with_campaign().await;
    let (key, rows) = ([("idempotency-key", "k-6")], json!({ "leads": [{ "phone": "+14155550130" }] }).to_string());
    let send = || bench.raw("POST", ROWS, &key, rows.clone());
    let (one, two, three) = tokio::join!(send(), send(), send());
    assert!(one.0 == 201 && one.1.contains("\"accepted\":1"), "{one:?}");
    assert_eq!((&two, &three), (&one, &one));
    assert_eq!(send().await, one);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_for_one_request_whatever_it_asks_for() {
    let bench = Bench::with_campaign().await;
    let key = [("idempotency-key", "k-5")];
    let rows = json!({ "leads": [{ "phone": "+14155550130" }] }).to_string();
    assert_eq!(bench.raw("POST", ROWS, &key, rows.clone()).await.0, 201);
    for path in [AT, "/v1/campaigns/spring/imports?update=true"] {
        let (status, text) = bench.raw("POST", path, &key, MIXED.to_owned()).await;
        assert!(status == 409 && text.contains("key_reused"), "{path}: {text}");
    }
    assert_eq!(bench.raw("POST", ROWS, &key, rows).await.0, 201, "the request whose key it is is answered still");
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["total"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_answer_was_lost_goes_on() {
    let bench = Bench::with_campaign().await;
    let key = [("idempotency-key", "k-3")];
    let done = bench.raw("POST", AT, &key, MIXED.to_owned()).await;
    bench.forget_answers().await;
    let (status, again) = bench.raw("POST", AT, &key, MIXED.to_owned()).await;
    let (done, again): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&done.1).unwrap(), serde_json::from_str(&again).unwrap());
    assert_eq!(status, 201);
    for key in ["import_id", "rows", "accepted", "duplicates", "rejected", "updated", "by_code"] {
        assert_eq!(done[key], again[key], "{key}");
    }
}
