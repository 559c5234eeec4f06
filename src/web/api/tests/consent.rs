//! People nobody has a consent basis for: not called, told, and brought back once there is one.

use serde_json::{Value, json};

use super::bench::Bench;
use super::lifecycle::{set, start};
use crate::store::StoreError;
use crate::store::db::on_db;

const RETRY: &str = "callfleet leads retry --parked --campaign spring";

/// Two leads more, which the permit has parked.
async fn parked_for_consent() -> Bench {
    let bench = Bench::with_campaign().await;
    let list = "phone_number,consent_basis\n+14155550120,\n+14155550121,\n";
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports", list).await["body"]["accepted"], 2);
    let parked: Result<(), StoreError> = on_db!(bench.store.db, write, tx => {
        let why = "consent: the lead has no consent_basis (require_consent = true)";
        sqlx::query("UPDATE lead SET state = 'parked', wait_reason = $1 WHERE phone_number LIKE '+1415555012_'").bind(why).execute(tx).await?;
        Ok(())
    });
    parked.unwrap();
    assert_eq!(bench.post("/v1/campaigns/spring/start").await["status"], 200);
    bench
}

async fn explained(bench: &Bench) -> Value {
    bench.get("/v1/campaigns/spring/explain").await["body"]["warnings"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_parked_for_consent_is_brought_back_by_the_commands_that_are_told() {
    let bench = parked_for_consent().await;
    let without = |leads: &str| {
        let import = "callfleet leads import --campaign spring --update FILE";
        format!("{leads} parked without a consent_basis: fill consent_basis in and import the whole rows again: {import}; then: {RETRY}")
    };
    assert_eq!(explained(&bench).await, json!([without("2 leads are")]));
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["warnings"], json!([without("2 leads are")]), "its status tells it too");
    bench.post("/v1/campaigns/spring/pause").await;
    assert_eq!(bench.post("/v1/campaigns/spring/resume").await["body"]["notes"], json!([without("2 leads are")]));

    let one = "phone_number,consent_basis\n+14155550120,web form\n";
    assert_eq!(bench.text("POST", "/v1/campaigns/spring/imports?update=true", one).await["body"]["updated"], 1);
    let has_one = format!("1 lead is parked for a consent_basis that is there by now: {RETRY}");
    assert_eq!(explained(&bench).await, json!([without("1 lead is"), has_one]));

    let keys = json!({ "set": { "require_consent": "false", "consent_override_reason": "customers" } });
    assert_eq!(bench.json("PATCH", "/v1/campaigns/spring", &keys).await["status"], 200);
    let not_asked = format!("2 leads are parked for a consent_basis that the campaign does not require any more: {RETRY}");
    assert_eq!(explained(&bench).await, json!([not_asked]));
    assert_eq!(bench.post("/v1/campaigns/spring/parked/retry").await["body"]["leads"], 2);
    assert_eq!(explained(&bench).await, Value::Null);
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
