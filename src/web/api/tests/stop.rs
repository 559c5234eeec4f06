//! Stopping a campaign by the API: who is hung up on, and who has to know.

use serde_json::json;

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn who_counts_on_live_calls_is_told_that_there_is_none() {
    let bench = Bench::with_campaign().await;
    bench.post("/v1/campaigns/spring/start").await;
    let refused = bench.json("POST", "/v1/campaigns/spring/stop", &json!({ "live": 3 })).await;
    let error = &refused["body"]["error"];
    assert_eq!((&refused["status"], &error["code"]), (&json!(409), &json!("live_calls")), "{refused}");
    assert_eq!(error["message"], "campaign spring has no live call");
    assert_eq!(error["fix"], "to stop it all the same: callfleet campaign stop spring");
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["state"], "running", "nothing was changed");
    assert_eq!(bench.json("POST", "/v1/campaigns/spring/stop", &json!({ "live": 0 })).await["body"]["state"], "paused");
}
