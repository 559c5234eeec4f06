//! When a campaign begins and ends, by the API.

use serde_json::{Value, json};

use super::bench::{Bench, SETTINGS};

#[tokio::test(flavor = "multi_thread")]
async fn times_that_have_passed_are_told_when_they_are_written_down() {
    let bench = Bench::new().await;
    let settings = format!("{SETTINGS}\n[schedule]\nend = \"2026-11-20T09:00:00Z\"\n");
    let made = bench.json("POST", "/v1/campaigns", &json!({ "name": "spring", "settings_toml": settings })).await;
    assert_eq!(made["status"], 201, "{made}");
    let later = "callfleet campaign set spring schedule.end=2026-12-31T18:00:00Z";
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
