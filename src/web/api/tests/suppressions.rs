//! Numbers that are suppressed by request.

use serde_json::json;

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn who_opts_out_is_found_on_the_list_however_the_number_is_written() {
    let bench = Bench::with_campaign().await;
    let list = "phone_number,timezone,consent_basis\n+4402079460197,Europe/London,web form\n";
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports?file_name=gb.csv", list).await["status"], 201);
    let written = "+44 (0)20 7946 0197";
    assert_eq!(bench.post("/v1/leads/+4402079460197/cancel").await["status"], 200, "the lead is found too");
    assert_eq!(bench.post("/v1/leads/+442079460197/cancel").await["status"], 409, "it is the same one");
    let list = "phone_number,timezone,consent_basis\n+442079460198,Europe/London,web form\n";
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports?file_name=two.csv", list).await["status"], 201);
    for (number, leads, is_new) in [("+4402079460198", 1, true), ("+442079460198", 0, false), (written, 0, true)] {
        let body = json!({ "phone_number": number, "source": "opt_out" });
        let done = bench.json("POST", "/v1/suppressions", &body).await["body"].clone();
        assert_eq!((&done["leads"], &done["is_new"]), (&leads.into(), &is_new.into()), "{number}: {done}");
    }
    assert_eq!(bench.get("/v1/leads?phone_number=%2B4402079460198").await["body"]["leads"][0]["state"], "suppressed");
    let removed = bench.ask("DELETE", "/v1/suppressions/+4402079460198?reason=typo", &[], String::new()).await;
    assert_eq!(removed["body"]["entries"], 1, "{removed}");
    let no_line = json!({ "phone_number": "+14151550100" });
    assert_eq!(bench.json("POST", "/v1/suppressions", &no_line).await["status"], 201, "no list would take it, and it is kept all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn suppressing_by_request_holds_at_once() {
    let bench = Bench::with_campaign().await;
    let body = json!({ "phone_number": "+14155550100", "source": "opt_out" });
    let done = bench.json("POST", "/v1/suppressions", &body).await;
    assert_eq!(done, json!({ "status": 201, "body": { "is_new": true, "is_stronger": false, "leads": 1, "withdrawn": 0 } }));
    let told = bench.get("/v1/suppressions?phone_number=%2B14155550100").await;
    assert_eq!((&told["body"]["phone_number"], &told["body"]["entries"][0]["source"]), (&"+1415***0100".into(), &"opt_out".into()));
    let audit = bench.store.audits(None, 10).await.unwrap();
    let entry = audit.iter().find(|entry| entry.action == "dnc.add").unwrap();
    assert_eq!((entry.subject.as_str(), entry.detail.as_str()), ("number/+1415***0100", "global by opt_out"));
    assert_eq!(bench.ask("DELETE", "/v1/suppressions/+14155550100?reason=", &[], String::new()).await["status"], 422);
    assert_eq!(bench.ask("DELETE", "/v1/suppressions/+14155550100?reason=typo", &[], String::new()).await["body"]["entries"], 1);
}
