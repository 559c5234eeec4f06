//! Leads as they are listed and exported.

use insta::assert_json_snapshot;

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn lists_hide_numbers_and_the_export_has_them() {
    let bench = Bench::with_campaign().await;
    assert_json_snapshot!("lead_list", bench.get("/v1/leads?campaign=spring&limit=1").await);
    let (_, csv) = bench.raw("GET", "/v1/campaigns/spring/leads.csv", &[], String::new()).await;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("\"a-1\",\"+14155550100\""), "{csv}");
    let (_, sheet) = bench.raw("GET", "/v1/campaigns/spring/leads.csv?spreadsheet=true", &[], String::new()).await;
    assert!(sheet.contains("\"'+14155550100\""), "{sheet}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_campaign_exports_its_header() {
    let bench = Bench::new().await;
    bench.json("POST", "/v1/campaigns", &serde_json::json!({ "name": "empty" })).await;
    let (status, csv) = bench.raw("GET", "/v1/campaigns/empty/leads.csv", &[], String::new()).await;
    assert_eq!((status, csv.lines().count()), (200, 1));
}
