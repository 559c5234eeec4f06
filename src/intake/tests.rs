//! Nasty files from end to end: what is refused leaves nothing behind, and what is read adds up.

mod any_bytes;
mod findings;
mod refused;
mod stretches;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Cursor;

use async_trait::async_trait;
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
