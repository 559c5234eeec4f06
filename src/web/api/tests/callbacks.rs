//! What words mean, and promises, through the API.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::domain::ids::LeadId;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::lead::LeadFilter;

async fn resolved(bench: &Bench, body: &Value) -> Value {
    bench.json("POST", "/v1/callbacks/resolve", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_resolved_as_a_call_resolves_them() {
    let bench = Bench::new().await;
    let at = "2026-11-23T15:00:00Z";
    let ask = |words: &str| json!({ "words": words, "zone": "America/New_York", "at": at });
    assert_json_snapshot!("resolved", resolved(&bench, &ask("after five tomorrow")).await);
    for (words, kind) in
        [("stop calling me", "opt_out"), ("no thanks", "refusal"), ("call my wife", "needs_review"), ("who is this", "none")]
    {
        assert_eq!(resolved(&bench, &ask(words)).await["body"]["kind"], kind, "{words}");
    }
    for over in ["on november twentieth", "this morning at nine"] {
        let answer = resolved(&bench, &ask(over)).await["body"].clone();
        assert_eq!((&answer["kind"], &answer["earliest"]), (&json!("needs_review"), &json!(null)), "{over}: {answer}");
        assert_eq!(answer["say"], "That time has passed. When would be a good time to call you?");
    }
    let late = json!({ "words": "at six", "zone": "America/New_York", "at": at, "hours": "10:00-18:00" });
    let late = resolved(&bench, &late).await;
    assert_eq!((&late["body"]["shifted"], &late["body"]["earliest"]), (&json!(true), &json!("2026-11-24T15:00:00Z")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named_in_one_line() {
    let bench = Bench::new().await;
    let good = json!({ "words": "at five", "zone": "America/New_York", "at": "2026-11-23T15:00:00Z", "hours": "09:00-20:00" });
    for (key, bad) in [("words", " "), ("zone", "Mars/Olympus"), ("zone", "EST"), ("at", "tomorrow"), ("hours", "9-5"), ("hours", "closed")]
    {
        let mut body = good.clone();
        body[key] = json!(bad);
        let answer = resolved(&bench, &body).await;
        assert_eq!((&answer["status"], &answer["body"]["error"]["code"]), (&json!(422), &json!(format!("bad_{key}"))));
        assert!(!answer["body"]["error"]["message"].as_str().unwrap().contains('\n'));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_without_promises_has_an_empty_list() {
    let bench = Bench::with_campaign().await;
    assert_json_snapshot!("no_callbacks", bench.get("/v1/callbacks?campaign=spring").await);
    assert_eq!(bench.get("/v1/callbacks?campaign=winter").await["status"], 404);
    assert_eq!(bench.get("/v1/callbacks").await["status"], 400);
}

/// A call in which the lead was promised another one, for 17:00 of the next day.
async fn promised(bench: &Bench, lead: LeadId) {
    let campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let call = fixtures::attempt(&bench.store, campaign, lead).await;
    let (now, five): (Timestamp, Timestamp) = ("2026-11-23T18:00:00Z".parse().unwrap(), "2026-11-25T01:00:00Z".parse().unwrap());
    let promised: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
        let sql = "INSERT INTO callback (promised_in, lead_id, campaign_id, words, zone, earliest, promised_at, due_at,
                     confidence_percent, confirmed_aloud)
                   VALUES ($1, $2, $3, 'at five', 'America/Los_Angeles', $4, $5, $4, 85, TRUE)";
        sqlx::query(sql).bind(call).bind(lead).bind(campaign).bind(five).bind(now).execute(conn).await?;
        Ok(())
    });
    promised.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cancels_a_campaign_is_told_of_the_people_it_will_not_call() {
    let bench = Bench::with_campaign().await;
    for lead in bench.store.leads(&LeadFilter::default(), None, 2).await.unwrap() {
        promised(&bench, lead.id).await;
    }
    bench.post("/v1/campaigns/spring/start").await;
    let status = async || bench.get("/v1/campaigns/spring").await["body"].clone();
    let running = status().await;
    assert_eq!((&running["callbacks"]["pending"], running["next_due"].is_null()), (&json!(2), false), "{running}");
    let cancelled = bench.post("/v1/campaigns/spring/cancel").await["body"].clone();
    let told = "2 people were promised a call and will not get it (callfleet callback list --campaign spring); a campaign that is \
        drained instead keeps its promises";
    assert_eq!((&cancelled["broken_promises"], &cancelled["notes"]), (&json!(2), &json!([told])), "{cancelled}");
    let over = status().await;
    let callbacks = &over["callbacks"];
    assert_eq!((&callbacks["pending"], &callbacks["dropped"], &over["next_due"]), (&json!(0), &json!(2), &Value::Null), "{over}");
    let listed = bench.get("/v1/callbacks?campaign=spring").await["body"]["callbacks"].clone();
    assert_eq!([&listed[0]["state"], &listed[1]["state"]], ["dropped"; 2], "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_waits_for_a_promise_is_explained_with_what_was_agreed() {
    let bench = Bench::with_campaign().await;
    let lead = bench.store.leads(&LeadFilter::default(), None, 1).await.unwrap()[0].id;
    let explain = format!("/v1/leads/{lead}/explain");
    assert_eq!(bench.get(&explain).await["body"]["callback"], Value::Null);
    promised(&bench, lead).await;
    let listed = bench.get("/v1/callbacks?campaign=spring").await["body"]["callbacks"][0].clone();
    for callback in [bench.get(&explain).await["body"]["callback"].clone(), listed] {
        assert_eq!((&callback["words"], &callback["local"]), (&json!("at five"), &json!("2026-11-24 17:00")), "{callback}");
        assert_eq!((&callback["confidence_percent"], &callback["confirmed_aloud"]), (&json!(85), &json!(true)), "{callback}");
    }
}
