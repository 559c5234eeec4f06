//! Nasty files from end to end: what is refused leaves nothing behind, and what is read adds up.

mod refused;
mod stretches;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::Cursor;

use async_trait::async_trait;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::stretch::FIRST;
use super::*;

/// A campaign in memory that keeps the rules of a store: the number is unique, progress goes with the batch.
#[derive(Default)]
struct Campaign {
    leads: HashMap<String, LeadRow>,
    progress: Option<Progress>,
    totals: Counts,
    update: bool,
    writes_left: Option<u32>,
    largest: usize,
    findings: Vec<Finding>,
    bad_rows: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
#[error("killed")]
struct Killed;

#[async_trait]
impl LeadSink for Campaign {
    type Error = Killed;
    type Leads = Vec<LeadRow>;

    fn ready(leads: Vec<LeadRow>) -> Result<Vec<LeadRow>, Killed> {
        Ok(leads)
    }

    async fn write(&mut self, piece: Piece) -> Result<Counts, Killed> {
        match self.writes_left.as_mut() {
            Some(0) => return Err(Killed),
            Some(left) => *left -= 1,
            None => {}
        }
        let Piece { leads, progress, aside, findings, bad_rows, .. } = piece;
        self.largest = self.largest.max(leads.len());
        self.findings.extend(findings);
        self.bad_rows.extend(bad_rows);
        let mut counts = Counts::default();
        for lead in leads {
            let key = lead.phone_number.e164().to_owned();
            match (self.leads.contains_key(&key), self.update) {
                (true, false) => counts.duplicates += 1,
                (known, _) => {
                    *(if known { &mut counts.updated } else { &mut counts.accepted }) += 1;
                    self.leads.insert(key, lead);
                }
            }
        }
        self.progress = Some(progress);
        self.totals += counts;
        self.totals += aside;
        assert_eq!(self.totals.rows(), progress.row_offset, "they add up at every moment");
        Ok(counts)
    }
}

/// When the imports of these tests began.
const NOW: &str = "2026-11-23T18:00:00Z";

fn options() -> ImportOptions {
    ImportOptions {
        region: Some("US".parse().unwrap()),
        on_duplicate: OnDuplicate::Skip,
        order: WriteOrder::Numbers,
        now: NOW.parse().unwrap(),
        resume: None,
    }
}

struct Outcome {
    report: Report,
    findings: Vec<Finding>,
    bad_rows: Vec<u8>,
}

async fn run(file: &[u8], campaign: &mut Campaign, options: ImportOptions) -> Result<Outcome, ImportError<Killed>> {
    let mut file = Cursor::new(file.to_vec());
    let sheet = preflight(&mut file).unwrap();
    bad_rows::write_header(&mut campaign.bad_rows, &sheet.columns).unwrap();
    let report = import::import(file, &sheet, options, campaign, &CancellationToken::new()).await?;
    Ok(Outcome { report, findings: campaign.findings.clone(), bad_rows: campaign.bad_rows.clone() })
}

async fn imported(file: &[u8]) -> (Campaign, Outcome) {
    let mut campaign = Campaign::default();
    let outcome = run(file, &mut campaign, options()).await.unwrap();
    let report = &outcome.report;
    assert_eq!(report.accepted + report.rejected + report.duplicates + report.updated, report.rows);
    assert_eq!(report.by_code.values().sum::<u64>(), report.rejected);
    assert_eq!(outcome.findings.len() as u64, report.rejected);
    (campaign, outcome)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

const PLAIN: &str = "external_id,phone,first_name,state,Monthly Bill\n7,(415) 555-0100,Ann,CA,120\n8,+12125550101,Bö,,\n";

#[tokio::test]
async fn every_spelling_of_one_list_gives_the_same_leads() {
    let (expected, _) = imported(PLAIN.as_bytes()).await;
    let ann = &expected.leads["+14155550100"];
    assert_eq!((ann.row, ann.line, ann.external_id.as_deref()), (1, 2, Some("7")));
    assert_eq!(ann.zones, r#"["America/Los_Angeles"]"#);
    assert_eq!(ann.variables, r#"{"first_name":"Ann","monthly_bill":"120","state":"CA"}"#);
    let files = [
        [b"\xef\xbb\xbf", PLAIN.as_bytes()].concat(),
        PLAIN.replace('\n', "\r\n").into_bytes(),
        PLAIN.replace('\n', "\r").into_bytes(),
        PLAIN.replace(',', ";").into_bytes(),
        PLAIN.replace(',', "\t").into_bytes(),
        PLAIN.replace(',', "|").into_bytes(),
        format!("sep=;\n{}", PLAIN.replace(',', ";")).into_bytes(),
        utf16(PLAIN, u16::to_le_bytes),
        utf16(PLAIN, u16::to_be_bytes),
        utf16(&PLAIN.replace(',', "\t").replace('\n', "\r\n"), u16::to_le_bytes),
        format!("{},,\n", PLAIN.replace('\n', ",,\n")).into_bytes(),
    ];
    for file in files {
        let (campaign, outcome) = imported(&file).await;
        assert_eq!((outcome.report.rows, outcome.report.accepted), (2, 2), "{}", String::from_utf8_lossy(&file));
        let without_lines = |leads: &HashMap<String, LeadRow>| {
            let mut leads: Vec<LeadRow> = leads.values().cloned().map(|lead| LeadRow { line: 0, ..lead }).collect();
            leads.sort_by_key(|lead| lead.row);
            leads
        };
        assert_eq!(without_lines(&campaign.leads), without_lines(&expected.leads));
    }
}

#[tokio::test]
async fn bad_rows_are_told_by_line_column_and_reason() {
    let file = "phone,state,timezone,not_before,note,priority\n\
        1.4155E+10,,,,,\n\
        ,,,,empty,\n\
        +14155550100,Kalifornia,,,,\n\
        +14155550101,,EST,,,\n\
        +14155550102,,,soon,,\n\
        +14155550103,,,,\"two\nlines\",1,extra\n\
        +14155550104,,,2026-12-01T09:00,ok,-99\n\
        '+14155550105,,,2026-12-01T09:00:00Z,'=1+1,\n\
        +14155550106,,,,,high\n\
        +14155550107,,,,,1.5\n\
        +14155550108,,,,,120\n";
    let (campaign, outcome) = imported(file.as_bytes()).await;
    let told: Vec<(u64, u64, &str, &str)> =
        outcome.findings.iter().map(|found| (found.row, found.line, found.column.as_str(), found.code.as_str())).collect();
    let expected = [
        (1, 2, "phone", "excel_number"),
        (2, 3, "phone", "missing_phone"),
        (3, 4, "state", "unknown_state"),
        (4, 5, "timezone", "unknown_zone"),
        (5, 6, "not_before", "bad_not_before"),
        (6, 7, "", "too_many_cells"),
        (9, 11, "priority", "bad_priority"),
        (10, 12, "priority", "bad_priority"),
        (11, 13, "priority", "bad_priority"),
    ];
    assert_eq!(told, expected);
    assert_eq!(campaign.leads["+14155550104"].line, 9);
    assert_eq!(campaign.leads["+14155550104"].not_before, Some("2026-12-01T17:00:00Z".parse().unwrap()));
    assert_eq!(campaign.leads["+14155550105"].variable_map()["note"], "=1+1");
    assert_eq!(["+14155550104", "+14155550105"].map(|number| campaign.leads[number].priority.get()), [-99, 0]);
    assert!(!campaign.leads["+14155550104"].variables.contains("priority"), "the agent is not told");
    assert_eq!(outcome.findings[0].value_masked, "1.41***10");
    assert!(outcome.findings[0].message.contains("rounded"));
    let high = &outcome.findings[6];
    assert_eq!((high.value_masked.as_str(), high.message.as_str()), ("***", "a priority is a whole number from -99 to 99"));
}

#[test]
fn what_an_import_was_judged_by_tells_what_was_typed() {
    let gb = Some("GB".parse().unwrap());
    let cases =
        [(None, OnDuplicate::Skip, ""), (gb, OnDuplicate::Skip, " --region GB"), (gb, OnDuplicate::Update, " --region GB --update")];
    for (region, on_duplicate, typed) in cases {
        let judged_by = ImportOptions { region, on_duplicate, ..options() }.judged_by();
        assert_eq!(import::typed(&judged_by), typed, "{judged_by}");
    }
    assert_eq!(import::typed(""), "", "by a version that did not keep it");
}

#[tokio::test]
async fn a_row_with_another_separator_says_so() {
    let file = b"external_id;phone;name\nb-1;+14155550100;Ann\nb-2,+14155550101,Bo\n\"b-3;+14155550102;Cy\"\nb-4\n";
    let (campaign, outcome) = imported(file).await;
    let told: Vec<(u64, &str, &str, &str)> = outcome
        .findings
        .iter()
        .map(|found| (found.line, found.column.as_str(), found.code.as_str(), found.value_masked.as_str()))
        .collect();
    let expected = [(3, "", "one_cell", "b-2,***Bo"), (4, "", "one_cell", "b-3;***Cy"), (5, "phone", "missing_phone", "")];
    assert_eq!((told, campaign.leads.len()), (expected.to_vec(), 1));
    let message = "the row is one cell, in which `,` stands as often as the header has its separator";
    assert_eq!(outcome.findings[0].message, message);
}

#[tokio::test]
async fn cells_behind_a_number_are_told_and_an_extension_is_none_of_them() {
    let file = b"phone,name,note,city\n+14155550123;Bob;x\n+14155550123\tBob\tx\n+14155550123|Bob,,,\n+14155550123;Bob;12,50\n\
        +1 415 555 0123;ext=5\n+1 415 555 0123;ext=5,Ann\n+14155550123;12,Ann\n";
    let (_, outcome) = imported(file).await;
    let told: Vec<(u64, &str, &str)> =
        outcome.findings.iter().map(|found| (found.line, found.column.as_str(), found.code.as_str())).collect();
    let one_cell = [2_u64, 3, 4, 5].map(|line| (line, "phone", "one_cell"));
    let extension = [6_u64, 7, 8].map(|line| (line, "phone", "extension"));
    assert_eq!(told, [one_cell.as_slice(), &extension].concat());
    let first = &outcome.findings[0];
    assert_eq!(first.message, "the number's cell holds other cells behind it, separated by `;`");
    assert_eq!(first.suggestion, "separate the row's cells as the header's are, and leave the number alone in its own");
}

#[tokio::test]
async fn consent_has_a_moment_that_has_passed_and_a_record() {
    let long = "x".repeat(8_193);
    let file = format!(
        "phone,state,consent_basis,Consent At,Consent Ref\n\
        +14155550100,,web form,2026-11-20T09:00,form 7\n\
        +14155550101,,web form,2026-11-20,\n\
        +14155550102,,web form,2026-11-23T18:04:59Z,\n\
        +14155550103,,web form,2026-11-24,form 8\n\
        +14155550104,,web form,2026-11-23T18:05:01Z,\n\
        +14155550105,,web form,last week,\n\
        +14155550106,,web form,,{long}\n\
        +18005550107,TX,,2026-11-23,form 9\n"
    );
    let (campaign, outcome) = imported(file.as_bytes()).await;
    let told: Vec<(u64, &str, &str)> =
        outcome.findings.iter().map(|found| (found.line, found.column.as_str(), found.code.as_str())).collect();
    let expected = [
        (5, "Consent At", "future_consent"),
        (6, "Consent At", "future_consent"),
        (7, "Consent At", "bad_consent_at"),
        (8, "Consent Ref", "cell_too_long"),
    ];
    assert_eq!(told, expected);
    let future = "consent_at lies in the future: 2026-11-24T08:00:00Z is later than 2026-11-23T18:00:00Z, when this import began";
    assert_eq!((outcome.findings[0].message.as_str(), outcome.findings[0].value_masked.as_str()), (future, "2026***24"));
    let kept = |number: &str| {
        let proof = campaign.leads[number].consent_proof.clone().unwrap();
        (proof.at.map(|at| at.to_string()).unwrap_or_default(), proof.reference.unwrap_or_default())
    };
    let pair = |at: &str, reference: &str| (at.to_owned(), reference.to_owned());
    assert_eq!(kept("+14155550100"), pair("2026-11-20T17:00:00Z", "form 7"));
    assert_eq!(kept("+14155550101"), pair("2026-11-20T08:00:00Z", ""));
    assert_eq!(kept("+14155550102"), pair("2026-11-23T18:04:59Z", ""), "clocks differ a little");
    assert_eq!(campaign.leads["+14155550100"].variables, "{}", "the agent is not told");
    assert_eq!(kept("+18005550107"), pair("2026-11-23T06:00:00Z", "form 9"), "Chicago's clock and not Denver's");
}

#[tokio::test]
async fn mended_bad_rows_can_be_imported() {
    let file = "phone,name\n415555010x,Ann\n+14155550101,Bob\n,\"=2+2, Carl\"\n";
    let (_, outcome) = imported(file.as_bytes()).await;
    let bad = String::from_utf8(outcome.bad_rows).unwrap();
    assert!(bad.starts_with("\"phone\",\"name\",\"_line\",\"_column\",\"_code\",\"_reason\",\"_suggestion\"\n"), "{bad}");
    let mended = bad.replace("415555010x", "4155550100").replace("\"\",\"'=2+2", "\"+14155550102\",\"'=2+2");
    let (campaign, again) = imported(mended.as_bytes()).await;
    assert_eq!((again.report.rows, again.report.accepted), (2, 2), "{mended}");
    assert_eq!(campaign.leads["+14155550102"].variable_map()["name"], "=2+2, Carl");
    assert_eq!(campaign.leads["+14155550100"].variable_map().len(), 1);
}

#[tokio::test]
async fn duplicates_are_skipped_or_update_within_and_across_batches() {
    let mut file = "phone,name\n".to_owned();
    for at in 0..2 * FIRST {
        writeln!(file, "+1415555{:04},first", at % 7_500).unwrap();
    }
    file.push_str("+14155550000,last\n+14155550000,very last\n");
    let (campaign, outcome) = imported(file.as_bytes()).await;
    let repeated = 2 * FIRST + 2 - 7_500;
    assert_eq!((outcome.report.accepted, outcome.report.duplicates), (7_500, repeated));
    assert_eq!(campaign.leads["+14155550000"].variable_map()["name"], "first");

    let mut updating = Campaign { update: true, ..Campaign::default() };
    let options = ImportOptions { on_duplicate: OnDuplicate::Update, ..options() };
    let outcome = run(file.as_bytes(), &mut updating, options).await.unwrap();
    assert_eq!((outcome.report.accepted, outcome.report.updated, outcome.report.rows), (7_500, repeated, 2 * FIRST + 2));
    assert_eq!(updating.leads["+14155550000"].variable_map()["name"], "very last");
}

#[tokio::test]
async fn endless_lines_cost_one_row() {
    let file = format!("phone,name\n+14155550100,{}\n+14155550101,ok\n", "x".repeat(4 << 20));
    let (campaign, outcome) = imported(file.as_bytes()).await;
    assert_eq!(campaign.leads.len(), 1);
    assert_eq!(outcome.findings[0].code, FindingCode::RowTooLong);
}

#[tokio::test]
async fn known_columns_that_are_mere_variables_are_remarked() {
    let sheet = preflight(&mut Cursor::new("phone,priority,agent_id\n+14155550100,1,a\n")).unwrap();
    assert_eq!(sheet.columns.remarks().iter().map(|remark| remark.column.as_str()).collect::<Vec<_>>(), ["agent_id"]);
    assert_eq!(sheet.sha256.len(), 64);
}

#[tokio::test]
async fn the_demo_list_and_its_campaign_are_in_order() {
    let (campaign, outcome) = imported(include_bytes!("../../config/demo/leads.csv")).await;
    assert_eq!((outcome.report.rows, outcome.report.accepted), (60, 60));
    assert!(campaign.leads.values().all(|lead| lead.zones == r#"["America/Los_Angeles"]"# && lead.consent_basis.is_some()));
    let file = crate::domain::campaign::file::CampaignFile::from_toml(include_str!("../../config/demo/campaign.toml")).unwrap();
    let settings = file.settings().unwrap();
    assert_eq!((settings.lines, settings.caller_numbers[0].e164()), (30, "+14155550200"));
}

/// A sink that cannot fail and keeps nothing.
#[derive(Default)]
struct Nowhere {
    refused: u64,
}

#[async_trait]
impl LeadSink for Nowhere {
    type Error = Infallible;
    type Leads = Vec<LeadRow>;

    fn ready(leads: Vec<LeadRow>) -> Result<Vec<LeadRow>, Infallible> {
        Ok(leads)
    }

    async fn write(&mut self, piece: Piece) -> Result<Counts, Infallible> {
        self.refused += piece.findings.len() as u64;
        Ok(Counts { accepted: piece.leads.len() as u64, ..Counts::default() })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_bytes_are_refused_or_add_up(body in proptest::collection::vec(any::<u8>(), 0..300), head in 0_usize..4) {
        let head: &[u8] = [b"phone,a\n".as_slice(), b"phone;a\n", b"", b"\xff\xfe"][head];
        let mut file = Cursor::new([head, &body].concat());
        if let Ok(sheet) = preflight(&mut file) {
            let mut sink = Nowhere::default();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let stop = CancellationToken::new();
            let report = runtime.block_on(import::import(file, &sheet, options(), &mut sink, &stop)).unwrap();
            prop_assert_eq!(report.accepted + report.rejected + report.duplicates + report.updated, report.rows);
            prop_assert_eq!(sink.refused, report.rejected);
            prop_assert!(report.rows >= 1);
        }
    }
}
