//! What an agent says of a lead and the list does not tell.

use serde_json::{Value, json};

use super::lacks;
use super::lifecycle::start;

#[tokio::test(flavor = "multi_thread")]
async fn values_that_lines_say_and_leads_lack_are_told_at_the_start_in_explain_and_by_the_status() {
    let bench = lacks::bench().await;
    let list = "phone_number,timezone,consent_basis,first_name,city\n\
        +14155550120,America/Los_Angeles,web form,Ann,Oakland\n\
        +14155550121,America/Los_Angeles,web form,,Fresno\n";
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports", list).await["body"]["accepted"], 2);
    let told = |what: &str, name: &str| {
        format!(
            "{what} no {name}, which lines.goodbye says: it is left out there; fill it in and import the whole rows again (callfleet leads \
             import --campaign spring --update FILE), or ask for it in the line: {{% if {name} %}}"
        )
    };
    let both = json!([told("2 of 4 leads have", "city"), told("1 of 4 leads has", "first_name")]);
    assert_eq!(start(&bench).await["body"]["notes"], both);
    assert_eq!(bench.get("/v1/campaigns/spring/explain").await["body"]["warnings"], both);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], both);
    let changed = async |body: Value| bench.json("PATCH", "/v1/campaigns/spring", &body).await["body"].clone();
    assert_eq!(changed(json!({ "agent": "solar-intro" })).await["warnings"], both);
    let set = changed(json!({ "set": { "pace.lines": "2" } })).await;
    assert_eq!((&set["changed"], set.get("warnings")), (&json!(true), None), "it has nothing to do with the lines");
    assert_eq!(bench.post("/v1/campaigns/spring/cancel").await["status"], 200);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"].get("warnings"), None, "nobody hears its lines any more");
}
