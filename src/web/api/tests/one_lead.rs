//! One lead by the API: which is meant, why it is not called, and what its verbs do.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::super::campaigns::TEST_CALLS;
use super::bench::{Bench, LIST, SETTINGS};
use super::lifecycle::{set, start};
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::campaign::NewCampaign;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::dnc::ReadList;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_explained_by_number_key_or_id() {
    let bench = Bench::with_campaign().await;
    let explained = bench.get("/v1/leads/+14155550100/explain").await;
    assert_json_snapshot!("lead_explained", explained);
    assert_eq!(explained["body"]["gates"].as_array().unwrap().len(), Gate::ALL.len());
    let sees_nothing = |gate: &&Value| gate["value"].as_str().is_none_or(str::is_empty);
    assert_eq!(explained["body"]["gates"].as_array().unwrap().iter().find(sees_nothing), None);
    assert_eq!(bench.get("/v1/leads/a-1/explain?campaign=spring").await, explained);
    assert_eq!(bench.get("/v1/leads/a-1/explain").await["status"], 404);
    start(&bench).await;
    let open = bench.get("/v1/leads/+14155550100/explain").await;
    assert!(open["body"]["answer"].as_str().unwrap().starts_with("every gate is open and the lead is due"), "{open}");
    set(&bench, "hours.monday", "closed").await;
    let shut = bench.get("/v1/leads/+14155550100/explain").await;
    let hours = shut["body"]["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == "hours").unwrap();
    assert_eq!((&hours["open"], &hours["opens_at"]), (&json!(false), &json!("2026-11-24T17:00:00Z")));

    bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn", "settings_toml": SETTINGS, "agent": "solar-intro" })).await;
    bench.text("POST", "/v1/campaigns/autumn/imports", LIST).await;
    let several = bench.get("/v1/leads/+14155550100/explain").await["body"]["error"].clone();
    let mut named: Vec<&str> =
        several["message"].as_str().unwrap().trim_start_matches("several campaigns have that number: ").split(", ").collect();
    named.sort_unstable();
    assert_eq!((&several["code"], &named[..]), (&json!("several_leads"), &["autumn", "spring"][..]), "{several}");
    assert_eq!(bench.post("/v1/leads/+14155550100/cancel?campaign=autumn").await["body"]["state"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_due_after_its_gate_opens_says_so() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    set(&bench, "hours.monday", "closed").await;
    let told = async |due_at: &str| {
        let due_at = due_at.parse::<Timestamp>().unwrap();
        let done: Result<(), StoreError> = on_db!(bench.store.db, write, tx => {
            sqlx::query("UPDATE lead SET next_attempt_at = $1").bind(due_at).execute(tx).await?;
            Ok(())
        });
        done.unwrap();
        bench.get("/v1/leads/+14155550100/explain").await["body"]["answer"].as_str().unwrap().to_owned()
    };
    assert!(told("2026-11-24T12:00:00Z").await.ends_with("; opens 2026-11-24T17:00:00Z"), "due before its hours open");
    assert!(told("2026-11-26T18:00:00Z").await.ends_with("; opens 2026-11-24T17:00:00Z; it is due at 2026-11-26T18:00:00Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lead_of_a_test_call_is_meant_only_where_no_list_has_its_number() {
    let bench = Bench::with_campaign().await;
    let settings = json!({ "caller_numbers": ["+14155550200"] });
    let new = NewCampaign { name: TEST_CALLS, settings: &settings, agent_version: None };
    let tests = bench.store.create_campaign(new, "test", Timestamp::from_millis(1)).await.unwrap().unwrap().id;
    for (n, number) in [(1, "+14155550100"), (2, "+14155550177")] {
        let called = NewLead { phone_number: PhoneNumber::from_e164(number).unwrap(), ..fixtures::new_lead(n) };
        bench.store.insert_leads(fixtures::place(tests), &[called], Timestamp::from_millis(1)).await.unwrap();
    }
    assert_eq!(bench.get("/v1/leads/+14155550100/explain").await["body"]["campaign"], "spring");
    assert_eq!(bench.get("/v1/leads/+14155550177/explain").await["body"]["campaign"], TEST_CALLS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_does_not_wait_is_explained_by_where_it_stands() {
    let bench = Bench::with_campaign().await;
    let lead = bench.store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
    let cases = [
        (LeadState::Active, "being called".to_owned()),
        (LeadState::Finished, format!("not called any more: finished; callfleet leads retry {lead} calls it again")),
        (LeadState::Suppressed, "not called any more: suppressed: it is never called again".to_owned()),
        (LeadState::Parked, format!("not called now: parked; when that is mended, callfleet leads retry {lead} calls it again")),
        (LeadState::Cancelled, "not called any more: cancelled: it was taken off the list".to_owned()),
    ];
    for (state, told) in cases {
        fixtures::force_lead_state(&bench.store, lead, state).await;
        let explained = bench.exact("GET", &format!("/v1/leads/{lead}/explain"), "").await;
        assert_eq!(explained["answer"], told, "the draft is no answer: {explained}");
        let opened_by = match state {
            LeadState::Active => json!("the end of the call"),
            LeadState::Finished | LeadState::Parked => json!("a retry"),
            _ => Value::Null,
        };
        assert_eq!(explained["gates"][1]["opened_by"], opened_by, "{explained}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_too_old_does_not_open_by_itself() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let now = "2026-11-23T18:00:00Z".parse().unwrap();
    let list = ReadList { name: "old", registry: None, scrub_date: "2020-01-01" };
    fixtures::dnc_list(&bench.store, list, now).await;
    let explained = bench.get("/v1/leads/+14155550100/explain").await["body"].clone();
    let gate = explained["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == "dnc_age").unwrap();
    assert_eq!((&gate["opens_at"], &gate["opened_by"]), (&json!(null), &json!("a newer list")));
    assert!(explained["answer"].as_str().unwrap().ends_with("; it opens by a newer list"), "{explained}");
}

async fn in_state(bench: &Bench, state: LeadState) -> Vec<LeadId> {
    let filter = LeadFilter { state: Some(state), ..LeadFilter::default() };
    bench.store.leads(&filter, None, 10).await.unwrap().into_iter().map(|lead| lead.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_with_a_campaign_touches_that_lead_alone() {
    let bench = Bench::with_campaign().await;
    bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn", "settings_toml": SETTINGS, "agent": "solar-intro" })).await;
    bench.text("POST", "/v1/campaigns/autumn/imports", LIST).await;
    for lead in bench.store.leads(&LeadFilter::default(), None, 10).await.unwrap() {
        fixtures::force_lead_state(&bench.store, lead.id, LeadState::Parked).await;
    }
    let autumn = bench.store.campaign_by_name("autumn").await.unwrap().unwrap().id;
    let filter = LeadFilter { campaign: Some(autumn), external_id: Some("a-1".to_owned()), ..LeadFilter::default() };
    let meant = bench.store.leads(&filter, None, 1).await.unwrap()[0].id;
    let shown = bench.exact("GET", "/v1/leads/+14155550100?campaign=autumn", "").await;
    assert_eq!(shown["lead"]["id"], json!(meant), "{shown}");
    for (verb, to) in [("retry", LeadState::Waiting), ("cancel", LeadState::Cancelled)] {
        let done = bench.post(&format!("/v1/leads/+14155550100/{verb}?campaign=autumn")).await;
        assert_eq!(done["status"], 200, "{verb}: {done}");
        assert_eq!(in_state(&bench, to).await, [meant], "{verb}");
        assert_eq!(in_state(&bench, LeadState::Parked).await.len(), 3, "{verb}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_allowed_again_is_called_by_another_campaign() {
    let bench = Bench::with_campaign().await;
    bench.json("POST", "/v1/suppressions", &json!({ "phone_number": "+14155550100" })).await;
    bench.ask("DELETE", "/v1/suppressions/+14155550100?reason=typo", &[], String::new()).await;
    let again = bench.text("POST", "/v1/campaigns/spring/imports", LIST).await;
    assert_eq!((&again["body"]["accepted"], &again["body"]["duplicates"]), (&json!(0), &json!(2)), "{again}");
    let refused = bench.post("/v1/leads/+14155550100/retry").await;
    let message = refused["body"]["error"]["message"].as_str().unwrap();
    assert!(refused["status"] == 409 && message.contains("is suppressed; it stays so") && message.ends_with("another one"), "{refused}");
    let body = json!({ "name": "autumn", "settings_toml": SETTINGS, "agent": "solar-intro" });
    assert_eq!(bench.json("POST", "/v1/campaigns", &body).await["status"], 201);
    let other = bench.text("POST", "/v1/campaigns/autumn/imports", LIST).await;
    assert_eq!((&other["body"]["accepted"], &other["body"]["suppressed"]), (&json!(2), &json!(0)), "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_is_brought_forward_is_told() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let lead = bench.exact("GET", "/v1/leads?campaign=spring&limit=1", "").await["leads"][0]["id"].as_str().unwrap().to_owned();
    let id: LeadId = lead.parse().unwrap();
    let friday: Timestamp = "2026-11-27T18:00:00Z".parse().unwrap();
    let promised: Result<(), StoreError> = on_db!(bench.store.db, write, tx => {
        sqlx::query("UPDATE lead SET state = 'parked', next_kind = 'callback', next_attempt_at = $2 WHERE id = $1")
            .bind(id).bind(friday).execute(tx).await?;
        Ok(())
    });
    promised.unwrap();
    let warned = bench.post(&format!("/v1/leads/{lead}/retry")).await["body"]["warnings"].clone();
    let told = "a callback was promised for 2026-11-27T18:00:00Z: it is made as soon as every gate is open instead";
    assert_eq!(warned, json!([told]));
}
