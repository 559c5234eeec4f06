//! When a campaign begins and ends, by the API.

use serde_json::{Value, json};

use super::bench::{Bench, SETTINGS};
use super::lifecycle::{set, start};

#[tokio::test(flavor = "multi_thread")]
async fn times_that_have_passed_are_told_when_they_are_written_down() {
    let bench = Bench::new().await;
    let settings = format!("{SETTINGS}\n[schedule]\nend = \"2026-11-20T09:00:00Z\"\n");
    let made = bench.json("POST", "/v1/campaigns", &json!({ "name": "spring", "settings_toml": settings })).await;
    assert_eq!(made["status"], 201, "{made}");
    let later = "callfleet campaign set spring schedule.end=2026-12-23T18:00:00Z";
    let over = format!("its end 2026-11-20T09:00:00Z has passed, and it cannot run before it has a later one: {later}");
    assert_eq!(made["body"]["warnings"], json!([over]));
    let cloned = bench.json("POST", "/v1/campaigns/spring/clone", &json!({ "name": "autumn" })).await;
    assert_eq!(cloned["body"]["warnings"], json!([over.replace("set spring", "set autumn")]));

    let set = async |start: &str, end: &str| {
        let keys = json!({ "set": { "schedule.start": start, "schedule.end": end } });
        bench.json("PATCH", "/v1/campaigns/spring", &keys).await["body"]["warnings"].clone()
    };
    let begins = "its start time 2026-11-20T09:00:00Z has passed: it begins as soon as it is started";
    assert_eq!(set("2026-11-20T09:00:00Z", "2026-12-31T18:00:00Z").await, json!([begins]));
    assert_eq!(set("2026-11-24T09:00:00Z", "2026-12-31T18:00:00Z").await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_scheduled_and_unscheduled() {
    let bench = Bench::with_campaign().await;
    set(&bench, "schedule.start", "2026-11-24T09:00:00-08:00").await;
    let started = start(&bench).await;
    assert_eq!((&started["body"]["state"], &started["body"]["changed"]), (&json!("scheduled"), &json!(true)));
    assert!(started["body"]["notes"][0].as_str().unwrap().starts_with("it starts at 2026-11-24T17:00:00Z"), "{started}");
    assert_eq!(start(&bench).await["body"]["changed"], false);
    let explained = bench.get("/v1/campaigns/spring/explain").await;
    assert_eq!(explained["body"]["gates"][0]["opens_at"], "2026-11-24T17:00:00Z");
    assert_eq!(bench.post("/v1/campaigns/spring/unschedule").await["body"]["state"], "draft");
    set(&bench, "schedule.start", "2026-11-20T09:00:00-08:00").await;
    let late = start(&bench).await;
    assert_eq!(late["body"]["state"], "running");
    assert!(late["body"]["notes"][0].as_str().unwrap().contains("has passed: it starts now"), "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_campaign_is_finished_by_a_slip_in_its_end() {
    let bench = Bench::with_campaign().await;
    set(&bench, "schedule.start", "2026-11-24T09:00:00-08:00").await;
    for (state, way_out) in [("scheduled", "callfleet campaign unschedule spring"), ("running", "callfleet campaign drain spring")] {
        assert_eq!(start(&bench).await["body"]["state"], state);
        // The second is this very moment; the start is taken away, or an end before it would be refused for that.
        for end in ["2020-01-01T00:00:00Z", "2026-11-23T18:00:00Z"] {
            let keys = json!({ "set": { "schedule.start": "", "schedule.end": end } });
            let refused = bench.json("PATCH", "/v1/campaigns/spring", &keys).await;
            assert_eq!((&refused["status"], &refused["body"]["error"]["code"]), (&json!(409), &json!("over")), "{end}: {refused}");
            assert!(refused["body"]["error"]["fix"].as_str().unwrap().ends_with(way_out), "{refused}");
        }
        assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["settings"]["schedule"]["end"], Value::Null, "nothing was changed");
        set(&bench, "schedule.start", "").await;
    }
    assert_eq!(set(&bench, "schedule.end", "2026-11-23T18:00:01Z").await["status"], 200);
    bench.post("/v1/campaigns/spring/pause").await;
    assert_eq!(set(&bench, "schedule.end", "2020-01-01T00:00:00Z").await["status"], 200, "it is asked for a later end when it goes on");
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["error"]["code"], "over");
}
