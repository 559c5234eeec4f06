//! Long lists: cut into stretches and pieces, killed between any two of them, and told to stop.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::fmt::Write as _;

use super::super::stretch::PIECE;
use super::*;

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
    for (length, order, kept) in [(900, WriteOrder::Numbers, true), (18_000, WriteOrder::List, true), (18_000, WriteOrder::Numbers, false)]
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
    type Leads = Vec<LeadRow>;

    fn ready(leads: Vec<LeadRow>) -> Result<Vec<LeadRow>, Infallible> {
        Ok(leads)
    }

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
