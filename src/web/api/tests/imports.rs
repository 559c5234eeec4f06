//! Lists and rows are taken in: judged, counted, told.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::bench::{Bench, LARGEST_LIST, LIST};
use crate::store::import::ImportState;

pub(super) const AT: &str = "/v1/campaigns/spring/imports";
pub(super) const MIXED: &str = "external_id,phone,first_name,timezone,consent_basis\n\
    b-1,+14155550110,Ann,America/Los_Angeles,web form\n\
    b-2,,Bob,America/Los_Angeles,web form\n\
    b-3,+14155550110,Ann again,America/Los_Angeles,web form\n\
    b-4,+1415,Cy,America/Los_Angeles,web form\n\
    b-5,+14155550100,Maria,America/Los_Angeles,web form\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_accounted_for_and_refused_rows_can_be_had() {
    let bench = Bench::with_campaign().await;
    let answer = bench.exact("POST", AT, MIXED).await;
    let counts = ["rows", "accepted", "duplicates", "rejected", "updated"].map(|key| answer[key].as_u64().unwrap());
    assert_eq!(counts, [5, 1, 2, 2, 0], "{answer}");
    let id = answer["import_id"].as_str().unwrap();
    let (status, rejects) = bench.raw("GET", &format!("{AT}/{id}/rejects"), &[], String::new()).await;
    assert_eq!((status, rejects.lines().count()), (200, 3), "{rejects}");
    assert!(rejects.contains("\"b-2\"") && rejects.contains("missing_phone"), "{rejects}");
    let listed = bench.get(AT).await;
    assert_eq!((&listed["body"]["imports"][0]["accepted"], &listed["body"]["imports"][0]["duplicates"]), (&1.into(), &2.into()));
}

/// The bench names itself as the command line does, which anybody can.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_lifts_no_limit() {
    let bench = Bench::with_campaign().await;
    let long = format!("phone\n{}\n", "x".repeat(usize::try_from(LARGEST_LIST).unwrap()));
    for path in [AT, "/v1/dnc-lists/national?scrub_date=2026-11-20"] {
        let refused = bench.text("POST", path, &long).await;
        assert_eq!((&refused["status"], &refused["body"]["error"]["code"]), (&json!(413), &json!("too_long")), "{path}");
        let fix = refused["body"]["error"]["fix"].as_str().unwrap();
        assert!(fix.contains("web.largest_list_mib"), "{fix}");
    }
}

