//! A do-not-call list that grows old: told in time, then nobody is called by it. And one that is not complete. It is the 23rd of
//! November here.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::domain::dialing::DialTimings;
use crate::domain::permit::Gate;
use crate::store::contract::fixtures::{dnc_list, number};
use crate::store::dnc::ReadList;

/// A list that was written on a day; importing refuses one that is stale already, growing old does not ask.
async fn listed(bench: &Bench, written: &str) {
    listed_of(bench, "national", Some("us"), written).await;
}

async fn listed_of(bench: &Bench, name: &str, registry: Option<&str>, scrub_date: &str) {
    let now = "2026-11-20T00:00:00Z".parse().unwrap();
    dnc_list(&bench.store, ReadList { name, registry, scrub_date }, now).await;
}

/// An import that stored one number and died.
async fn broken_off(bench: &Bench, name: &str) {
    let now = "2026-11-23T17:00:00Z".parse().unwrap();
    let mut listing = bench.store.begin_listing(name, now).await.unwrap();
    let added = bench.store.add_listed(name, &[number(1)], &mut listing, &DialTimings::default(), now).await;
    assert!(added.unwrap().is_some());
}

async fn start(bench: &Bench) -> Value {
    bench.post("/v1/campaigns/spring/start").await
}

async fn gate(bench: &Bench, path: &str) -> Value {
    let explained = bench.get(path).await;
    explained["body"]["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == Gate::DncAge.as_str()).unwrap().clone()
}

const CAMPAIGN: &str = "/v1/campaigns/spring/explain";
const LEAD: &str = "/v1/leads/+14155550100/explain";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_by_a_list_of_31_days() {
    let bench = Bench::with_campaign().await;
    listed(&bench, "2026-10-23").await;
    let refused = start(&bench).await;
    assert_eq!((&refused["status"], &refused["body"]["error"]["code"]), (&json!(409), &json!("stale_dnc_list")), "{refused}");
    let message = "the do-not-call list national is 31 days old, so nobody is called: import a newer one";
    assert_eq!(refused["body"]["error"]["message"], message);
    assert!(refused["body"]["error"]["fix"].as_str().unwrap().starts_with("callfleet dnc import FILE"), "{refused}");
    let status = bench.get("/v1/campaigns/spring").await;
    assert_eq!((&status["body"]["state"], &status["body"]["warnings"]), (&json!("draft"), &json!([message])));

    listed(&bench, "2026-11-22").await;
    assert_eq!(start(&bench).await["body"]["state"], "running");
    assert_eq!(gate(&bench, CAMPAIGN).await["value"], "1 list in use, none old");
    assert_eq!(gate(&bench, LEAD).await["open"], true);

    listed(&bench, "2026-10-23").await;
    let (campaign, lead) = (gate(&bench, CAMPAIGN).await, gate(&bench, LEAD).await);
    assert_eq!((&campaign["open"], &campaign["value"]), (&json!(false), &json!(message)));
    assert_eq!((&lead["open"], &lead["opens_at"], &lead["opened_by"]), (&json!(false), &Value::Null, &json!("a newer list")), "{lead}");
    let rule = lead["rule"].as_str().unwrap();
    assert!(rule.contains("64.1200(c)(2)(i)(D)") && rule.contains("callfleet dnc import"), "{lead}");
    let answer = bench.get(CAMPAIGN).await["body"]["answer"].as_str().unwrap().to_owned();
    assert!(answer.contains(message), "{answer}");
    bench.post("/v1/campaigns/spring/pause").await;
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["error"]["code"], "stale_dnc_list");
    assert_eq!(bench.post("/v1/campaigns/spring/drain").await["body"]["state"], "draining", "what stops needs no list");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_25_days_on_it_is_told() {
    let bench = Bench::with_campaign().await;
    listed(&bench, "2026-10-30").await;
    assert_eq!(start(&bench).await["body"]["notes"], json!([]), "24 days");
    bench.post("/v1/campaigns/spring/pause").await;
    listed(&bench, "2026-10-29").await;
    let told = "the do-not-call list national is 25 days old: from day 31 on nobody is called; renew it";
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["notes"], json!([told]));
    let campaign = gate(&bench, CAMPAIGN).await;
    assert_eq!((&campaign["open"], &campaign["value"]), (&json!(true), &json!(told)));
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], json!([told]));
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_without_consent_and_without_a_list_is_told() {
    let bench = Bench::with_campaign().await;
    assert!(gate(&bench, CAMPAIGN).await["value"].as_str().unwrap().starts_with("no do-not-call list is imported"));
    let without = json!({ "set": { "require_consent": "false", "consent_override_reason": "our own customers" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &without).await["status"], 200);
    let note = "no list of the National Do Not Call Registry is imported; calls without consent ask for one that is less than 31 days \
                old (47 CFR 64.1200(c)(2)(i)(D)): callfleet dnc import FILE --scrub-date DAY --registry us";
    listed_of(&bench, "own", None, "2026-11-22").await;
    let told = json!([note, "consent is not required: our own customers"]);
    assert_eq!(start(&bench).await["body"]["notes"], told, "a list of no registry is not what the law asks for");
    assert_eq!(gate(&bench, CAMPAIGN).await["value"], note);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], json!([note]));
    listed(&bench, "2026-11-22").await;
    assert_eq!(gate(&bench, CAMPAIGN).await["value"], "2 lists in use, none old");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_has_its_own_limit_and_concerns_its_own_country() {
    let bench = Bench::with_campaign().await;
    listed_of(&bench, "tps", Some("gb"), "2026-10-26").await;
    assert_eq!(start(&bench).await["body"]["notes"], json!([]), "it calls numbers of the United States");
    bench.post("/v1/campaigns/spring/pause").await;
    bench.json("PATCH", "/v1/campaigns/spring", &json!({ "set": { "countries": "[\"US\", \"GB\"]" } })).await;
    let refused = bench.post("/v1/campaigns/spring/resume").await;
    assert_eq!(refused["body"]["error"]["message"], "the do-not-call list tps is 28 days old, so nobody is called: import a newer one");
    listed_of(&bench, "tps", Some("gb"), "2026-11-01").await;
    let told = "the do-not-call list tps is 22 days old: from day 28 on nobody is called; renew it";
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["notes"], json!([told]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_not_complete_is_told_where_it_may_concern_somebody() {
    let bench = Bench::with_campaign().await;
    listed_of(&bench, "tps", Some("gb"), "2026-11-20").await;
    broken_off(&bench, "tps").await;
    assert_eq!(start(&bench).await["body"]["notes"], json!([]), "it calls numbers of the United States");
    bench.post("/v1/campaigns/spring/pause").await;
    broken_off(&bench, "own").await;
    let told = "the do-not-call list own is incomplete, and only the numbers that were read are not called: its import of \
                2026-11-23T17:00:00Z is still going on or broke off; to finish it, import the whole list again, with the --region and --registry \
                that it needs: callfleet dnc import FILE --scrub-date DAY --list own; to remove it: callfleet dnc remove own --reason WHY";
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["notes"], json!([told]));
    let shown = bench.exact("GET", "/v1/suppressions", "").await;
    let at = "2026-11-23T17:00:00Z";
    let incomplete = json!([
        { "name": "own", "began_at": at, "is_renewal": false, "numbers": 1 },
        { "name": "tps", "began_at": at, "is_renewal": true, "numbers": 1 },
    ]);
    assert_eq!((&shown["incomplete"], &shown["lists"][0]["name"]), (&incomplete, &json!("tps")), "{shown}");
    assert_eq!(bench.ask("DELETE", "/v1/dnc-lists/own?reason=typo", &[], String::new()).await["status"], 200);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], json!(null), "nothing is left to tell");
}
