//! A campaign's life by the API: what cannot begin, what is changed while it runs, copied, pinned, told at the start.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::bench::{AGENT, Bench, LIST, SETTINGS};
use crate::domain::campaign::CampaignState;
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::store::StoreError;
use crate::store::campaign::CampaignChange;
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::spend;

pub(super) async fn set(bench: &Bench, key: &str, value: &str) -> Value {
    bench.json("PATCH", "/v1/campaigns/spring", &json!({ "set": { key: value } })).await
}

pub(super) async fn start(bench: &Bench) -> Value {
    bench.post("/v1/campaigns/spring/start").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_begin_is_refused_with_a_way_out() {
    let bench = Bench::with_campaign().await;
    set(&bench, "schedule.end", "2026-11-20T09:00:00Z").await;
    let over = start(&bench).await;
    set(&bench, "schedule.end", "").await;
    // Sunday mornings alone: the law opens Sundays at noon.
    let never = "hours.weekdays=closed hours.saturday=closed hours.sunday=09:00-12:00";
    let keys: serde_json::Map<String, Value> =
        never.split(' ').filter_map(|one| one.split_once('=')).map(|(key, value)| (key.to_owned(), json!(value))).collect();
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &json!({ "set": keys })).await["status"], 200);
    let weightless = set(&bench, "pace.weight", "0").await;
    let unknown = set(&bench, "pace.lanes", "3").await;
    let backwards = bench
        .json(
            "PATCH",
            "/v1/campaigns/spring",
            &json!({ "set": { "schedule.start": "2026-12-02T00:00:00Z", "schedule.end": "2026-12-01T00:00:00Z" } }),
        )
        .await;
    assert_json_snapshot!("unstartable", [over, start(&bench).await, weightless, unknown, backwards]);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_on_two_lists_are_told_at_the_start() {
    let bench = Bench::with_campaign().await;
    bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn", "settings_toml": SETTINGS, "agent": "solar-intro" })).await;
    bench.text("POST", "/v1/campaigns/autumn/imports", LIST).await;
    assert_eq!(start(&bench).await["body"]["notes"], json!(["2 numbers are also in campaign autumn; caps per number count calls of both"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_campaign_is_changed_copied_and_pinned() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    assert_eq!(set(&bench, "pace.lines", "20").await["body"]["settings"]["pace"]["lines"], 20);
    let id: String = bench.exact("GET", "/v1/campaigns/spring", "").await["id"].as_str().unwrap().to_owned();
    let audits = bench.store.audits(Some(&format!("campaign/{id}")), 1).await.unwrap();
    assert_eq!((audits[0].action.as_str(), audits[0].detail.as_str()), ("campaign.settings", "pace.lines: 10 -> 20"));

    let copied = bench.json("POST", "/v1/campaigns/spring/clone", &json!({ "name": "copy" })).await;
    assert_eq!((&copied["status"], &copied["body"]["state"], &copied["body"]["total"]), (&json!(201), &json!("draft"), &json!(0)));
    assert_eq!((&copied["body"]["settings"]["pace"]["lines"], &copied["body"]["agent"]["name"]), (&json!(20), &json!("solar-intro")));
    assert_eq!(bench.json("POST", "/v1/campaigns/spring/clone", &json!({ "name": "copy" })).await["status"], 409);

    bench.text("POST", "/v1/agents", &AGENT.replace("Brightfield", "Brighter")).await;
    let pinned = bench.json("PATCH", "/v1/campaigns/spring", &json!({ "agent_version": 1 })).await;
    assert_eq!(pinned["body"]["agent"], json!({ "name": "solar-intro", "version": 1 }));
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &json!({ "agent_version": 9 })).await["body"]["error"]["code"], "no_such_agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_for_a_campaign_that_calls_nobody_are_taken_and_told() {
    let bench = Bench::with_campaign().await;
    let rows = |n: u64| json!({ "leads": [{ "phone_number": format!("+1415555{n:04}"), "consent_basis": "web form" }] });
    let before = bench.json("POST", "/v1/campaigns/spring/leads", &rows(120)).await;
    let told = json!(["campaign spring is a draft: nobody is called until it is started (callfleet campaign start spring)"]);
    assert_eq!((&before["body"]["notes"], &before["body"]["warnings"]), (&told, &json!([])), "nothing is wrong yet");
    let warned = async |n| bench.json("POST", "/v1/campaigns/spring/leads", &rows(n)).await["body"]["warnings"].clone();
    start(&bench).await;
    assert_eq!(warned(121).await, json!([]));

    let campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let lull = CampaignChange { from: CampaignState::Running, to: CampaignState::Completed, reason: None, actor: "test" };
    let now = "2026-11-23T18:00:00Z".parse().unwrap();
    assert!(bench.store.change_campaign_state(campaign, lull, now).await.unwrap().is_changed());
    let told = json!(["campaign spring is completed: nobody is called until it is started again (callfleet campaign start spring)"]);
    assert_eq!(warned(122).await, told);
    let list = LIST.replace("+141555501", "+141555503");
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports", &list).await["body"]["warnings"], told);
    assert_eq!(bench.post("/v1/campaigns/spring/parked/retry").await["body"]["warnings"], told);
    let lead = bench.exact("GET", "/v1/leads?campaign=spring&limit=1", "").await["leads"][0]["id"].as_str().unwrap().to_owned();
    fixtures::force_lead_state(&bench.store, lead.parse().unwrap(), LeadState::Finished).await;
    assert_eq!(bench.post(&format!("/v1/leads/{lead}/retry")).await["body"]["warnings"], told);
    assert_eq!(start(&bench).await["body"]["state"], "running", "the command that was named works");

    bench.post("/v1/campaigns/spring/cancel").await;
    fixtures::force_lead_state(&bench.store, lead.parse().unwrap(), LeadState::Finished).await;
    for path in [format!("/v1/leads/{lead}/retry"), "/v1/campaigns/spring/parked/retry".to_owned()] {
        let refused = bench.post(&path).await;
        assert_eq!((&refused["status"], &refused["body"]["error"]["code"]), (&json!(409), &json!("wrong_state")), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_countries_that_are_not_called_are_told_at_the_import_at_the_start_and_in_explain() {
    let bench = Bench::with_campaign().await;
    let told =
        |of: &str| format!("{of} of MX, which this campaign does not call (countries = US): callfleet campaign set spring countries=US,MX");
    let list = "phone_number,consent_basis\n+14155550120,web form\n+525512345678,web form\n";
    for path in ["/v1/campaigns/spring/imports?dry_run=true", "/v1/campaigns/spring/imports"] {
        let answer = bench.text("POST", path, list).await;
        assert_eq!(answer["body"]["warnings"], json!([told("1 of 2 rows has a number")]), "{path}");
        assert_eq!(answer["body"]["doubts_by_code"], json!({ "country_not_called": 1 }), "{path}");
        assert_eq!((&answer["body"]["rejected"], &answer["body"]["by_code"]), (&json!(0), &json!({})), "they are taken: {path}");
    }
    let rows = json!({ "leads": [{ "phone_number": "+525512345679" }] });
    let sent = bench.json("POST", "/v1/campaigns/spring/leads", &rows).await;
    assert_eq!(sent["body"]["doubts_by_code"], json!({ "no_consent_basis": 1, "country_not_called": 1 }), "{sent}");
    assert_eq!(sent["body"]["warnings"][1], told("1 of 1 row has a number"), "{sent}");
    let of_all = told("2 of 5 leads have numbers");
    assert_eq!(start(&bench).await["body"]["notes"][1], of_all);
    assert_eq!(bench.get("/v1/campaigns/spring/explain").await["body"]["warnings"], json!([of_all]));
    assert_eq!(set(&bench, "countries", "US,MX").await["status"], 200);
    assert_eq!(bench.get("/v1/campaigns/spring/explain").await["body"]["warnings"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_money_is_spent_goes_on_once_it_has_more() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let spent: Result<(), StoreError> = on_db!(bench.store.db, write, tx => spend::add(tx.into(), campaign, NanoUsd::from_usd(2.4)).await);
    spent.unwrap();
    let halt = CampaignChange { from: CampaignState::Running, to: CampaignState::Halted, reason: None, actor: "test" };
    let now = "2026-11-23T18:00:00Z".parse().unwrap();
    assert!(bench.store.change_campaign_state(campaign, halt, now).await.unwrap().is_changed());
    let resume = async || bench.post("/v1/campaigns/spring/resume").await;
    for (budget, state) in [("0.1", "halted"), ("2.5", "halted"), ("2.9", "running")] {
        set(&bench, "budget_usd", budget).await;
        let (answer, now_is) = (resume().await, bench.get("/v1/campaigns/spring").await["body"]["state"].clone());
        assert_eq!(now_is, state, "{budget}: {answer}");
        if state == "halted" {
            assert_eq!((&answer["status"], &answer["body"]["error"]["code"]), (&json!(409), &json!("budget_spent")), "{answer}");
            let message = answer["body"]["error"]["message"].as_str().unwrap();
            assert!(message.contains("$2.4000 of") && message.ends_with("raise budget_usd, then resume"), "{message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_is_held_to_the_rules_of_today() {
    let bench = Bench::with_campaign().await;
    let mut campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap();
    campaign.settings.0["countries"] = json!(["UK"]);
    let by_older_rules: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
        let sql = "UPDATE campaign SET settings = $2 WHERE id = $1";
        sqlx::query(sql).bind(campaign.id).bind(&campaign.settings).execute(conn).await?;
        Ok(())
    });
    by_older_rules.unwrap();
    let cloned = bench.json("POST", "/v1/campaigns/spring/clone", &json!({ "name": "autumn" })).await;
    let error = &cloned["body"]["error"];
    assert_eq!((&cloned["status"], &error["code"]), (&json!(422), &json!("bad_settings")), "{cloned}");
    assert!(error["message"].as_str().unwrap().contains("did you mean GB?"), "{cloned}");
    assert_eq!(error["fix"], "correct it there first: callfleet campaign set spring KEY=VALUE");
    assert_eq!(set(&bench, "countries", "GB").await["status"], 200);
    assert_eq!(bench.json("POST", "/v1/campaigns/spring/clone", &json!({ "name": "autumn" })).await["status"], 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_never_open_are_told_when_a_running_campaign_is_given_them() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let keys = json!({ "set": { "hours.weekdays": "closed", "hours.saturday": "closed", "hours.sunday": "09:00-12:00" } });
    let changed = bench.json("PATCH", "/v1/campaigns/spring", &keys).await;
    let told = "2 of 2 leads can never be called: the campaign's hours and the law leave no moment; widen the hours (callfleet campaign \
        set spring hours.weekdays=09:00-20:00) and look: callfleet campaign explain spring";
    assert_eq!(changed["body"]["warnings"], json!([told]), "{changed}");
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], json!([told]));
}
