//! An import that was cut off and is sent again.

use serde_json::json;

use super::bench::Bench;
use super::imports::{AT, MIXED};

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_import_goes_on_where_it_stopped() {
    let bench = Bench::with_campaign().await;
    let id = bench.cut_off_import(MIXED, 2, 1).await;
    let answer = bench.exact("POST", AT, MIXED).await;
    assert_eq!((answer["import_id"].as_str().unwrap(), &answer["resumed_after_row"]), (id.as_str(), &2.into()), "{answer}");
    let counts = ["rows", "accepted", "duplicates", "rejected"].map(|key| answer[key].as_u64().unwrap());
    assert_eq!(counts, [5, 1, 2, 2], "{answer}");
    let (_, rejects) = bench.raw("GET", &format!("{AT}/{id}/rejects"), &[], String::new()).await;
    assert_eq!(rejects.lines().collect::<Vec<_>>().len(), 3, "one header, one row of each run: {rejects}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_import_tells_the_doubts_of_its_whole_list() {
    let bench = Bench::with_campaign().await;
    let list = "external_id,phone,timezone,consent_basis\n\
        b-1,+525512345678,,\n\
        b-2,,,web form\n\
        b-3,+525512345679,,web form\n\
        b-4,+14155550111,,\n";
    bench.cut_off_import(list, 2, 1).await;
    let answer = bench.exact("POST", AT, list).await;
    assert_eq!(answer["doubts_by_code"], json!({ "no_consent_basis": 2, "country_not_called": 2 }), "{answer}");
    assert_eq!(answer["doubt_lines"], json!({ "no_consent_basis": [2, 5], "country_not_called": [2, 4] }), "{answer}");
    let told = answer["warnings"].to_string();
    assert!(told.contains("2 of 3 rows have no consent_basis") && told.contains("2 of 3 rows have numbers of MX,"), "{answer}");
}

/// Judged again by the clock of the second run, a consent that was in the future would have been given by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_import_judges_consent_by_when_it_began() {
    let bench = Bench::with_campaign().await;
    let list = "external_id,phone,timezone,consent_basis,consent_at\n\
        b-1,+14155550110,,web form,\n\
        b-2,,,web form,\n\
        b-3,+14155550111,,web form,2026-11-23T17:00:00Z\n\
        b-4,+14155550112,,web form,2026-11-23T15:00:00Z\n";
    let id = bench.cut_off_import(list, 2, 1).await;
    bench.begun_earlier(&id, "2026-11-23T16:00:00Z").await;
    let answer = bench.exact("POST", AT, list).await;
    assert_eq!(answer["by_code"], json!({ "missing_phone": 1, "future_consent": 1 }), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_import_that_is_judged_otherwise_is_read_anew() {
    let bench = Bench::with_campaign().await;
    // below the number that is stored, and good only with a region: counting would pass over it
    let list = format!("{MIXED}b-6,(415) 555-0105,Di,America/Los_Angeles,web form\n");
    let id = bench.cut_off_import(&list, 2, 1).await;
    let answer = bench.exact("POST", &format!("{AT}?region=US"), &list).await;
    let counts = ["rows", "accepted", "duplicates", "rejected", "resumed_after_row"].map(|key| answer[key].as_u64().unwrap());
    assert_eq!(counts, [6, 1, 3, 2, 0], "{answer}");
    assert!(answer["warnings"][0].as_str().unwrap().contains("cut off after 2 of its rows"), "{answer}");
    let imports = bench.exact("GET", AT, "").await["imports"].clone();
    assert_eq!([&imports[0]["state"], &imports[1]["state"], &imports[1]["import_id"]], ["done", "failed", &id], "{imports}");
    let again = bench.exact("POST", &format!("{AT}?region=US"), &list).await;
    assert_eq!((&again["accepted"], &again["duplicates"]), (&0.into(), &4.into()), "{again}");
}
