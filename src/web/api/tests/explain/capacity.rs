//! What lines, money and pace leave for the next call.

use serde_json::{Value, json};

use super::fleet::Fleet;
use crate::clock::{Clock, SystemClock};
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::ids::WorkerId;
use crate::store::StoreError;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;
use crate::store::worker::{NewWorker, WorkerState};

#[tokio::test(flavor = "multi_thread")]
async fn free_lines_are_those_the_dispatcher_has() {
    let fleet = Fleet::dialing().await;
    let lines = async || fleet.gate(CampaignGate::Lines).await["value"].clone();
    let store = &fleet.bench.store;
    assert_eq!(lines().await, "10 of 10 lines of 2 workers are free");
    let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
    let campaign = store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let attempt = fixtures::attempt(store, campaign, lead).await;
    assert_eq!(lines().await, "9 of 10 lines of 2 workers are free", "whatever they announce");
    let held: Result<(), StoreError> = on_db!(store.db, statement, conn => {
        sqlx::query("UPDATE attempt SET held_by = $2 WHERE id = $1").bind(attempt).bind(fleet.workers[0]).execute(conn).await?;
        Ok(())
    });
    held.unwrap();
    assert!(store.set_worker_state(fleet.workers[0], WorkerState::Draining).await.unwrap());
    assert_eq!(lines().await, "5 of 5 lines of 1 worker are free", "whoever drains keeps its call to itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_money_that_calls_have_taken_are_free_at_the_end_of_a_call() {
    let fleet = Fleet::dialing().await;
    let store = &fleet.bench.store;
    for worker in fleet.workers {
        assert!(store.set_worker_state(worker, WorkerState::Draining).await.unwrap());
    }
    assert_eq!(fleet.gate(CampaignGate::Lines).await["opened_by"], Value::Null, "nobody takes calls");
    let new = NewWorker { id: WorkerId::new(), host: "here", version: "1", lines: 1 };
    store.register_worker(new, SystemClock.now()).await.unwrap();
    let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
    let campaign = store.campaign_by_name("spring").await.unwrap().unwrap().id;
    fixtures::attempt(store, campaign, lead).await;
    let told = fleet.gate(CampaignGate::Lines).await;
    assert_eq!((&told["open"], &told["opened_by"]), (&json!(false), &json!("the end of a call")), "{told}");
    let answer = "nothing new is dialed: no line is free: 1 line of 1 worker; it opens by the end of a call";
    assert_eq!(fleet.explained().await["answer"], answer);
    fleet.set("budget_usd", "0.5").await;
    let told = fleet.gate(CampaignGate::Budget).await;
    assert_eq!((&told["open"], &told["opened_by"]), (&json!(false), &json!("the end of a call")), "what it reserved: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_campaign_says_its_pace_and_until_when_it_rests() {
    let fleet = Fleet::dialing().await;
    fleet.set("pace.calls_per_second", "0.00333").await;
    let told = fleet.gate(CampaignGate::Pace).await;
    assert!(told["open"] == true && told["value"] == "its pace is 1 call in 5m, and none began for as long", "{told}");
    fleet.called("2026-11-23T17:59:00Z").await;
    let told = fleet.gate(CampaignGate::Pace).await;
    assert_eq!(told["value"], "its pace is 1 call in 5m, and the last one began at 2026-11-23T17:59:00Z");
    assert_eq!(told["opens_at"], "2026-11-23T18:03:57.3Z", "three seconds before the next one");
    let answer = fleet.explained().await["answer"].as_str().unwrap().to_owned();
    assert!(
        answer.starts_with("nothing new is dialed: its pace is 1 call in 5m") && answer.ends_with("opens 2026-11-23T18:03:57.3Z"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_does_not_suffice_for_one_call_is_closed_before_the_campaign_halts() {
    let fleet = Fleet::dialing().await;
    // a call reserves $0.5 here
    fleet.set("budget_usd", "0.3").await;
    let told = fleet.gate(CampaignGate::Budget).await;
    assert!(told["open"] == false && told["value"].as_str().unwrap().ends_with("and a call may need $0.5000"), "{told}");
    let warnings = async || fleet.bench.get("/v1/campaigns/spring").await["body"]["warnings"].to_string();
    let warning = "budget_usd $0.3000 does not suffice for one call, which may need $0.5000; raise budget_usd";
    assert!(warnings().await.contains(warning), "{}", warnings().await);
    fleet.set("budget_usd", "0.5").await;
    assert_eq!(fleet.gate(CampaignGate::Budget).await["open"], true, "enough for one");
    assert!(!warnings().await.contains("does not suffice"), "{}", warnings().await);
}
