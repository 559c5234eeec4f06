//! Every gate before a campaign can be met, and is explained with its rule, what it sees and when it opens by itself.

mod capacity;
mod fleet;
mod hours;
mod obstacles;

use serde_json::{Value, json};

use self::fleet::{EXPLAIN, Fleet};
use super::bench::Bench;
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::not_permitted::NotPermitted;
use crate::store::StoreError;
use crate::store::codec::JsonText;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;

#[tokio::test(flavor = "multi_thread")]
async fn every_gate_is_met_and_explained() {
    let open = Fleet::dialing().await.explained().await;
    assert_eq!(open["answer"], "2 leads are due and 0 calls are under way; dialing goes on as lines and pace allow");
    for gate in CampaignGate::ALL.iter().copied() {
        let fleet = Fleet::dialing().await;
        fleet.meet(gate).await;
        let (explained, told) = (fleet.explained().await, fleet.gate(gate).await);
        assert!(!told["rule"].as_str().unwrap().is_empty() && !told["value"].as_str().unwrap().is_empty(), "{told}");
        let before = open["gates"].as_array().unwrap().iter().find(|before| before["gate"] == gate.as_str()).unwrap();
        assert_eq!((&before["open"], &before["opens_at"]), (&json!(true), &Value::Null));
        assert_eq!(told["open"], false, "{told}");
        let answer = explained["answer"].as_str().unwrap();
        assert!(answer.starts_with("nothing new is dialed: ") && answer.contains(told["value"].as_str().unwrap()), "{answer}");
        let by_itself = matches!(gate, CampaignGate::Provider | CampaignGate::Hours | CampaignGate::Pace);
        assert_eq!(told["opens_at"].is_string(), by_itself, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_campaign_waits_for_its_start_and_for_nothing_else() {
    let bench = Bench::with_campaign().await;
    let set = json!({ "set": { "schedule.start": "2026-11-24T18:00:00Z", "hours.override_reason": "test" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &set).await["status"], 200);
    assert_eq!(bench.post("/v1/campaigns/spring/start").await["body"]["state"], "scheduled");
    let told = bench.get(EXPLAIN).await["body"]["answer"].as_str().unwrap().to_owned();
    assert_eq!(
        told,
        "nothing new is dialed: the campaign is scheduled: it waits for its start time (`schedule.start`); opens 2026-11-24T18:00:00Z"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_is_not_permitted_is_told_while_the_campaign_runs_and_when_it_has_ended() {
    let fleet = Fleet::dialing().await;
    let store = &fleet.bench.store;
    let lead = store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].clone();
    let mut countries = NotPermitted::default();
    let why = countries.add(&lead.phone_number, "spring", "the provider refused a call with code 21215").denial().why();
    let done: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query("UPDATE campaign SET not_permitted = $1").bind(JsonText(&countries)).execute(&mut *tx).await?;
        sqlx::query("UPDATE lead SET state = 'parked', wait_reason = $1").bind(&why).execute(tx).await?;
        Ok(())
    });
    done.unwrap();
    let command = "callfleet leads retry --parked --campaign spring";
    for path in [EXPLAIN, "/v1/campaigns/spring"] {
        let warned = fleet.bench.get(path).await["body"]["warnings"][0].as_str().unwrap().to_owned();
        assert!(["US", "code 21215", command].iter().all(|part| warned.contains(part)), "{path}: {warned}");
    }
    let ended: Result<(), StoreError> = on_db!(store.db, write, tx => {
        sqlx::query("UPDATE campaign SET state = 'completed'").execute(tx).await?;
        Ok(())
    });
    ended.unwrap();
    let answer = fleet.explained().await["answer"].as_str().unwrap().to_owned();
    assert_eq!(answer, format!("nothing new is dialed: the campaign is completed and 2 leads are parked: {why}"));
}
