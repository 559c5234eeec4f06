//! The number that calls are handed to: set, shown, and warned of where ringing it would be a mistake.

use serde_json::{Value, json};

use super::bench::{Bench, SETTINGS, has};
use super::lifecycle::{set, start};

const GIVE: &str = "give the number of who takes the calls: callfleet campaign set spring transfer_to=NUMBER";

async fn warned(bench: &Bench, number: &str) -> Value {
    set(bench, "transfer_to", number).await["body"]["warnings"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_calls_should_not_be_handed_to_is_told_when_it_is_set() {
    let bench = Bench::with_campaign().await;
    let other = SETTINGS.replace("0200", "0201");
    bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn", "settings_toml": other })).await;
    bench.json("POST", "/v1/suppressions", &json!({ "phone_number": "+14155550198" })).await;
    let account = |name: &str| {
        format!("campaign {name} calls from this number, and a callee who asks for a person is handed back to the provider account")
    };
    for (number, shown, what) in [
        (
            "+19005550100",
            "+1900***0100",
            "calls to this number cost extra, or it is no line of a person, and a callee who asks for a person is handed to it".to_owned(),
        ),
        ("+14155550200", "+1415***0200", account("spring")),
        ("+14155550201", "+1415***0201", account("autumn")),
        (
            "+14155550198",
            "+1415***0198",
            "it must not be called (callfleet dnc show NUMBER says why), and is rung when a callee asks for a person".to_owned(),
        ),
        (
            "+14155550100",
            "+1415***0100",
            "it is a lead of campaign spring and will be called as one; take it off the list (callfleet leads cancel NUMBER --campaign \
             spring)"
                .to_owned(),
        ),
    ] {
        assert_eq!(warned(&bench, number).await, json!([format!("transfer_to {shown}: {what}; {GIVE}")]));
    }
    assert_eq!(warned(&bench, "+14155550199").await, Value::Null, "nothing speaks against this one");
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["settings"]["transfer_to"], "+14155550199");
    assert_eq!(bench.get("/v1/campaigns/spring/explain").await["body"]["transfer_to"], "+1415***0199");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_to_who_makes_the_campaign_looks_at_it_or_starts_it() {
    let bench = Bench::with_campaign().await;
    let settings = format!("{SETTINGS}\ntransfer_to = \"+14155550200\"\n");
    let made = bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn", "settings_toml": settings })).await;
    assert!(made["body"]["warnings"][0].as_str().unwrap().starts_with("transfer_to +1415***0200: campaign autumn calls"), "{made}");
    let warning = warned(&bench, "+14155550200").await[0].as_str().unwrap().to_owned();
    assert!(has(&bench.get("/v1/campaigns/spring").await["body"]["warnings"], &warning));
    let started = start(&bench).await;
    assert!(started["status"] == 200 && has(&started["body"]["notes"], &warning), "it is no reason not to call: {started}");
}
