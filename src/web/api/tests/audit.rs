//! What a campaign's audit tells.

use serde_json::json;

use super::bench::{Bench, LIST};

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_come_and_go_stand_in_the_audit_of_their_campaign() {
    let bench = Bench::with_campaign().await;
    let rows = json!({ "leads": [{ "phone_number": "+14155550120" }, { "phone_number": "12" }] });
    for accepted in [1, 0] {
        assert_eq!(bench.json("POST", "/v1/campaigns/spring/leads", &rows).await["body"]["accepted"], accepted);
    }
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports?dry_run=true", LIST).await["status"], 200);
    assert_eq!(bench.post("/v1/leads/+14155550120/cancel").await["status"], 200);
    let import = bench.exact("GET", "/v1/campaigns/spring/imports", "").await["imports"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(bench.post(&format!("/v1/imports/{import}/undo")).await["status"], 200);
    let told = bench.exact("GET", "/v1/campaigns/spring/audit", "").await["audit"].as_array().unwrap().clone();
    let told: Vec<[&str; 3]> = told.iter().map(|row| ["actor", "action", "detail"].map(|key| row[key].as_str().unwrap())).collect();
    let begun = format!("spring.csv as import {import}");
    let undone = format!("import {import}: 2 new and 0 updated leads");
    assert!(told[1][2].starts_with("lead "), "{told:?}");
    let expected = [
        ["cli", "import.undo", undone.as_str()],
        ["cli", "lead.cancel", told[1][2]],
        ["cli", "leads.add", "1 new, 0 updated"],
        ["cli", "leads.import", begun.as_str()],
        ["cli", "campaign.create", "spring"],
    ];
    assert_eq!(told, expected);
}
