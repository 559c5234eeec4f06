//! What a campaign's audit tells.

use serde_json::json;

use super::bench::{AGENT, Bench, LIST};

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_come_and_go_stand_in_the_audit_of_their_campaign() {
    let bench = Bench::with_campaign().await;
    let rows = json!({ "leads": [{ "phone_number": "+14155550120" }, { "phone_number": "12" }] });
    for accepted in [1, 0] {
        assert_eq!(bench.json("POST", "/v1/campaigns/spring/leads", &rows).await["body"]["accepted"], accepted);
    }
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports?dry_run=true", LIST).await["status"], 200);
    assert_eq!(bench.post("/v1/leads/+14155550120/cancel").await["status"], 200);
    let import = bench.exact("GET", "/v1/campaigns/spring/imports", "").await["imports"][0]["import_id"].as_str().unwrap().to_owned();
    assert_eq!(bench.post(&format!("/v1/imports/{import}/undo")).await["status"], 200);
    let told = bench.exact("GET", "/v1/campaigns/spring/audit", "").await["audit"].as_array().unwrap().clone();
    let told: Vec<[&str; 3]> = told.iter().map(|row| ["actor", "action", "detail"].map(|key| row[key].as_str().unwrap())).collect();
    let begun = format!("spring.csv as import {import}");
    let undone = format!("import {import}: 2 new and 0 updated leads");
    assert!(told[1][2].starts_with("lead ") && told[1][2].ends_with(", +1415***0120"), "{told:?}");
    let expected = [
        ["cli", "import.undo", undone.as_str()],
        ["cli", "lead.cancel", told[1][2]],
        ["cli", "leads.add", "1 new, 0 updated"],
        ["cli", "leads.import", begun.as_str()],
        ["cli", "campaign.create", "spring, agent solar-intro v1"],
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_changes_nothing_says_so_and_leaves_no_row() {
    let bench = Bench::with_campaign().await;
    bench.text("POST", "/v1/agents", &AGENT.replace("Brightfield", "Brighter")).await;
    let lines = |lines: &str| json!({ "set": { "pace.lines": lines } });
    for (body, changed) in [
        (lines("20"), true),
        (lines("20"), false),
        (json!({ "agent_version": 2 }), true),
        (json!({ "agent_version": 2 }), false),
        (json!({ "agent": "solar-intro" }), false),
        (json!({ "set": { "pace.lines": "20" }, "agent_version": 1 }), true),
        (json!({}), false),
    ] {
        let answer = bench.json("PATCH", "/v1/campaigns/spring", &body).await;
        assert_eq!((&answer["status"], &answer["body"]["changed"]), (&json!(200), &json!(changed)), "{body}: {answer}");
    }
    let told = bench.exact("GET", "/v1/campaigns/spring/audit?limit=3", "").await["audit"].clone();
    let told: Vec<&str> = told.as_array().unwrap().iter().map(|row| row["detail"].as_str().unwrap()).collect();
    assert_eq!(told, ["solar-intro v1", "solar-intro v2", "pace.lines: 10 -> 20"]);
}
