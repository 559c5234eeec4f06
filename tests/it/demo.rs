//! The demo, twice: the report adds up, agrees with what really happened on the telephone network, and repeats itself. Once
//! more, it ends when its campaign does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use crate::support::alone::alone;
use crate::support::process::{Process, callfleet};
use crate::support::truth::Truth;

/// All of `config/demo/leads.csv`: twice everybody of the scenario's cycle.
const LEADS: usize = 60;
const WITHIN: Duration = Duration::from_secs(120);
const SOON: Duration = Duration::from_secs(30);
/// Those who want no calls: "stop calling me", "take me off your list", and the key 9.
const OPT_OUTS: [&str; 6] = ["+14155550109", "+14155550118", "+14155550124", "+14155550139", "+14155550148", "+14155550154"];
/// Those who ask for "tomorrow after five".
const CALLBACKS: [&str; 4] = ["lead-00007", "lead-00026", "lead-00037", "lead-00056"];
/// The day after the demo's.
const TOMORROW: &str = "Tue 24 Nov ";

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
    measures_and_pays(&demo);
    rings_once_per_attempt(&demo).await;
    calls_back_when_asked_to(&demo);
    leaves_alone_who_asked_for_it(&demo);
    writes_down_only_what_was_heard(&demo).await;

    let again = Demo::run();
    assert_eq!(demo.counts("outcomes"), again.counts("outcomes"), "the same seed came to something else");
}

#[test]
fn it_ends_with_its_report_when_its_campaign_is_paused() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let start = |name, line: &str| Process::start(name, callfleet(folder.path(), &format!("{line} --data demo")));
    let mut demo = start("demo", "demo --leads 60 --seed 7");
    demo.until_says("calling 60 leads", SOON);
    let watch = start("watch", "watch");
    watch.until_says("watching every campaign", SOON);
    let mut pause = start("pause", "campaign pause demo");
    assert!(pause.ended(SOON).success(), "{}", pause.err());
    // a person is shown the name
    watch.until_says("campaign paused         demo", SOON);
    let status = demo.ended(WITHIN);
    assert!(status.success(), "{status}: {}", demo.err());
    let report = demo.out();
    assert!(report.contains("the campaign is paused") && report.contains("not called yet"), "{report}");
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

fn measures_and_pays(demo: &Demo) {
    let report = &demo.report;
    assert!(report["summaries_and_scores"].as_u64() > Some(0) && report["summaries_and_scores_waiting"] == 0, "{report}");
    let (p50, p95) = (report["reply_ms"]["p50"].as_u64().unwrap(), report["reply_ms"]["p95"].as_u64().unwrap());
    assert!(0 < p50 && p50 <= p95, "{report}");
    let cost = |key: &str| report["cost_usd"][key].as_f64().unwrap();
    let parts = ["llm", "speech", "telephone"].map(cost);
    assert!(parts.iter().all(|part| *part > 0.0) && (parts.iter().sum::<f64>() - cost("total")).abs() < 1e-6, "{report}");
    assert!(0.0 < cost("llm_batched") && cost("llm_batched") < cost("llm") && cost("llm") < cost("llm_all_expensive"), "{report}");
}

async fn rings_once_per_attempt(demo: &Demo) {
    // no call rings twice, and each is the one call of its attempt
    demo.truth.assert_one_call_at_a_time();
    let attempts = attempts(&demo.data).await;
    let sids: BTreeSet<&str> = attempts.iter().map(|(_, _, sid)| sid.as_str()).collect();
    assert_eq!((sids.len(), &sids), (attempts.len(), &demo.truth.calls()));
    let silent: Vec<_> = sids.iter().filter(|sid| !demo.truth.rang(sid) && demo.truth.end(sid).unwrap().1 == "completed").collect();
    assert!(silent.is_empty(), "answered without having rung: {silent:?}");
    let calls = demo.truth.calls_by_number();
    for row in &demo.results {
        let number = number(row);
        let really = calls.get(number).copied().unwrap_or(0);
        assert_eq!(row["attempts"], really.to_string(), "{number} was called {really} times");
    }
}

fn calls_back_when_asked_to(demo: &Demo) {
    let callbacks = demo.report["callbacks"].as_array().unwrap();
    let who: BTreeSet<_> = callbacks.iter().map(|callback| callback["external_id"].as_str().unwrap()).collect();
    assert_eq!((callbacks.len(), who), (CALLBACKS.len(), CALLBACKS.into()), "{callbacks:?}");
    for callback in callbacks {
        let time = callback["local_time"].as_str().unwrap().strip_prefix(TOMORROW);
        assert!(time.is_some_and(|time| time >= "17:00") && callback["zone"] == "America/Los_Angeles", "{callback}");
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
    let calls = attempts(data).await;
    let files = calls.into_iter().map(|(id, no, sid)| (data.join("transcripts").join(format!("{id}-{no}.txt")), sid));
    files.filter(|(file, _)| file.exists()).collect()
}

/// Each attempt that became a call: the lead's id, its number, and the provider's id.
async fn attempts(data: &Path) -> Vec<(String, i64, String)> {
    let options = SqliteConnectOptions::new().filename(data.join("callfleet.db"));
    let mut database = options.connect().await.unwrap();
    let sql = "SELECT lead.external_id, attempt.attempt_no, attempt.call_sid FROM attempt JOIN lead ON lead.id = attempt.lead_id
               WHERE attempt.call_sid IS NOT NULL";
    let calls = sqlx::query_as(sql).fetch_all(&mut database).await.unwrap();
    database.close().await.unwrap();
    calls
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
