use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::super::campaigns::TEST_CALLS;
use super::bench::{AGENT, Bench};
use crate::call::journal::{CallEvent, EventKind};
use crate::domain::ids::{AttemptId, WorkerId};
use crate::domain::time::Timestamp;
use crate::store::contract::fixtures;
use crate::store::lease::SCHEDULER;
use crate::store::queue_control::DIAL_QUEUE;
use crate::store::worker::NewWorker;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

async fn call(bench: &Bench) -> AttemptId {
    let campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let lead = fixtures::lead(&bench.store, campaign, 7).await;
    let attempt = fixtures::attempt(&bench.store, campaign, lead).await;
    let event = |seq, kind, body: &str| CallEvent { seq, offset_ms: u64::from(seq) * 1_000, kind, body: body.to_owned() };
    let timings = r#"{"turn":0,"end_of_turn":2000,"first_frame":2400}"#;
    let events = [event(0, EventKind::Agent, "Hi."), event(1, EventKind::Callee, "Hello?"), event(2, EventKind::Timings, timings)];
    bench.store.append_call_events(attempt, &events, now()).await.unwrap();
    attempt
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_shown_with_all_that_is_known() {
    let bench = Bench::with_campaign().await;
    let attempt = call(&bench).await;
    assert_json_snapshot!("call", bench.get(&format!("/v1/calls/{attempt}")).await);
    let listed = bench.get("/v1/calls?campaign=spring").await;
    assert_eq!(
        (&listed["body"]["calls"][0]["to_number"], &listed["body"]["calls"][0]["campaign"]),
        (&json!("+1415***0123"), &json!("spring"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_call_needs_a_process_that_places_it() {
    let bench = Bench::with_campaign().await;
    assert_json_snapshot!("test_call_alone", bench.json("POST", "/v1/calls/test", &json!({ "to": "+14155550199" })).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_call_is_refused_while_dials_are_paused() {
    let bench = Bench::with_campaign().await;
    bench.store.set_queue_paused(DIAL_QUEUE, true, "test", now()).await.unwrap();
    assert_json_snapshot!("test_call_paused", bench.json("POST", "/v1/calls/test", &json!({ "to": "+14155550199" })).await);
}

/// With a process that could place calls.
async fn running() -> Bench {
    let bench = Bench::with_campaign().await;
    let id = WorkerId::new();
    bench.store.register_worker(NewWorker { id, host: "here", version: "0", lines: 1 }, now()).await.unwrap();
    bench.store.acquire_lease(SCHEDULER, id, Duration::from_secs(60)).await.unwrap();
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_test_calls_hold_until_others_are_named() {
    let bench = running().await;
    let test = async |more: Value| {
        let mut body = json!({ "to": "+14155550199" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(bench.json("POST", "/v1/calls/test", &body).await["status"], 202, "{body}");
        let settings = bench.store.campaign_by_name(TEST_CALLS).await.unwrap().unwrap().settings.0;
        (settings["caller_numbers"][0].clone(), settings["transfer_to"].clone(), settings["on_voicemail"].clone())
    };
    let [first, second, person] = ["+14155550200", "+14155550201", "+14155550198"].map(Value::from);
    assert_eq!(test(json!({})).await, (first, Value::Null, json!("hang_up")), "the number of the campaign there is");
    assert_eq!(test(json!({ "from": second, "transfer_to": person })).await, (second.clone(), person.clone(), json!("hang_up")));
    let set = json!({ "set": { "on_voicemail": "leave_message" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/test-calls", &set).await["status"], 200);
    assert_eq!(test(json!({})).await, (second.clone(), person, json!("leave_message")), "none of it was named again");
    let set = json!({ "set": { "transfer_to": "" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/test-calls", &set).await["status"], 200);
    assert_eq!(test(json!({})).await, (second, Value::Null, json!("leave_message")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_call_is_handed_to_a_second_phone_that_can_be_reached() {
    let bench = running().await;
    let test = async |person: &str| bench.json("POST", "/v1/calls/test", &json!({ "to": "+14155550199", "transfer_to": person })).await;
    let same = test("+14155550199").await;
    assert_eq!((&same["status"], &same["body"]["error"]["code"]), (&json!(422), &json!("same_phone")), "{same}");
    let ours = test("+14155550200").await;
    assert!(ours["body"]["warnings"][0].as_str().unwrap().starts_with("transfer_to +1415***0200: campaign test-calls calls"), "{ours}");
    assert_eq!(test("+14155550198").await["body"]["warnings"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_call_is_a_lead_that_is_due_now_again_and_again() {
    let bench = running().await;
    for _ in 0..2 {
        assert_json_snapshot!("test_call", bench.json("POST", "/v1/calls/test", &json!({ "to": "+14155550199" })).await);
    }
    let campaign = bench.store.campaign_by_name("test-calls").await.unwrap().unwrap();
    let due = bench.store.due_leads(campaign.id, crate::domain::attempt::DialKind::ALL, now(), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert!(campaign.checked_settings().is_ok());
    let listed = bench.get("/v1/campaigns").await;
    assert_eq!(listed["body"]["campaigns"].as_array().unwrap().len(), 1, "the campaign of test calls is not listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_versions_and_problems_are_told_at_once() {
    let bench = Bench::new().await;
    assert_json_snapshot!("agent_saved", bench.text("POST", "/v1/agents", AGENT).await);
    assert_eq!(bench.text("POST", "/v1/agents", AGENT).await["body"]["is_new"], false);
    let other = AGENT.replace("gpt-6-luna", "house-model");
    let saved = bench.text("POST", "/v1/agents", &other).await;
    assert_eq!((&saved["body"]["version"], saved["body"]["warnings"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(bench.get("/v1/agents/solar-intro").await["body"]["version"], 2);
    let reckons = AGENT.replace("your question on solar power", "{{ bill * 2 }} dollars");
    let warnings = bench.text("POST", "/v1/agents", &reckons).await["body"]["warnings"].clone();
    assert!(warnings[0].as_str().unwrap().starts_with("lines.voicemail takes bill for a number"), "{warnings}");
    let broken = AGENT.replace("company = \"Brightfield Solar\"\npersona_name", "persona_name");
    assert_json_snapshot!("bad_agent", bench.text("POST", "/v1/agents", &broken).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_spent_costs_nothing() {
    let bench = Bench::new().await;
    assert_json_snapshot!("no_cost", bench.get("/v1/cost").await);
}
