//! What goes out: a cell that a spreadsheet would run leaves as text, and comes back as it was.

use axum::body::Body;
use axum::http::Method;

use super::bench::{Bench, on_both_engines};

on_both_engines!(no_cell_of_an_export_is_run, bad_rows_leave_harmless_and_come_back_as_they_were);

/// Leads of formulas, after OWASP's page on CSV injection, with blanks and wide signs before them.
const DANGEROUS: [&str; 20] = [
    "=1+1",
    "=CMD|'/C calc'!A0",
    "+SUM(A1)",
    "-2+3",
    "@SUM(A1)",
    "=HYPERLINK(\"http://x.example\")",
    " =1+1",
    "\u{a0}=1+1",
    "\u{3000}@x",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "=1\n=2",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " \u{a0}\t＝1+1",
    "-1+1|cmd",
    "+1\r\n=2",
];

const HARMLESS: [&str; 5] = ["Ann", "a=b", "5-3", "two\n=lines", "'=quoted"];

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// What a spreadsheet runs.
fn runs(cell: &str) -> bool {
    let first = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    first(cell) || first(cell.trim_start())
}

async fn no_cell_of_an_export_is_run(bench: &mut Bench) {
    let campaign = bench.campaign().await;
    let mut file = "phone,external_id\n".to_owned();
    for (at, cell) in DANGEROUS.iter().chain(&HARMLESS).enumerate() {
        file.push_str(&format!("+1415555{at:04},{}\n", quoted(cell)));
    }
    let (status, answer) = bench.import(&campaign, "", file).await;
    assert_eq!((status, &answer["accepted"]), (201, &(DANGEROUS.len() + HARMLESS.len()).into()), "{answer}");
    let (_, csv) = bench.ask(Method::GET, &format!("/v1/campaigns/{campaign}/leads.csv?spreadsheet=true"), Body::empty()).await;
    let text = String::from_utf8(csv).unwrap();
    assert!(text.split('\n').filter(|line| line.starts_with("\"+")).count() == 0, "{text}");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), DANGEROUS.len() + HARMLESS.len());
    for record in &records {
        assert!(record.iter().all(|cell| !runs(cell)), "{record:?}");
    }
}

async fn bad_rows_leave_harmless_and_come_back_as_they_were(bench: &mut Bench) {
    let (campaign, again) = (bench.campaign().await, bench.campaign().await);
    let mut file = "phone,external_id,note\n".to_owned();
    for (at, cell) in DANGEROUS.iter().chain(&HARMLESS).enumerate() {
        file.push_str(&format!("x{at},k{at},{}\n", quoted(cell)));
    }
    let (_, answer) = bench.import(&campaign, "", file).await;
    let import = answer["import_id"].as_str().unwrap();
    let (status, rejects) = bench.ask(Method::GET, &format!("/v1/campaigns/{campaign}/imports/{import}/rejects"), Body::empty()).await;
    assert_eq!(status, 200);
    let mut reader = csv::Reader::from_reader(rejects.as_slice());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), DANGEROUS.len() + HARMLESS.len());
    assert!(records.iter().all(|record| record.iter().all(|cell| !runs(cell))), "{records:?}");

    let mut mended = String::from_utf8(rejects).unwrap();
    for at in (0..records.len()).rev() {
        mended = mended.replace(&format!("\"x{at}\""), &format!("\"+1415555{at:04}\""));
    }
    let (status, answer) = bench.import(&again, "", mended).await;
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (201, &records.len().into(), &0.into()), "{answer}");
    for (at, cell) in DANGEROUS.iter().chain(&HARMLESS).enumerate() {
        let (_, found) = bench.ask(Method::GET, &format!("/v1/leads?campaign={again}&external_id=k{at}"), Body::empty()).await;
        let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
        let id = found["leads"][0]["id"].as_str().unwrap_or_else(|| panic!("k{at}: {found}"));
        let (_, lead) = bench.ask(Method::GET, &format!("/v1/leads/{id}"), Body::empty()).await;
        let lead: serde_json::Value = serde_json::from_slice(&lead).unwrap();
        let note = lead["lead"]["variables"]["note"].as_str().unwrap_or_default();
        // an apostrophe before a formula is a spreadsheet's way to write text, and is not part of it
        assert_eq!(note, cell.trim().strip_prefix('\'').unwrap_or(cell.trim()), "{lead}");
    }
}
