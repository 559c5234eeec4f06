//! Nasty files from end to end: what is refused leaves nothing behind, and what is read adds up.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::Cursor;

use async_trait::async_trait;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::stretch::{PIECE, ROWS};
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

fn options() -> ImportOptions {
    ImportOptions { region: Some("US".parse().unwrap()), on_duplicate: OnDuplicate::Skip, order: WriteOrder::Numbers, resume: None }
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

fn refusal(file: &[u8]) -> String {
    preflight(&mut Cursor::new(file)).unwrap_err().to_string()
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
fn files_that_cannot_be_read_are_refused_whole_with_the_reason() {
    let latin = [b"phone,name\n+14155550100,J".as_slice(), b"\xfcrgen\n"].concat();
    let shift_jis = [b"phone,name\n+14155550100,".as_slice(), b"\x93\xfa\x96\x7b\n"].concat();
    let cases: [(&[u8], &str); 17] = [
        (b"", "is empty"),
        (b"\n \r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"phone,name\n", "no rows"),
        (b"phone,name\n\n,,\n", "no rows"),
        (b"name,city\nAnn,Boston\n", "the file has: name, city"),
        (b"4155550100\n4155550101\n", "no column holds the phone number"),
        (b"phone,mobile\n1,2\n", "both `phone` and `mobile`"),
        (b"phone,name,Name\n1,2,3\n", "stands twice"),
        (b"\x1f\x8b\x08\x00aaaa", "gzip"),
        (b"PK\x03\x04aaaa", "Excel workbook"),
        (b"phone,name\n+14155550100,A\x00nn\n", "line 2 has a zero byte"),
        (&latin, "line 2 is not UTF-8 (it looks like Latin-1"),
        (&shift_jis, "line 2 is not UTF-8 (it looks like Shift-JIS"),
        (b"p\x00h\x00o\x00n\x00e\x00\n\x001\x00", "UTF-16 without a byte order mark"),
        (b"\xff\xfep\x00h\x00o", "broken UTF-16"),
        (b"\"phone,name\n+14155550100,Ann\n", "a quote in it is never closed"),
    ];
    for (file, reason) in cases {
        let said = refusal(file);
        assert!(said.contains(reason), "{} says: {said}", String::from_utf8_lossy(file));
    }
    let wide: String = (0..10_000).map(|at| format!("c{at},")).collect();
    assert!(refusal(format!("phone,{wide}\n1\n").as_bytes()).contains("too many columns"), "10,000 columns");
}

#[tokio::test]
async fn bad_rows_are_told_by_line_column_and_reason() {
    let file = "phone,state,timezone,not_before,note\n\
        1.4155E+10,,,,\n\
        ,,,,empty\n\
        +14155550100,Kalifornia,,,\n\
        +14155550101,,EST,,\n\
        +14155550102,,,soon,\n\
        +14155550103,,,,\"two\nlines\",extra\n\
        +14155550104,,,2026-12-01T09:00,ok\n\
        '+14155550105,,,2026-12-01T09:00:00Z,'=1+1\n";
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
    ];
    assert_eq!(told, expected);
    assert_eq!(campaign.leads["+14155550104"].line, 9);
    assert_eq!(campaign.leads["+14155550104"].not_before, Some("2026-12-01T17:00:00Z".parse().unwrap()));
    assert_eq!(campaign.leads["+14155550105"].variable_map()["note"], "=1+1");
    assert_eq!(outcome.findings[0].value_masked, "1.41***10");
    assert!(outcome.findings[0].message.contains("rounded"));
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
    for at in 0..2 * ROWS {
        writeln!(file, "+1415555{:04},first", at % 7_500).unwrap();
    }
    file.push_str("+14155550000,last\n+14155550000,very last\n");
    let (campaign, outcome) = imported(file.as_bytes()).await;
    let repeated = 2 * ROWS + 2 - 7_500;
    assert_eq!((outcome.report.accepted, outcome.report.duplicates), (7_500, repeated));
    assert_eq!(campaign.leads["+14155550000"].variable_map()["name"], "first");

    let mut updating = Campaign { update: true, ..Campaign::default() };
    let options = ImportOptions { on_duplicate: OnDuplicate::Update, ..options() };
    let outcome = run(file.as_bytes(), &mut updating, options).await.unwrap();
    assert_eq!((outcome.report.accepted, outcome.report.updated, outcome.report.rows), (7_500, repeated, 2 * ROWS + 2));
    assert_eq!(updating.leads["+14155550000"].variable_map()["name"], "very last");
}

/// Numbers in no order, each three times; bad rows, and rows over two lines.
fn mixed(rows: usize) -> String {
    let mut file = "phone,name\r\n".to_owned();
    for at in 0..rows {
        let number = 4_152_000_000_usize + at * 7_919 % (rows / 3);
        match at % 50 {
            0 => writeln!(file, "12,bad {at}\r").unwrap(),
            1 => writeln!(file, "+1{number},\"two\r\nlines {at}\"\r").unwrap(),
            _ => writeln!(file, "+1{number},plain {at}\r").unwrap(),
        }
    }
    file
}

/// What the text says, read the plain way: the row that counts of each number.
fn oracle(text: &str, update: bool) -> BTreeMap<String, String> {
    let mut leads = BTreeMap::new();
    for record in csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).filter(|record| record[0].len() > 2) {
        let (number, name) = (record[0].to_owned(), record[1].to_owned());
        match leads.entry(number) {
            Entry::Occupied(mut there) if update => *there.get_mut() = name,
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => {
                new.insert(name);
            }
        }
    }
    leads
}

/// Imports a list and kills it after each time another number of transactions.
async fn killed(file: &[u8], update: bool) -> (Campaign, u32) {
    let on_duplicate = if update { OnDuplicate::Update } else { OnDuplicate::Skip };
    let (mut campaign, mut kills) = (Campaign { update, ..Campaign::default() }, 0);
    loop {
        campaign.writes_left = Some(kills * 7 % 4);
        let resumed = ImportOptions { on_duplicate, resume: campaign.progress, ..options() };
        let Err(error) = run(file, &mut campaign, resumed).await else { return (campaign, kills) };
        assert!(matches!(error, ImportError::Write(Killed)));
        kills += 1;
    }
}

#[tokio::test]
async fn killed_between_any_two_transactions_it_ends_as_if_it_had_not_been() {
    const ROWS: u64 = 75_000;
    let text = mixed(75_000);
    for (file, update) in [(text.clone().into_bytes(), false), (text.clone().into_bytes(), true), (utf16(&text, u16::to_le_bytes), false)] {
        let (campaign, kills) = killed(&file, update).await;
        assert!(kills >= 5, "{kills}");
        let leads: BTreeMap<String, String> =
            campaign.leads.iter().map(|(number, lead)| (number.clone(), lead.variable_map()["name"].clone())).collect();
        assert!(leads == oracle(&text, update), "the first row of a number counts, or with update the last");
        let (rejected, accepted) = (ROWS / 50, leads.len() as u64);
        let again = ROWS - rejected - accepted;
        let (duplicates, updated) = if update { (0, again) } else { (again, 0) };
        assert_eq!(campaign.totals, Counts { accepted, rejected, updated, duplicates });
        assert!(campaign.largest <= PIECE);
        let told: Vec<u64> = campaign.findings.iter().map(|finding| finding.row).collect();
        assert_eq!(told, (0..rejected).map(|n| n * 50 + 1).collect::<Vec<_>>(), "each once and in the order of the list");
    }
}

#[tokio::test]
async fn a_stretch_that_was_begun_ends_where_it_ended() {
    let text: String = std::iter::once("phone,name\n".to_owned())
        .chain((0..12_000).map(|at| format!("+1{},row {at}\n", 4_152_000_000_u64 + at * 7_919 % 12_000)))
        .collect();
    let begins = "phone,name\n".len();
    let ends: usize = text.lines().take(8_001).map(|line| line.len() + 1).sum();
    // another version wrote 5,500 leads of a stretch of 8,000
    let progress = Progress { byte_offset: begins as u64, row_offset: 5_500, stretch_leads: 5_500, stretch_end: ends as u64 };
    let counts = Counts { accepted: 5_500, ..Counts::default() };
    let mut campaign = Campaign { totals: counts, ..Campaign::default() };
    run(text.as_bytes(), &mut campaign, ImportOptions { resume: Some(progress), ..options() }).await.unwrap();
    let mut stretch: Vec<(String, String)> = oracle(&text[..ends], false).into_iter().collect();
    stretch.drain(..5_500);
    let expected: BTreeMap<String, String> = stretch.into_iter().chain(oracle(&format!("phone,name\n{}", &text[ends..]), false)).collect();
    let written: BTreeMap<String, String> =
        campaign.leads.iter().map(|(number, lead)| (number.clone(), lead.variable_map()["name"].clone())).collect();
    assert!(written == expected, "the rest of that stretch, and what follows");
    assert_eq!(campaign.totals.rows(), 12_000);
}

#[tokio::test]
async fn a_short_list_and_a_dry_run_keep_the_order_of_the_list() {
    let rows = |piece: &Piece| piece.leads.iter().map(|lead| lead.row).collect::<Vec<_>>();
    for (length, order, kept) in [(900, WriteOrder::Numbers, true), (24_000, WriteOrder::List, true), (24_000, WriteOrder::Numbers, false)]
    {
        let mut pieces = Pieces::default();
        let mut file = Cursor::new(mixed(length).into_bytes());
        let sheet = preflight(&mut file).unwrap();
        let options = ImportOptions { order, ..options() };
        import::import(file, &sheet, options, &mut pieces, &CancellationToken::new()).await.unwrap();
        let listed: Vec<u64> = pieces.0.iter().flat_map(rows).collect();
        assert_eq!(listed.is_sorted(), kept, "{length} rows");
        let numbers: Vec<u64> = pieces.0.iter().flat_map(|piece| piece.leads.iter().map(|lead| lead.phone_number.digits())).collect();
        assert_eq!(numbers.is_sorted(), !kept, "{length} rows");
    }
}

/// Keeps what it gets.
#[derive(Default)]
struct Pieces(Vec<Piece>);

#[async_trait]
impl LeadSink for Pieces {
    type Error = Infallible;
    async fn write(&mut self, piece: Piece) -> Result<Counts, Infallible> {
        let accepted = piece.leads.len() as u64;
        self.0.push(piece);
        Ok(Counts { accepted, ..Counts::default() })
    }
}

#[tokio::test]
async fn an_import_stops_between_transactions() {
    let text = mixed(40_000);
    let mut file = Cursor::new(text.into_bytes());
    let sheet = preflight(&mut file).unwrap();
    let (mut campaign, stop) = (Campaign::default(), CancellationToken::new());
    stop.cancel();
    let stopped = import::import(file, &sheet, options(), &mut campaign, &stop).await;
    assert!(matches!(stopped, Err(ImportError::Stopped)));
    let progress = campaign.progress.unwrap();
    assert_eq!((progress.row_offset, progress.stretch_leads), (PIECE as u64, PIECE as u64));
}

#[tokio::test]
async fn endless_lines_and_open_quotes_cost_one_row() {
    let file = format!("phone,name\n+14155550100,{}\n+14155550101,ok\n", "x".repeat(4 << 20));
    let (campaign, outcome) = imported(file.as_bytes()).await;
    assert_eq!(campaign.leads.len(), 1);
    assert_eq!(outcome.findings[0].code, FindingCode::RowTooLong);
    let open = "phone,name\n+14155550100,Ann\n+14155550101,\"Bob\n+14155550102,Carl\n";
    let (campaign, outcome) = imported(open.as_bytes()).await;
    assert_eq!(campaign.leads.len(), 1);
    assert_eq!((outcome.findings[0].code, outcome.findings[0].line), (FindingCode::UnclosedQuote, 3));
}

#[tokio::test]
async fn known_columns_that_do_nothing_yet_are_remarked() {
    let sheet = preflight(&mut Cursor::new("phone,priority\n+14155550100,1\n")).unwrap();
    assert_eq!(sheet.columns.remarks().len(), 1);
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
