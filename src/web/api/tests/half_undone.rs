//! An import that was not taken back to the end is told until it is.

use serde_json::json;

use super::bench::{Bench, has};
use crate::domain::ids::ImportId;
use crate::store::import_undo::UndoStart;

const LIST: &str = "phone,consent_basis\n+14155550110,web form\n+14155550111,web form\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_has_left_of_an_import_is_told_until_it_is_taken_back() {
    let bench = Bench::with_campaign().await;
    let imported = bench.exact("POST", "/v1/campaigns/spring/imports?file_name=ny.csv", LIST).await;
    let id: ImportId = imported["import_id"].as_str().unwrap().parse().unwrap();
    // a process begins, and is killed
    let begun = bench.store.begin_undo(id, "test", "2026-11-23T18:00:00Z".parse().unwrap()).await.unwrap();
    assert!(matches!(begun, UndoStart::Begun(_)), "{begun:?}");
    let told = format!(
        "the import of ny.csv is not taken back to the end, which is going on or broke off, and its leads that are left are called; to \
         finish it: callfleet leads undo {id}"
    );
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/explain"] {
        let answer = bench.exact("GET", path, "").await;
        assert!(has(&answer["warnings"], &told), "{path}: {answer}");
    }
    let started = bench.exact("POST", "/v1/campaigns/spring/start", "").await;
    assert!(has(&started["notes"], &told), "{started}");

    let undone = bench.exact("POST", &format!("/v1/imports/{id}/undo"), "").await;
    assert_eq!((&undone["was_undone"], &undone["removed"]), (&json!(true), &json!(2)), "{undone}");
    let status = bench.exact("GET", "/v1/campaigns/spring", "").await;
    assert!(!has(&status["warnings"], &told), "{status}");
}
