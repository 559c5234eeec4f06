//! Stopping a campaign by the API: who is hung up on, and who has to know.

use serde_json::json;

use super::bench::Bench;
use super::lifecycle::start;
use crate::store::StoreError;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_without_live_calls_pauses() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let stopped = bench.json("POST", "/v1/campaigns/spring/stop", &json!({})).await;
    assert_eq!((&stopped["body"]["state"], &stopped["body"]["ended"]), (&json!("paused"), &json!(0)), "{stopped}");
    let again = bench.json("POST", "/v1/campaigns/spring/stop", &json!({})).await;
    assert_eq!(again["body"]["state"], "paused");
}

/// A call of the campaign's first lead that is talked on and that nobody holds.
async fn live_call(bench: &Bench) {
    let campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let filter = LeadFilter { campaign: Some(campaign), ..LeadFilter::default() };
    let lead = bench.store.leads(&filter, None, 1).await.unwrap()[0].id;
    let attempt = fixtures::attempt(&bench.store, campaign, lead).await;
    let named: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
        sqlx::query("UPDATE attempt SET call_sid = 'CA1' WHERE id = $1").bind(attempt).execute(conn).await?;
        Ok(())
    });
    named.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_on_how_many_people_hangs_up() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    live_call(&bench).await;
    for live in [json!({}), json!({ "live": 0 }), json!({ "live": 2 })] {
        let refused = bench.json("POST", "/v1/campaigns/spring/stop", &live).await;
        assert_eq!((&refused["status"], &refused["body"]["error"]["code"]), (&json!(409), &json!("live_calls")), "{refused}");
        assert!(refused["body"]["error"]["fix"].as_str().unwrap().contains("callfleet campaign stop spring --live 1"), "{refused}");
    }
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["state"], "running", "nothing was changed");
    let stopped = bench.json("POST", "/v1/campaigns/spring/stop", &json!({ "live": 1 })).await;
    assert_eq!((&stopped["body"]["state"], &stopped["body"]["ended"]), (&json!("paused"), &json!(1)), "{stopped}");
    let queues = bench.get("/v1/queues").await;
    let cancel = queues["body"]["queues"].as_array().unwrap().iter().find(|queue| queue["queue"] == "cancel_call").unwrap().clone();
    assert_eq!(cancel["waiting"], 1, "{cancel}");
}
