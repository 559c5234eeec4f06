//! An import whose process is killed goes on where it was: nothing lost, nothing twice, whatever the moment, the engine and the
//! rule for numbers that come twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bench::Bench;
use crate::support::database::Database;

const ROWS: u64 = 60_000;
const KILLS: usize = 8;
const IMPORT: &str = "leads import --campaign spring big.csv";

/// The list, and what of it has to be stored.
struct List {
    text: String,
    refused: u64,
    /// Of each number the row that came first, and the one that came last.
    rows: BTreeMap<String, (String, String)>,
}

impl List {
    fn new() -> Self {
        let (mut text, mut refused, mut rows) = ("external_id,phone,name\n".to_owned(), 0, BTreeMap::new());
        for row in 0..ROWS {
            if row % 50 == 3 {
                refused += 1;
                writeln!(text, "r{row},12,bad").unwrap();
            } else {
                let (number, id) = (format!("+1415{:07}", 2_000_000 + row * 7 % 50_000), format!("r{row}"));
                writeln!(text, "{id},{number},\"row\n{row}\"").unwrap();
                let stored = rows.entry(number).or_insert_with(|| (id.clone(), String::new()));
                stored.1 = id;
            }
        }
        Self { text, refused, rows }
    }

    /// What the campaign's list has to be: its own two leads, and a row of each number.
    fn stored(&self, update: bool) -> BTreeMap<String, String> {
        let own = [("+14155550100", "a-1"), ("+14155550101", "a-2")].map(|(number, id)| (number.to_owned(), id.to_owned()));
        let row = |(first, last): &(String, String)| if update { last.clone() } else { first.clone() };
        own.into_iter().chain(self.rows.iter().map(|(number, rows)| (number.clone(), row(rows)))).collect()
    }
}

/// Chance by rule: the kills of a failed run can be had again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

#[test]
fn killed_at_any_moment_it_ends_as_if_it_had_not_been() {
    ends_as_if_it_had_not_been(&Bench::with_campaign(), false);
}

#[test]
fn killed_while_it_updates_it_ends_as_if_it_had_not_been() {
    ends_as_if_it_had_not_been(&Bench::with_campaign(), true);
}

#[test]
fn killed_with_other_flags_it_is_read_anew_and_loses_nothing() {
    is_read_anew_with_other_flags(&Bench::with_campaign());
}

#[test]
fn killed_at_any_moment_on_postgres_it_ends_as_if_it_had_not_been() {
    on_postgres(|bench| ends_as_if_it_had_not_been(bench, false));
}

#[test]
fn killed_while_it_updates_on_postgres_it_ends_as_if_it_had_not_been() {
    on_postgres(|bench| ends_as_if_it_had_not_been(bench, true));
}

#[test]
fn killed_with_other_flags_on_postgres_it_is_read_anew_and_loses_nothing() {
    on_postgres(is_read_anew_with_other_flags);
}

pub(super) fn on_postgres(check: impl Fn(&Bench)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::create_unless_sqlite_only()) else { return };
    check(&Bench::with_campaign_on(&database));
    runtime.block_on(database.drop());
}

fn ends_as_if_it_had_not_been(bench: &Bench, update: bool) {
    let list = List::new();
    bench.write("big.csv", &list.text);
    let line = if update { format!("{IMPORT} --update") } else { IMPORT.to_owned() };
    let (mut chance, mut killed) = (Chance(7), 0);
    // from before its first transaction to well behind it
    while killed < KILLS && kill(begin(bench, &line), Duration::from_millis(chance.below(1_500))) {
        killed += 1;
    }
    assert!(killed > 0, "it was too fast to be killed");
    let done = bench.done(&format!("{line} --rejects refused.csv --json")).json();
    // the last run may have begun anew, when an earlier one had come to its end
    let first = imports(bench).pop().unwrap();
    let count = |key: &str| first[key].as_u64().unwrap();
    assert_eq!((count("row_offset"), count("rejected")), (ROWS, list.refused), "killed {killed} times: {first}");
    assert_eq!(count("accepted"), list.rows.len() as u64, "{first}");
    let again = if update { "updated" } else { "duplicates" };
    assert_eq!(count("accepted") + count("rejected") + count(again), ROWS, "{first}");
    assert!(exported(bench) == list.stored(update), "killed {killed} times");
    assert_eq!(done["rejected"], list.refused);
    let lines = csv::Reader::from_reader(bench.read("refused.csv").as_bytes()).into_records().map(Result::unwrap).count();
    assert_eq!(lines as u64, list.refused, "each refused row is in the file once");
}

fn is_read_anew_with_other_flags(bench: &Bench) {
    let list = List::new();
    bench.write("big.csv", &list.text);
    let mut after = Duration::ZERO;
    while imports(bench).iter().all(|import| import["row_offset"] == 0) {
        after += Duration::from_millis(100);
        assert!(kill(begin(bench, IMPORT), after), "it was too fast to be killed");
    }
    let done = bench.done(&format!("{IMPORT} --update --json")).json();
    let [anew, cut_off] = <[Value; 2]>::try_from(imports(bench)).unwrap();
    assert_eq!((&cut_off["state"], &anew["state"]), (&"failed".into(), &"done".into()), "{cut_off} {anew}");
    assert!(done["warnings"].to_string().contains("the file was read from its beginning"), "{done}");
    let count = |import: &Value, key: &str| import[key].as_u64().unwrap();
    assert_eq!(count(&anew, "row_offset"), ROWS, "{anew}");
    assert_eq!(count(&cut_off, "accepted") + count(&anew, "accepted"), list.rows.len() as u64, "{cut_off} {anew}");
    assert_eq!(count(&anew, "accepted") + count(&anew, "updated") + count(&anew, "rejected"), ROWS, "{anew}");
    assert!(exported(bench) == list.stored(true), "{cut_off} {anew}");
}

fn begin(bench: &Bench, line: &str) -> Child {
    bench.command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills it after a while; false when it had ended by then.
fn kill(mut child: Child, after: Duration) -> bool {
    let moment = Instant::now() + after;
    while child.try_wait().unwrap().is_none() && Instant::now() < moment {
        std::thread::sleep(Duration::from_millis(2));
    }
    if child.try_wait().unwrap().is_some() {
        return false;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// Those of the list, newest first.
fn imports(bench: &Bench) -> Vec<Value> {
    let Value::Array(imports) = bench.done("leads imports --campaign spring --json").json()["imports"].take() else { panic!("no list") };
    imports.into_iter().filter(|import| import["file_name"] == "big.csv").collect()
}

/// The ids of the campaign's leads by their numbers.
fn exported(bench: &Bench) -> BTreeMap<String, String> {
    let csv = bench.done("leads export --campaign spring").out;
    let records = csv::Reader::from_reader(csv.as_bytes()).into_records().map(Result::unwrap);
    let leads: Vec<(String, String)> = records.map(|record| (record[1].to_owned(), record[0].to_owned())).collect();
    let by_number: BTreeMap<String, String> = leads.iter().cloned().collect();
    assert_eq!(by_number.len(), leads.len(), "a number is on the list twice");
    by_number
}
