//! The demo, twice: the report adds up, agrees with what really happened on the telephone network, and repeats itself.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use crate::support::alone::alone;
use crate::support::process::{Process, callfleet};
use crate::support::truth::Truth;

const LEADS: usize = 30;
const WITHIN: Duration = Duration::from_secs(120);
/// Those of the first thirty who want no calls: "stop calling me", "take me off your list", and the key 9.
const OPT_OUTS: [&str; 3] = ["+14155550109", "+14155550118", "+14155550124"];

/// The truth counts a word as played when its last sample was. Where the callee cut in, the product knows by its clock what was
/// heard, to a word or two; and a word that stutters on a busy machine is not whole.
const BROKEN: usize = 3;

/// What a demo left behind.
struct Demo {
    _folder: TempDir,
    data: PathBuf,
    report: Value,
    results: Vec<HashMap<String, String>>,
    truth: Truth,
}

impl Demo {
    fn run() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("demo");
        let line = format!("demo --leads {LEADS} --seed 7 --json --data {}", data.display());
        let mut process = Process::start("demo", callfleet(folder.path(), &line));
        let status = process.ended(WITHIN);
        assert!(status.success(), "{status}: {}", process.out());
        let report = serde_json::from_str(&process.out()).unwrap();
        let results = csv::Reader::from_path(data.join("results.csv")).unwrap().deserialize().map(Result::unwrap).collect();
        let truth = Truth::read(&data.join("truth.jsonl"));
        Self { _folder: folder, data, report, results, truth }
    }

    fn counts(&self, key: &str) -> BTreeMap<String, usize> {
        serde_json::from_value(self.report[key].clone()).unwrap()
    }
}

#[tokio::test]
async fn it_tells_the_truth_and_repeats_itself() {
    let _alone = alone();
    let demo = Demo::run();
    adds_up(&demo);
    rings_once_per_attempt(&demo);
    leaves_alone_who_asked_for_it(&demo);
    writes_down_only_what_was_heard(&demo).await;

    let again = Demo::run();
    assert_eq!(demo.counts("outcomes"), again.counts("outcomes"), "the same seed came to something else");
}

fn adds_up(demo: &Demo) {
    assert_eq!(demo.report["leads"], LEADS);
    for key in ["outcomes", "states"] {
        assert_eq!(demo.counts(key).values().sum::<usize>(), LEADS, "{key}: {}", demo.report);
    }
    assert_eq!(demo.results.len(), LEADS, "one row per lead");
    let mut ids: Vec<_> = demo.results.iter().map(|row| &row["external_id"]).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), LEADS, "one row per lead");
    assert_eq!(demo.report["dials"], demo.truth.calls().len(), "calls made and calls reported");
}

fn rings_once_per_attempt(demo: &Demo) {
    demo.truth.assert_one_call_at_a_time();
    let calls = demo.truth.calls_by_number();
    for row in &demo.results {
        let number = number(row);
        let really = calls.get(number).copied().unwrap_or(0);
        assert_eq!(row["attempts"], really.to_string(), "{number} was called {really} times");
    }
}

fn leaves_alone_who_asked_for_it(demo: &Demo) {
    assert_eq!(demo.report["opt_outs"], OPT_OUTS.len());
    let calls = demo.truth.calls_by_number();
    for row in demo.results.iter().filter(|row| OPT_OUTS.contains(&number(row))) {
        assert_eq!(
            (row["opt_out"].as_str(), row["lead_state"].as_str(), row["disposition"].as_str()),
            ("true", "suppressed", "dnc"),
            "{row:?}"
        );
        assert_eq!(calls[number(row)], 1, "{} was called after opting out", number(row));
    }
}

/// A transcript holds no sentence of ours that did not reach the callee's ear.
async fn writes_down_only_what_was_heard(demo: &Demo) {
    let (mut exact, mut lines) = (0, 0);
    for (file, sid) in transcripts(&demo.data).await {
        let (text, heard) = (std::fs::read_to_string(&file).unwrap(), words(&demo.truth.heard(&sid)));
        for said in text.lines().filter_map(|line| line.split_once("] Agent: ")).map(|(_, said)| words(said)) {
            let missing = said.len() - in_common(&said, &heard);
            assert!(missing <= BROKEN, "{}: {missing} words of {said:?} were not played; played was {heard:?}", file.display());
            exact += usize::from(missing == 0);
            lines += 1;
        }
    }
    assert!(lines >= LEADS && exact * 4 >= lines * 3, "{exact} of {lines} lines were played word for word");
}

/// Length of the longest common subsequence.
fn in_common(one: &[String], other: &[String]) -> usize {
    let mut row = vec![0; other.len() + 1];
    for word in one {
        let mut diagonal = 0;
        for (at, heard) in other.iter().enumerate() {
            let longest = if word == heard { diagonal + 1 } else { row[at + 1].max(row[at]) };
            diagonal = std::mem::replace(&mut row[at + 1], longest);
        }
    }
    row[other.len()]
}

/// Each transcript's file with the provider's id of its call.
async fn transcripts(data: &Path) -> Vec<(PathBuf, String)> {
    let options = SqliteConnectOptions::new().filename(data.join("callfleet.db"));
    let mut database = options.connect().await.unwrap();
    let sql = "SELECT lead.external_id, attempt.attempt_no, attempt.call_sid FROM attempt JOIN lead ON lead.id = attempt.lead_id
               WHERE attempt.call_sid IS NOT NULL";
    let calls: Vec<(String, i64, String)> = sqlx::query_as(sql).fetch_all(&mut database).await.unwrap();
    database.close().await.unwrap();
    let files = calls.into_iter().map(|(id, no, sid)| (data.join("transcripts").join(format!("{id}-{no}.txt")), sid));
    files.filter(|(file, _)| file.exists()).collect()
}

/// Lower-case words, so that only what was said counts.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A spreadsheet's apostrophe does not belong to the number.
fn number(row: &HashMap<String, String>) -> &str {
    row["phone_number"].trim_start_matches('\'')
}
