//! An import whose process is killed goes on where it was: nothing lost, nothing twice, whatever the moment.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::bench::Bench;

const ROWS: u64 = 60_000;
const KILLS: usize = 8;

/// The list, its numbers, and how many of its rows are refused.
fn list() -> (String, BTreeSet<String>, u64) {
    let (mut text, mut numbers, mut refused) = ("phone,name\n".to_owned(), BTreeSet::new(), 0);
    for row in 0..ROWS {
        if row % 50 == 3 {
            refused += 1;
            writeln!(text, "12,bad {row}").unwrap();
        } else {
            let number = format!("+1415{:07}", 2_000_000 + row * 7 % 50_000);
            writeln!(text, "{number},\"row\n{row}\"").unwrap();
            numbers.insert(number);
        }
    }
    (text, numbers, refused)
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
    let bench = Bench::with_campaign();
    let (text, numbers, refused) = list();
    bench.write("big.csv", &text);
    let (mut chance, mut killed) = (Chance(7), 0);
    while killed < KILLS {
        let mut child =
            bench.command("leads import --campaign spring big.csv").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // from before its first transaction to well behind it
        let moment = Instant::now() + Duration::from_millis(chance.below(1_500));
        while child.try_wait().unwrap().is_none() && Instant::now() < moment {
            std::thread::sleep(Duration::from_millis(2));
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
    }
    assert!(killed > 0, "it was too fast to be killed");
    let done = bench.done("leads import --campaign spring big.csv --rejects refused.csv --json").json();
    let listed = imports(&bench);
    // the last run may have begun anew, when an earlier one had come to its end
    let first = listed.last().unwrap();
    let count = |key: &str| first[key].as_u64().unwrap();
    assert_eq!((count("row_offset"), count("rejected")), (ROWS, refused), "killed {killed} times: {first}");
    assert_eq!(count("accepted") + count("rejected") + count("duplicates") + count("updated"), ROWS, "{first}");
    // two of its numbers were in the campaign before
    let own: BTreeSet<String> = exported(&bench);
    assert_eq!(own.iter().filter(|number| numbers.contains(*number)).count(), numbers.len());
    assert_eq!(own.len() as u64, count("accepted") + 2, "{first}");
    assert_eq!(done["rejected"], refused);
    let lines = csv::Reader::from_reader(bench.read("refused.csv").as_bytes()).into_records().map(Result::unwrap).count();
    assert_eq!(lines as u64, refused, "each refused row is in the file once");
}

fn imports(bench: &Bench) -> Vec<serde_json::Value> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection as _, Row as _};
        let url = format!("sqlite://{}", bench.path().join("data/callfleet.db").display());
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let sql = "SELECT row_offset, accepted, rejected, duplicates, updated FROM import WHERE file_name = 'big.csv' ORDER BY id DESC";
        let rows = sqlx::query(sql).fetch_all(&mut database).await.unwrap();
        let keys = ["row_offset", "accepted", "rejected", "duplicates", "updated"];
        rows.iter()
            .map(|row| keys.iter().map(|key| ((*key).to_owned(), serde_json::Value::from(row.get::<i64, _>(*key)))).collect())
            .collect()
    })
}

fn exported(bench: &Bench) -> BTreeSet<String> {
    let csv = bench.done("leads export --campaign spring").out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let numbers: Vec<String> = reader.records().map(|record| record.unwrap()[1].to_owned()).collect();
    let different: BTreeSet<String> = numbers.iter().cloned().collect();
    assert_eq!(different.len(), numbers.len(), "a number is on the list twice");
    different
}
