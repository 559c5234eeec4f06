//! A campaign's life by the API: scheduled, changed while it runs, copied, pinned, and why its leads are not called.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::super::campaigns::TEST_CALLS;
use super::bench::{AGENT, Bench, LIST, SETTINGS};
use crate::domain::campaign::CampaignState;
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::campaign::{CampaignChange, NewCampaign};
use crate::store::contract::fixtures;
use crate::store::db::on_db;
use crate::store::dnc::ReadList;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::NewLead;

async fn set(bench: &Bench, key: &str, value: &str) -> Value {
    bench.json("PATCH", "/v1/campaigns/spring", &json!({ "set": { key: value } })).await
}

async fn start(bench: &Bench) -> Value {
    bench.post("/v1/campaigns/spring/start").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_scheduled_and_unscheduled() {
    let bench = Bench::with_campaign().await;
    set(&bench, "schedule.start", "2026-11-24T09:00:00-08:00").await;
    let started = start(&bench).await;
    assert_eq!((&started["body"]["state"], &started["body"]["changed"]), (&json!("scheduled"), &json!(true)));
    assert!(started["body"]["notes"][0].as_str().unwrap().starts_with("it starts at 2026-11-24T17:00:00Z"), "{started}");
    assert_eq!(start(&bench).await["body"]["changed"], false);
    let explained = bench.get("/v1/campaigns/spring/explain").await;
    assert_eq!(explained["body"]["gates"][0]["opens_at"], "2026-11-24T17:00:00Z");
    assert_eq!(bench.post("/v1/campaigns/spring/unschedule").await["body"]["state"], "draft");
    set(&bench, "schedule.start", "2026-11-20T09:00:00-08:00").await;
    let late = start(&bench).await;
    assert_eq!(late["body"]["state"], "running");
    assert!(late["body"]["notes"][0].as_str().unwrap().contains("has passed: it starts now"), "{late}");
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
async fn no_campaign_is_finished_by_a_slip_in_its_end() {
    let bench = Bench::with_campaign().await;
    set(&bench, "schedule.start", "2026-11-24T09:00:00-08:00").await;
    for (state, way_out) in [("scheduled", "callfleet campaign unschedule spring"), ("running", "callfleet campaign drain spring")] {
        assert_eq!(start(&bench).await["body"]["state"], state);
        // The second is this very moment; the start is taken away, or an end before it would be refused for that.
        for end in ["2020-01-01T00:00:00Z", "2026-11-23T18:00:00Z"] {
            let keys = json!({ "set": { "schedule.start": "", "schedule.end": end } });
            let refused = bench.json("PATCH", "/v1/campaigns/spring", &keys).await;
            assert_eq!((&refused["status"], &refused["body"]["error"]["code"]), (&json!(409), &json!("over")), "{end}: {refused}");
            assert!(refused["body"]["error"]["fix"].as_str().unwrap().ends_with(way_out), "{refused}");
        }
        assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["settings"]["schedule"]["end"], Value::Null, "nothing was changed");
        set(&bench, "schedule.start", "").await;
    }
    assert_eq!(set(&bench, "schedule.end", "2026-11-23T18:00:01Z").await["status"], 200);
    bench.post("/v1/campaigns/spring/pause").await;
    assert_eq!(set(&bench, "schedule.end", "2020-01-01T00:00:00Z").await["status"], 200, "it is asked for a later end when it goes on");
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["error"]["code"], "over");
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
async fn a_lead_is_explained_by_number_key_or_id() {
    let bench = Bench::with_campaign().await;
    let explained = bench.get("/v1/leads/+14155550100/explain").await;
    assert_json_snapshot!("lead_explained", explained);
    assert_eq!(explained["body"]["gates"].as_array().unwrap().len(), Gate::ALL.len());
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
    assert_eq!(bench.get("/v1/leads/+14155550100/explain").await["body"]["error"]["code"], "several_leads");
    assert_eq!(bench.post("/v1/leads/+14155550100/cancel?campaign=autumn").await["body"]["state"], "cancelled");
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
    bench.store.finish_listing(list, now, "test", now).await.unwrap();
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
async fn a_stop_without_live_calls_pauses() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let stopped = bench.json("POST", "/v1/campaigns/spring/stop", &json!({})).await;
    assert_eq!((&stopped["body"]["state"], &stopped["body"]["ended"]), (&json!("paused"), &json!(0)), "{stopped}");
    let again = bench.json("POST", "/v1/campaigns/spring/stop", &json!({})).await;
    assert_eq!(again["body"]["state"], "paused");
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

#[tokio::test(flavor = "multi_thread")]
async fn calling_without_consent_is_explained_told_and_kept() {
    let bench = Bench::with_campaign().await;
    let refused = set(&bench, "require_consent", "false").await;
    let message = refused["body"]["error"]["message"].as_str().unwrap();
    assert!(refused["status"] == 422 && message.contains("consent_override_reason"), "{refused}");
    let keys = json!({ "set": { "require_consent": "false", "consent_override_reason": "our own customers" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &keys).await["status"], 200);
    let rows = json!({ "leads": [{ "phone_number": "+14155550120" }] });
    let added = bench.json("POST", "/v1/campaigns/spring/leads", &rows).await;
    assert!(!added.to_string().contains("consent_basis"), "nobody asks for it: {added}");
    let notes = start(&bench).await["body"]["notes"].to_string();
    assert!(notes.contains("consent is not required: our own customers"), "{notes}");
    let audit = bench.store.audits(None, 1).await.unwrap().remove(0);
    assert!(audit.detail.contains("consent is not required: our own customers"), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_without_consent_are_told_at_the_import_and_at_the_start() {
    let bench = Bench::with_campaign().await;
    let told = "1 of 2 rows has no consent_basis; leads without one will not be called";
    let list = "phone_number,consent_basis\n+14155550120,\n+14155550121,web form\n";
    for path in ["/v1/campaigns/spring/imports?dry_run=true", "/v1/campaigns/spring/imports"] {
        assert_eq!(bench.text("POST", path, list).await["body"]["warnings"][0], told, "{path}");
    }
    let rows = json!({ "leads": [{ "phone_number": "+14155550122" }, { "phone_number": "+14155550123", "consent_basis": "web form" }] });
    assert_eq!(bench.json("POST", "/v1/campaigns/spring/leads", &rows).await["body"]["warnings"][0], told);
    assert_eq!(start(&bench).await["body"]["notes"], json!(["2 of 6 leads have no consent_basis and will not be called"]));
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

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_never_open_are_told_when_a_running_campaign_is_given_them() {
    let bench = Bench::with_campaign().await;
    start(&bench).await;
    let keys = json!({ "set": { "hours.weekdays": "closed", "hours.saturday": "closed", "hours.sunday": "09:00-12:00" } });
    let changed = bench.json("PATCH", "/v1/campaigns/spring", &keys).await;
    let told = "2 of 2 leads can never be called: callfleet campaign explain spring says why";
    assert_eq!(changed["body"]["warnings"], json!([told]), "{changed}");
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], json!([told]));
}
