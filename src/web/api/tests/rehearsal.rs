//! Rehearsals by the API: what comes back, what is refused, and that nothing is touched.

use serde_json::{Value, json};

use super::bench::{AGENT, Bench, SETTINGS};

const PATH: &str = "/v1/campaigns/spring/rehearsal";

/// Everybody answers and says yes, for a minute.
fn friendly() -> Value {
    json!({ "runs": 2, "mix": { "human": 1 }, "outcomes": { "qualified": 1 }, "talk": { "median_s": 60, "p90_s": 60 } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_rehearsed_and_stays_as_it_was() {
    let bench = Bench::with_campaign().await;
    let before = (bench.get("/v1/campaigns/spring").await, bench.get("/v1/leads?campaign=spring").await, bench.get("/v1/calls").await);
    let answer = bench.json("POST", PATH, &friendly()).await;
    let report = &answer["body"];
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!((&report["leads"], &report["calls"]), (&json!(2), &json!({ "low": 2, "high": 2 })));
    assert_eq!(report["endings"], json!([{ "ending": "completed", "runs": 2 }]));
    assert_eq!(report["outcomes"], json!({ "qualified": { "low": 2, "high": 2 } }));
    assert_eq!(report["people"]["source"], "as ordered");
    assert_eq!(report["begins"]["low"], "2026-11-23T18:00:00Z");
    assert!(report["cost"]["usd"]["low"].as_f64().unwrap() > 0.05, "{report}");
    let after = (bench.get("/v1/campaigns/spring").await, bench.get("/v1/leads?campaign=spring").await, bench.get("/v1/calls").await);
    assert_eq!(before, after);
    assert_eq!(bench.get(PATH).await["body"], json!({ "running": false, "done": 0.0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_more_lines_and_another_pace() {
    let bench = Bench::with_campaign().await;
    let mut ask = friendly();
    (ask["lines"], ask["calls_per_second"]) = (json!(80), json!(4.0));
    let report = bench.json("POST", PATH, &ask).await["body"].clone();
    assert_eq!((&report["lines"], &report["calls_per_second"]), (&json!(80), &json!(4.0)));
    let said = report["assumptions"].to_string();
    assert!(said.contains("the workers have 50 (worker.lines)") && said.contains("the account is set to 1 (twilio"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rehearsed_is_refused_with_a_way_out() {
    let bench = Bench::with_campaign().await;
    let refused = async |body: Value| {
        let answer = bench.json("POST", PATH, &body).await;
        (answer["status"].clone(), answer["body"]["error"].to_string())
    };
    let table = [
        (json!({ "mix": { "people": 1 } }), "name human, voicemail"),
        (json!({ "outcomes": { "qualified": -1 } }), "a share is 0 or more"),
        (json!({ "talk": { "median_s": 60, "p90_s": 30 } }), "like 75-180"),
        (json!({ "runs": 0 }), "1 to 100 runs"),
        (json!({ "days": 900 }), "1 to 366 days"),
        (json!({ "from": "2026-11-20T09:00:00Z" }), "in the past"),
        (json!({ "lines": 0 }), "pace.lines"),
        (json!({ "calls_per_second": 0 }), "pace.calls_per_second"),
        (json!({ "line": 3 }), "unknown field `line`"),
    ];
    for (body, says) in table {
        let (status, error) = refused(body.clone()).await;
        assert!(status == 422 && error.contains(says), "{body}: {status} {error}");
    }
    assert_eq!(bench.json("POST", "/v1/campaigns/autumn/rehearsal", &json!({})).await["status"], 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_call_no_number_and_no_hours_are_told_at_once() {
    let bench = Bench::new().await;
    bench.text("POST", "/v1/agents", AGENT).await;
    bench.json("POST", "/v1/campaigns", &json!({ "name": "spring", "settings_toml": SETTINGS })).await;
    let empty = bench.json("POST", PATH, &json!({})).await;
    assert!(empty["status"] == 409 && empty["body"]["error"]["code"] == "nobody_to_call", "{empty}");
    bench.json("POST", "/v1/campaigns", &json!({ "name": "numberless" })).await;
    let numberless = bench.json("POST", "/v1/campaigns/numberless/rehearsal", &json!({})).await;
    assert!(numberless["body"]["error"]["message"].as_str().unwrap().contains("caller_numbers"), "{numberless}");

    let bench = Bench::with_campaign().await;
    let sundays = json!({ "set": { "hours.weekdays": "closed", "hours.saturday": "closed", "hours.sunday": "09:00-12:00" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &sundays).await["status"], 200);
    let never = bench.json("POST", PATH, &json!({})).await;
    assert!(never["status"] == 409 && never["body"]["error"]["code"] == "never_opens", "{never}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rehearsal_runs_at_a_time() {
    let bench = Bench::with_campaign().await;
    let ask = json!({ "runs": 20 });
    let (one, other) = tokio::join!(bench.json("POST", PATH, &ask), bench.json("POST", PATH, &ask));
    let mut statuses = [one["status"].as_u64(), other["status"].as_u64()];
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(200), Some(409)], "{one} {other}");
    assert_eq!(bench.json("POST", PATH, &friendly()).await["status"], 200, "the next one after it");
}
