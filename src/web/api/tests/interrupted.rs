//! Imports that nobody reads on: shown, told, and gone on with or taken back.

use serde_json::json;

use super::bench::{Bench, has};

const AT: &str = "/v1/campaigns/spring/imports";
const LIST: &str = "external_id,phone,consent_basis\n\
    b-1,+14155550110,web form\n\
    b-2,,web form\n\
    b-3,+14155550111,web form\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_nobody_reads_on_is_told_until_it_goes_on() {
    let bench = Bench::with_campaign().await;
    let id = bench.cut_off_import(LIST, 2, 1).await;
    let shown = bench.exact("GET", &format!("{AT}/{id}"), "").await;
    assert_eq!((&shown["state"], shown.get("resume")), (&json!("running"), None), "rows were stored this moment: {shown}");

    bench.begun_earlier(&id, "2026-11-23T17:58:00Z").await;
    let listed = bench.exact("GET", AT, "").await["imports"][0].clone();
    let resume = "callfleet leads import --campaign spring mixed.csv";
    assert_eq!(
        (&listed["import_id"], &listed["state"], &listed["resume"]),
        (&json!(id), &json!("interrupted"), &json!(resume)),
        "{listed}"
    );
    let told = format!(
        "the import of mixed.csv was interrupted after 2 rows at 2026-11-23T17:58:00Z, so the list is incomplete; to go on: {resume}; to \
         take it back: callfleet leads undo {id}"
    );
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/explain"] {
        let answer = bench.exact("GET", path, "").await;
        assert!(has(&answer["warnings"], &told), "{path}: {answer}");
    }
    let started = bench.exact("POST", "/v1/campaigns/spring/start", "").await;
    assert!(has(&started["notes"], &told), "{started}");

    let done = bench.exact("POST", AT, LIST).await;
    assert_eq!((&done["import_id"], &done["rows"]), (&json!(id), &json!(3)), "{done}");
    let shown = bench.exact("GET", &format!("{AT}/{id}"), "").await;
    assert_eq!((&shown["state"], shown.get("resume")), (&json!("done"), None), "{shown}");
    let status = bench.exact("GET", "/v1/campaigns/spring", "").await;
    assert!(!has(&status["warnings"], &told), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_the_latest_is_named_and_one_that_is_taken_back_is_not() {
    let bench = Bench::with_campaign().await;
    let earlier = bench.cut_off_import(LIST, 2, 1).await;
    let latest = bench.cut_off_import(&LIST.replace("b-3", "b-4"), 2, 1).await;
    for id in [&earlier, &latest] {
        bench.begun_earlier(id, "2026-11-23T17:58:00Z").await;
    }
    let warning = async || bench.exact("GET", "/v1/campaigns/spring", "").await["warnings"][0].to_string();
    let told = warning().await;
    assert!(told.contains(&latest) && told.contains("; and 1 more: callfleet leads imports --campaign spring"), "{told}");
    assert_eq!(bench.post(&format!("/v1/imports/{latest}/undo")).await["status"], 200);
    let told = warning().await;
    assert!(told.contains(&earlier) && !told.contains("more"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_on_with_an_import_into_a_campaign_that_was_cancelled() {
    let bench = Bench::with_campaign().await;
    let id = bench.cut_off_import(LIST, 2, 1).await;
    bench.begun_earlier(&id, "2026-11-23T17:58:00Z").await;
    assert_eq!(bench.post("/v1/campaigns/spring/cancel").await["status"], 200);
    let shown = bench.exact("GET", &format!("{AT}/{id}"), "").await;
    assert_eq!((&shown["state"], shown.get("resume")), (&json!("interrupted"), None), "{shown}");
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/explain"] {
        let answer = bench.exact("GET", path, "").await;
        assert!(!answer.to_string().contains("interrupted"), "it takes no leads: {answer}");
    }
}
