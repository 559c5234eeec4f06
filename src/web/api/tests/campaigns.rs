use insta::assert_json_snapshot;
use serde_json::json;

use super::bench::{AGENT, Bench, LIST, SETTINGS};
use crate::domain::campaign::CampaignState;
use crate::store::campaign::CampaignChange;

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_says_what_it_lacks_and_starts_once_it_has_it() {
    let bench = Bench::new().await;
    let made = bench.json("POST", "/v1/campaigns", &json!({ "name": "spring" })).await;
    assert_eq!(made["status"], 201);
    assert_json_snapshot!("draft_to_do", made["body"]["to_do"]);
    assert_json_snapshot!("start_too_early", bench.post("/v1/campaigns/spring/start").await);

    bench.text("POST", "/v1/agents", AGENT).await;
    let change = json!({ "settings_toml": SETTINGS, "agent": "solar-intro" });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &change).await["status"], 200);
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports", LIST).await["status"], 201);
    assert_json_snapshot!("started", bench.post("/v1/campaigns/spring/start").await);
    assert_json_snapshot!("status_running", bench.get("/v1/campaigns/spring").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_follow_the_table_and_repeat_harmlessly() {
    let bench = Bench::with_campaign().await;
    let mut seen = Vec::new();
    for step in ["pause", "start", "start", "pause", "start", "resume", "drain", "resume", "cancel", "cancel", "fly"] {
        let answer = bench.post(&format!("/v1/campaigns/spring/{step}")).await;
        let said = answer["body"]["error"]["message"].as_str().map(str::to_owned);
        seen.push((step, answer["status"].clone(), said.unwrap_or_else(|| answer["body"]["state"].to_string())));
    }
    assert_json_snapshot!("steps", seen);
    let audits: Vec<(String, String)> = bench.store.audits(None, 50).await.unwrap().into_iter().map(|a| (a.actor, a.action)).collect();
    assert_eq!(audits.iter().filter(|(actor, action)| actor == "cli" && action == "campaign.state").count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_halted_while_it_drained_need_not_call_everybody_to_come_to_its_end() {
    let bench = Bench::with_campaign().await;
    let id = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    let steps = [
        (CampaignState::Draft, CampaignState::Running),
        (CampaignState::Running, CampaignState::Draining),
        (CampaignState::Draining, CampaignState::Halted),
    ];
    for (from, to) in steps {
        let change = CampaignChange { from, to, reason: None, actor: "test" };
        let before = "2026-11-23T17:00:00Z".parse().unwrap();
        assert!(bench.store.change_campaign_state(id, change, before).await.unwrap().is_changed(), "{from} to {to}");
    }
    assert_eq!(bench.post("/v1/campaigns/spring/drain").await["body"]["state"], "draining");
    let since = bench.store.campaign(id).await.unwrap().unwrap().running_since;
    assert_eq!(since, Some("2026-11-23T18:00:00Z".parse().unwrap()), "calls that failed before it are counted no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_campaigns_with_what_is_left_to_do() {
    let bench = Bench::with_campaign().await;
    assert_json_snapshot!("campaign_list", bench.get("/v1/campaigns").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn explains_why_nothing_is_dialed() {
    let bench = Bench::with_campaign().await;
    assert_json_snapshot!("explain_draft", bench.get("/v1/campaigns/spring/explain").await);
    bench.post("/v1/campaigns/spring/start").await;
    bench.post("/v1/queues/dial/pause").await;
    let running = bench.get("/v1/campaigns/spring/explain").await;
    assert_eq!(running["body"]["answer"], "nothing new is dialed: the dial queue is paused: callfleet queue resume dial");
    bench.post("/v1/queues/dial/resume").await;
    let running = bench.get("/v1/campaigns/spring/explain").await;
    assert_eq!(running["body"]["answer"], "nothing new is dialed: no scheduler is active: run `callfleet up`");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_settings_is_told_at_once() {
    let bench = Bench::new().await;
    let toml = "on_voicemail = \"sing\"\nring_timeout_s = 5\n[pace]\nlines = 0\n";
    assert_json_snapshot!("bad_settings", bench.json("POST", "/v1/campaigns", &json!({ "name": "spring", "settings_toml": toml })).await);
    let unknown = json!({ "name": "spring", "settings_toml": "\n\nringtimeout = 5\n" });
    assert_json_snapshot!("unknown_setting", bench.json("POST", "/v1/campaigns", &unknown).await);
    let named = json!({ "name": "spring", "settings_toml": "[pace]\nlines = \"many\"\n", "settings_file": "spring.toml" });
    let answer = bench.json("POST", "/v1/campaigns", &named).await;
    assert_eq!(answer["body"]["error"]["message"], "spring.toml, line 2: pace.lines: `many`: write a whole number, 0 or more");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_change_all_that_is_wrong_is_told_and_nothing_is_stored() {
    let bench = Bench::with_campaign().await;
    let before = bench.get("/v1/campaigns/spring").await;
    let set = json!({ "pace.lanes": "20", "pace.lines": "many", "pace.weight": "2", "ring_timeout_s": "5" });
    let whole = json!({ "pace": { "lanes": 20, "lines": "many", "weight": 2 }, "ring_timeout_s": 5 });
    for (body, expected) in [
        (json!({ "set": set }), ["pace.lanes", "pace.lines", "ring_timeout_s"]),
        (json!({ "settings": whole }), ["pace.lanes", "pace.lines", "ring_timeout_s"]),
    ] {
        let answer = bench.json("PATCH", "/v1/campaigns/spring", &body).await;
        let wrong = answer["body"]["error"]["wrong"].as_array().unwrap();
        assert_eq!(wrong.iter().map(|one| one["key"].as_str().unwrap()).collect::<Vec<_>>(), expected, "{answer}");
        assert_eq!(wrong[1]["message"], "`many`: write a whole number, 0 or more");
        assert_eq!(answer["body"]["error"]["message"].as_str().unwrap().lines().count(), 3, "{answer}");
        assert_eq!(bench.get("/v1/campaigns/spring").await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_in_the_order_in_which_the_keys_were_sent() {
    let bench = Bench::with_campaign().await;
    for (sent, expected) in [
        (r#"{ "ring_timeout_s": "5", "pace.weight": "0", "pace.lines": "0" }"#, ["ring_timeout_s", "pace.weight", "pace.lines"]),
        (r#"{ "ring_timeout_s": "5", "pace.lines": "many", "colour": "red" }"#, ["ring_timeout_s", "pace.lines", "colour"]),
    ] {
        let body = format!(r#"{{ "set": {sent} }}"#);
        let answer = bench.ask("PATCH", "/v1/campaigns/spring", &[("content-type", "application/json")], body).await;
        let wrong = answer["body"]["error"]["wrong"].as_array().unwrap();
        assert_eq!(wrong.iter().map(|one| one["key"].as_str().unwrap()).collect::<Vec<_>>(), expected, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_missing_is_told_beside_wrong_settings() {
    let bench = Bench::with_campaign().await;
    let wrong = "campaign.toml, line 2: pace.lines: `0`: at least 1 and at most 100000\nthere is no agent `nobody`";
    let agents = "callfleet agent list shows them; callfleet agent save FILE makes one";
    let sent = json!({ "settings_toml": "[pace]\nlines = 0\n", "agent": "nobody" });
    let new = json!({ "name": "autumn", "settings_toml": sent["settings_toml"], "agent": sent["agent"] });
    for (method, path, body) in [("POST", "/v1/campaigns", &new), ("PATCH", "/v1/campaigns/spring", &sent)] {
        let error = bench.json(method, path, body).await["body"]["error"].clone();
        assert_eq!((&error["code"], &error["message"]), (&json!("bad_settings"), &json!(wrong)), "{method}");
        assert!(error["fix"].as_str().unwrap().ends_with(agents), "{error}");
    }
    let alone = bench.json("PATCH", "/v1/campaigns/spring", &json!({ "agent": "nobody" })).await;
    assert_eq!(alone["body"]["error"]["code"], "no_such_agent", "{alone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_draft_may_lack_is_not_told_beside_what_is_wrong() {
    let bench = Bench::new().await;
    let keys = |answer: &serde_json::Value| -> Vec<String> {
        let wrong = answer["body"]["error"]["wrong"].as_array().unwrap();
        wrong.iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect()
    };
    let refused = bench.json("POST", "/v1/campaigns", &json!({ "name": "spring", "settings": { "colour": "red" } })).await;
    assert_eq!(keys(&refused), ["colour"]);

    let bench = Bench::with_campaign().await;
    assert_eq!(bench.post("/v1/campaigns/spring/start").await["status"], 200);
    let refused = bench.json("PATCH", "/v1/campaigns/spring", &json!({ "settings": { "colour": "red" } })).await;
    assert_eq!(keys(&refused), ["colour", "caller_numbers"], "a campaign that runs lacks nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_agent_need_not_be_named() {
    let bench = Bench::new().await;
    let settings = json!({ "name": "spring", "settings_toml": SETTINGS });
    bench.json("POST", "/v1/campaigns", &settings).await;
    bench.text("POST", "/v1/campaigns/spring/imports", LIST).await;
    bench.text("POST", "/v1/agents", AGENT).await;
    assert_eq!(bench.post("/v1/campaigns/spring/start").await["status"], 200);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["agent"]["name"], "solar-intro");

    bench.text("POST", "/v1/agents", &AGENT.replace("solar-intro", "second")).await;
    let made = bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn" })).await;
    assert_eq!(made["body"]["agent"], serde_json::Value::Null, "of two agents one has to be named");
}
