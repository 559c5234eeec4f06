//! What is doubted in a list: the same of a file, of its dry run and of JSON rows.

use serde_json::{Value, json};

use super::bench::Bench;

const AT: &str = "/v1/campaigns/spring/imports";

/// The first number is on the list with a consent basis, the second stands twice.
const ROWS: [(&str, &str); 4] = [("+14155550100", ""), ("+14155550120", ""), ("+14155550120", ""), ("+14155550121", "web form")];

fn file() -> String {
    ROWS.iter().fold("phone_number,consent_basis\n".to_owned(), |text, (number, basis)| format!("{text}{number},{basis}\n"))
}

/// What a file, tried and imported, and JSON rows tell, each into a campaign of its own.
async fn told(update: bool) -> [Value; 3] {
    let (bench, other) = (Bench::with_campaign().await, Bench::with_campaign().await);
    let tried = bench.exact("POST", &format!("{AT}?update={update}&dry_run=true"), &file()).await;
    let imported = bench.exact("POST", &format!("{AT}?update={update}"), &file()).await;
    let leads: Vec<Value> = ROWS.iter().map(|(number, basis)| json!({ "phone_number": number, "consent_basis": basis })).collect();
    let body = json!({ "leads": leads, "update": update });
    [tried, imported, other.json("POST", "/v1/campaigns/spring/leads", &body).await["body"].clone()]
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_not_doubted_be_they_of_a_file_or_of_rows() {
    // a file's first row stands on line 2
    for (answer, line) in told(false).await.iter().zip([3, 3, 2]) {
        assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(2)), "{answer}");
        assert_eq!(answer["doubts_by_code"], json!({ "no_consent_basis": 1 }), "{answer}");
        assert_eq!(answer["doubt_lines"], json!({ "no_consent_basis": [line] }), "{answer}");
        let warning = "1 of 3 rows has no consent_basis; leads without one will not be called";
        assert_eq!(answer["warnings"][0], warning, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_update_are_doubted_and_of_a_number_the_last_one_speaks() {
    for (answer, lines) in told(true).await.iter().zip([[2, 4], [2, 4], [1, 3]]) {
        assert_eq!((&answer["rows"], &answer["accepted"]), (&json!(4), &json!(2)), "{answer}");
        assert_eq!(answer["doubt_lines"], json!({ "no_consent_basis": lines }), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_that_may_have_been_rounded_is_doubted() {
    const LIST: [&str; 3] = ["14155500000", "+14155600000", "14155550120"];
    let (bench, other) = (Bench::with_campaign().await, Bench::with_campaign().await);
    let file = LIST.iter().fold("phone_number,consent_basis\n".to_owned(), |text, number| format!("{text}{number},web form\n"));
    let leads: Vec<Value> = LIST.iter().map(|number| json!({ "phone_number": number, "consent_basis": "web form" })).collect();
    let sent = other.json("POST", "/v1/campaigns/spring/leads", &json!({ "leads": leads, "region": "US" })).await["body"].clone();
    let tried = bench.exact("POST", &format!("{AT}?region=US&dry_run=true"), &file).await;
    let imported = bench.exact("POST", &format!("{AT}?region=US"), &file).await;
    let warning = "1 of 3 rows has a number that ends in five zeros, as a spreadsheet leaves them of one that it has rounded; compare with \
                   the original list";
    for (answer, line) in [tried, imported, sent].iter().zip([2, 2, 1]) {
        assert_eq!((&answer["accepted"], &answer["warnings"]), (&json!(3), &json!([warning])), "{answer}");
        assert_eq!(answer["doubt_lines"], json!({ "rounded_figure": [line] }), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_round_number_among_many_is_counted_and_no_cause_for_a_warning() {
    let numbers = (0..120).map(|n| format!("1415556{:04}", 100 + n)).chain(["14155500000".to_owned()]);
    let file = numbers.fold("phone_number,consent_basis\n".to_owned(), |text, number| format!("{text}{number},web form\n"));
    let answer = Bench::with_campaign().await.exact("POST", &format!("{AT}?region=US"), &file).await;
    assert_eq!((&answer["accepted"], &answer["warnings"]), (&json!(121), &json!([])), "{answer}");
    assert_eq!(answer["doubts_by_code"], json!({ "rounded_figure": 1 }), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apostrophe_that_was_left_out_is_told() {
    const LIST: [(&str, &str); 5] =
        [("'+14155550120", "'Ann"), (" '(415) 555-0121", "Bo"), ("+14155550122", "'Cy"), ("’+14155550123", "Di"), ("`4155550124", "Ed")];
    let (bench, other) = (Bench::with_campaign().await, Bench::with_campaign().await);
    let head = "phone_number,first_name,consent_basis\n".to_owned();
    let file = LIST.iter().fold(head, |text, (number, name)| format!("{text}{number},{name},web form\n"));
    let leads: Vec<Value> =
        LIST.iter().map(|(number, name)| json!({ "phone_number": number, "first_name": name, "consent_basis": "web form" })).collect();
    let sent = other.json("POST", "/v1/campaigns/spring/leads", &json!({ "leads": leads, "region": "US" })).await["body"].clone();
    let tried = bench.exact("POST", &format!("{AT}?region=US&dry_run=true"), &file).await;
    let imported = bench.exact("POST", &format!("{AT}?region=US"), &file).await;
    for (answer, lines) in [tried, imported, sent].iter().zip([[2, 3, 5, 6], [2, 3, 5, 6], [1, 2, 4, 5]]) {
        assert_eq!((&answer["accepted"], &answer["warnings"]), (&json!(5), &json!([])), "{answer}");
        assert_eq!(answer["doubts_by_code"], json!({ "leading_apostrophe": 4 }), "{answer}");
        assert_eq!(answer["doubt_lines"], json!({ "leading_apostrophe": lines }), "{answer}");
        let note = "4 of 5 rows have an apostrophe in front of the number, as spreadsheets mark text; it was left out";
        assert_eq!(answer["notes"][0], note, "{answer}");
    }
    let again = bench.exact("POST", &format!("{AT}?region=US&update=true"), &file.replace(['\'', '’', '`'], "")).await;
    assert_eq!((&again["updated"], again.get("doubts_by_code")), (&json!(5), None), "{again}");
}