/// Taken back between two of its transactions, it says so, and whose turn it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_taken_back_while_it_is_read_says_so() {
    let bench = Bench::with_campaign().await;
    let rows: String = (0..60_000).map(|row| format!("+1415{:07},web form\n", 2_000_000 + row)).collect();
    let list = format!("phone,consent_basis\n{rows}");
    let take_back = async {
        let campaign = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
        loop {
            let imports = bench.store.imports(campaign).await.unwrap();
            if let Some(import) = imports.iter().find(|import| import.state == ImportState::Running && import.row_offset > 0) {
                break bench.post(&format!("/v1/imports/{}/undo", import.id)).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let take_back = tokio::time::timeout(Duration::from_secs(60), take_back);
    let (imported, undone) = tokio::join!(bench.text("POST", AT, &list), take_back);
    let undone = undone.expect("the import was over before anybody saw it run");
    assert_eq!(undone["status"], 200, "{undone}");
    let error = &imported["body"]["error"];
    assert_eq!((&imported["status"], &error["code"]), (&json!(409), &json!("taken_back")), "{imported}");
    assert_eq!(error["fix"], "its leads are off the list; to import it after all, send the file again");
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_counts_alike_and_writes_nothing() {
    let bench = Bench::with_campaign().await;
    let tried = bench.exact("POST", &format!("{AT}?dry_run=true"), MIXED).await;
    let leads = bench.get("/v1/campaigns/spring").await["body"]["total"].clone();
    let done = bench.exact("POST", AT, MIXED).await;
    for key in ["rows", "accepted", "duplicates", "rejected", "updated", "by_code"] {
        assert_eq!(tried[key], done[key], "{key}");
    }
    assert_eq!(leads, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_is_told_and_changes_nothing() {
    let bench = Bench::with_campaign().await;
    assert_json_snapshot!("same_file_again", bench.text("POST", AT, LIST).await);
    assert_eq!(bench.import_files(), 0, "nothing is left of a list without refused rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_are_there_can_be_updated() {
    let bench = Bench::with_campaign().await;
    let answer = bench.exact("POST", &format!("{AT}?update=true"), &LIST.replace("Maria", "Mary")).await;
    assert_eq!((&answer["updated"], &answer["accepted"]), (&2.into(), &0.into()), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_no_change_that_would_not_be_made() {
    let bench = Bench::with_campaign().await;
    let list = LIST.replace("Maria", "Mary");
    let diff = bench.exact("POST", &format!("{AT}?dry_run=true"), &list).await["diff"].clone();
    let kinds = ["new", "updated", "duplicate"].map(|kind| diff[kind].as_array().unwrap().len());
    assert_eq!((kinds, diff["duplicate"][0].get("changes")), ([0, 0, 2], None), "{diff}");
    let diff = bench.exact("POST", &format!("{AT}?dry_run=true&update=true"), &list).await["diff"].clone();
    assert_eq!(diff["updated"][0]["changes"], json!({ "first_name": ["Maria", "Mary"] }), "{diff}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_the_rows_whose_number_another_row_has() {
    let bench = Bench::with_campaign().await;
    let list = "phone_number,first_name,timezone,consent_basis\n\
        +14155550100,Ann,America/Los_Angeles,web form\n\
        +14155550120,Bo,America/Los_Angeles,web form\n\
        +14155550120,Bea,America/Los_Angeles,web form\n\
        +14155550100,Mary,America/Los_Angeles,web form\n";
    let tried = bench.exact("POST", &format!("{AT}?dry_run=true&update=true"), list).await;
    let lines = |diff: &Value, kind: &str| diff[kind].as_array().unwrap().iter().map(|row| row["line"].clone()).collect::<Vec<_>>();
    let diff = &tried["diff"];
    assert_eq!((&tried["accepted"], &tried["updated"], &diff["repeated"]), (&1.into(), &3.into(), &2.into()), "{tried}");
    assert_eq!((lines(diff, "new"), lines(diff, "updated")), (vec![json!(4)], vec![json!(5)]), "{tried}");
    assert_eq!(diff["repeated_lines"], json!([2, 3]), "the last of a number holds: {tried}");
    let tried = bench.exact("POST", &format!("{AT}?dry_run=true"), list).await;
    let diff = &tried["diff"];
    assert_eq!((lines(diff, "new"), lines(diff, "duplicate")), (vec![json!(3)], vec![json!(2)]), "{tried}");
    assert_eq!((&tried["duplicates"], &diff["repeated_lines"]), (&3.into(), &json!([4, 5])), "the first of it holds: {tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_when_people_would_be_called_first() {
    let bench = Bench::with_campaign().await;
    let moved = "phone_number,not_before\n+14155550100,2026-12-01T09:00:00Z\n+14155550101,2026-11-01T09:00:00Z\n";
    let (path, later) = (format!("{AT}?update=true&dry_run=true"), moved.lines().take(2).collect::<Vec<_>>().join("\n"));
    let tried = bench.exact("POST", &path, moved).await["diff"]["updated"].clone();
    assert_eq!(tried[0]["changes"]["not_before"], json!([null, "2026-12-01T09:00:00Z"]), "{tried}");
    assert_eq!(tried[1]["changes"]["not_before"], json!(null), "due already: {tried}");
    bench.exact("POST", &format!("{AT}?update=true"), moved).await;
    assert_eq!(bench.exact("POST", &path, &later).await["diff"]["unchanged"], 1, "nothing is left to change");
}

#[tokio::test(flavor = "multi_thread")]
async fn priorities_come_with_a_list_and_are_shown_before_and_after() {
    let bench = Bench::with_campaign().await;
    let list = "external_id,phone_number,first_name,timezone,consent_basis,priority\n\
        a-1,+14155550100,Maria,America/Los_Angeles,web form,50\n\
        a-2,+14155550101,James,America/Los_Angeles,web form,\n\
        a-3,+14155550102,Ann,America/Los_Angeles,web form,100\n";
    let tried = bench.exact("POST", &format!("{AT}?update=true&dry_run=true"), list).await;
    assert_eq!(tried["diff"]["updated"][0]["changes"], json!({ "priority": ["0", "50"] }), "{tried}");
    assert_eq!((&tried["diff"]["unchanged"], &tried["by_code"]), (&1.into(), &json!({ "bad_priority": 1 })), "{tried}");
    let done = bench.exact("POST", &format!("{AT}?update=true"), list).await;
    assert_eq!((&done["updated"], &done["rejected"], &done["warnings"]), (&2.into(), &1.into(), &json!([])), "{done}");
    let rows = json!({ "leads": [{ "phone": "+14155550120", "priority": -99 }, { "phone": "+14155550121", "priority": 1.5 }] });
    let told = bench.json("POST", ROWS, &rows).await["body"].clone();
    assert_eq!((&told["accepted"], &told["rejects"][0]["code"]), (&1.into(), &"bad_priority".into()), "{told}");
    let leads = bench.get("/v1/leads?campaign=spring").await["body"]["leads"].clone();
    assert_eq!([0, 1, 2].map(|at| leads[at]["priority"].clone()), [50, 0, -99], "{leads}");
    let (_, csv) = bench.raw("GET", "/v1/campaigns/spring/leads.csv", &[], String::new()).await;
    assert_eq!(csv.lines().filter_map(|line| line.rsplit(',').nth(3)).collect::<Vec<_>>(), ["\"priority\"", "\"50\"", "\"0\"", "\"-99\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_comes_with_its_moment_and_its_record_and_is_shown() {
    let bench = Bench::with_campaign().await;
    let list = "phone_number,timezone,consent_basis,consent_at,consent_ref\n\
        +14155550100,America/Los_Angeles,signed form,2026-11-20T09:00,form 7\n\
        +14155550120,America/Los_Angeles,,2026-11-20,\n\
        +14155550121,America/Los_Angeles,web form,2026-11-24,form 9\n";
    let tried = bench.exact("POST", &format!("{AT}?update=true&dry_run=true"), list).await;
    let changes = &tried["diff"]["updated"][0]["changes"];
    assert_eq!(changes["consent_at"], json!([null, "2026-11-20T17:00:00Z"]), "{tried}");
    assert_eq!(changes["consent_ref"], json!([null, "form 7"]), "{tried}");
    let done = bench.exact("POST", &format!("{AT}?update=true"), list).await;
    assert_eq!((&done["accepted"], &done["updated"], &done["by_code"]), (&1.into(), &1.into(), &json!({ "future_consent": 1 })), "{done}");
    let doubts = json!({ "no_consent_basis": [3], "consent_without_basis": [3] });
    assert_eq!((&done["doubt_lines"], &tried["doubt_lines"]), (&doubts, &doubts), "{done}");
    let warnings = [
        "1 of 2 rows has no consent_basis; leads without one will not be called",
        "1 of 2 rows has a consent_at or consent_ref and no consent_basis, which alone says why they may be called",
    ];
    assert_eq!(done["warnings"], json!(warnings), "{done}");
    let lead = bench.get("/v1/leads/+14155550100").await["body"]["lead"].clone();
    let shown = ["consent_basis", "consent_at", "consent_ref"].map(|key| lead[key].clone());
    assert_eq!(shown, ["signed form", "2026-11-20T17:00:00Z", "form 7"], "{lead}");
    assert_eq!(lead["variables"], json!({ "timezone": "America/Los_Angeles" }), "the agent is not told");
    let gates = bench.get("/v1/leads/+14155550100/explain").await["body"]["gates"].clone();
    let consent = gates.as_array().unwrap().iter().find(|gate| gate["gate"] == "consent").unwrap().clone();
    assert_eq!(consent["value"], "signed form, given 2026-11-20T17:00:00Z, record form 7", "{gates}");
    let (_, csv) = bench.raw("GET", "/v1/campaigns/spring/leads.csv", &[], String::new()).await;
    assert!(csv.lines().nth(1).unwrap().ends_with("\"signed form\",\"2026-11-20T17:00:00Z\",\"form 7\""), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_of_rows_is_judged_like_that_of_a_file() {
    let bench = Bench::with_campaign().await;
    let rows = json!({ "leads": [
        { "phone": "+14155550120", "consent_basis": "web form", "consent_at": "2026-11-23T17:59:58Z", "consent_ref": 7 },
        { "phone": "+14155550121", "consent_basis": "web form", "consent_at": "2027-11-23" },
        { "phone": "+14155550122", "consent_ref": "form 8" },
    ] });
    let told = bench.json("POST", ROWS, &rows).await["body"].clone();
    assert_eq!((&told["accepted"], &told["rejects"][0]["code"]), (&2.into(), &"future_consent".into()), "{told}");
    assert_eq!(told["doubt_lines"], json!({ "no_consent_basis": [3], "consent_without_basis": [3] }), "{told}");
    let lead = bench.get("/v1/leads/+14155550120").await["body"]["lead"].clone();
    assert_eq!((&lead["consent_at"], &lead["consent_ref"]), (&"2026-11-23T17:59:58Z".into(), &"7".into()), "{lead}");
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_a_country_that_the_provider_refused_are_taken_and_told() {
    let bench = Bench::with_campaign().await;
    bench.not_permitted("+14155550100").await;
    let told = |of: &str| {
        format!(
            "{of} will not be called: calls to US are not permitted: the provider refused a call with code 21215; permit the country at \
             the provider, then: callfleet leads retry --parked --campaign spring"
        )
    };
    let list = "phone_number,consent_basis\n+14155550120,web form\n+525512345678,web form\n+14155550121,web form\n";
    for path in [format!("{AT}?dry_run=true"), AT.to_owned()] {
        let answer = bench.exact("POST", &path, list).await;
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&3.into(), &0.into()), "{answer}");
        assert_eq!(answer["doubts_by_code"], json!({ "country_not_called": 1, "country_not_permitted": 2 }), "{answer}");
        assert_eq!(answer["doubt_lines"], json!({ "country_not_called": [3], "country_not_permitted": [2, 4] }), "{answer}");
        assert_eq!(answer["warnings"][1], told("2 of 3 rows"), "{answer}");
    }
    let rows = json!({ "leads": [{ "phone": "+14155550122", "consent_basis": "web form" }] });
    let sent = bench.json("POST", ROWS, &rows).await["body"].clone();
    assert_eq!(sent["doubt_lines"], json!({ "country_not_permitted": [1] }), "{sent}");
    assert_eq!(sent["warnings"], json!([told("1 of 1 row")]), "{sent}");
    assert_eq!(bench.post("/v1/campaigns/spring/parked/retry").await["status"], 200);
    assert_eq!(bench.json("POST", ROWS, &rows).await["body"]["warnings"], json!([]), "somebody says that it is permitted now");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_doubtful_in_an_import_can_be_had_later() {
    let bench = Bench::with_campaign().await;
    bench.json("POST", "/v1/campaigns", &json!({ "name": "autumn" })).await;
    let list = "phone_number,consent_basis\n+14155550120,\n+525512345678,web form\n";
    let answer = bench.exact("POST", AT, list).await;
    let id = answer["import_id"].as_str().unwrap();
    let shown = bench.exact("GET", &format!("{AT}/{id}"), "").await;
    let listed = bench.exact("GET", AT, "").await["imports"].clone();
    assert_eq!((&shown, &shown["import_id"]), (&listed[0], &answer["import_id"]));
    assert_eq!(shown["doubts_by_code"], json!({ "no_consent_basis": 1, "country_not_called": 1 }), "{shown}");
    for key in ["doubts_by_code", "doubt_lines"] {
        assert_eq!(shown[key], answer[key], "{key}: {shown}");
    }
    assert_eq!(listed[1].get("doubts_by_code"), None, "nothing was doubtful in it: {listed}");
    for path in [format!("/v1/campaigns/autumn/imports/{id}"), format!("{AT}/nonsense")] {
        let missing = bench.get(&path).await;
        assert_eq!((&missing["status"], &missing["body"]["error"]["code"]), (&404.into(), &"not_found".into()), "{path}: {missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_file_imports_nothing() {
    let bench = Bench::with_campaign().await;
    let files = ["", "name,city\nAnn,Oakland\n", "phone\n", "PK\u{3}\u{4}zip", "phone\n\"+1415"];
    let mut said = Vec::new();
    for file in files {
        let answer = bench.text("POST", AT, file).await;
        said.push((answer["status"].clone(), answer["body"]["error"]["message"].clone()));
    }
    assert_json_snapshot!("unusable_files", said);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["total"], 2);
}

pub(super) const ROWS: &str = "/v1/campaigns/spring/leads";

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_judged_like_a_file() {
    let bench = Bench::with_campaign().await;
    let body = json!({ "region": "US", "leads": [
        { "phone_number": "(415) 555-0120", "first_name": "Ann", "consent_basis": "web form" },
        { "phone_number": "+14155550100", "first_name": "Maria" },
        { "phone": "12" },
        { "first_name": "Bo" },
        { "phone": "+14155550121", "tags": ["a"] },
    ] });
    assert_json_snapshot!("rows_judged", bench.json("POST", ROWS, &body).await);
    let too_many = json!({ "leads": vec![json!({ "phone": "+14155550100" }); 10_001] });
    assert_eq!(bench.json("POST", ROWS, &too_many).await["status"], 413);
    assert_eq!(bench.json("POST", ROWS, &json!({ "rows": [] })).await["status"], 422);
    assert_eq!(bench.get("/v1/campaigns/spring").await["body"]["total"], 3);
}
