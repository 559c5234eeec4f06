//! Ctrl-C in the demo: the first one ends it politely, the second one at once.

use std::path::Path;
use std::time::Duration;

use crate::support::alone::alone;
use crate::support::database::until;
use crate::support::process::{Process, callfleet};
use crate::support::truth::Truth;

const CALLS_BEGIN: Duration = Duration::from_secs(30);
const POLITE_END: Duration = Duration::from_secs(30);
/// "At once", on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);
/// From the signal on nothing is dialed; a call that was just being placed may still appear.
const GRACE_MS: i64 = 500;
const INTERRUPTED: i32 = 130;
const LEADS: usize = 24;
/// People who stay on the line and would go on talking.
const PATIENT: [&str; 4] = ["+14155550100", "+14155550105", "+14155550108", "+14155550111"];

fn begin(folder: &Path) -> Process {
    Process::start("demo", callfleet(folder, &format!("demo --leads {LEADS} --seed 7 --data demo")))
}

/// Waits until one of the patient is talked with, and some more people.
async fn in_the_middle(folder: &Path) -> Truth {
    let file = folder.join("demo/truth.jsonl");
    until("people talk", CALLS_BEGIN, async || {
        let truth = file.exists().then(|| Truth::read(&file))?;
        let enough = truth.talking().len() >= 3 && truth.talking().values().any(|number| PATIENT.contains(number));
        enough.then_some(truth)
    })
    .await
}

#[tokio::test]
async fn an_interrupt_ends_the_demo_politely_and_reports_so_far() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let mut demo = begin(folder.path());
    let before = in_the_middle(folder.path()).await;
    let interrupted_ms = jiff::Timestamp::now().as_millisecond();
    demo.interrupt();
    let status = demo.ended(POLITE_END);
    assert_eq!(status.code(), Some(INTERRUPTED), "{}", demo.err());

    let truth = Truth::read(&folder.path().join("demo/truth.jsonl"));
    truth.assert_one_call_at_a_time();
    let late: Vec<i64> = truth.asked_for().into_iter().filter(|at| *at > interrupted_ms + GRACE_MS).collect();
    assert!(late.is_empty(), "called after the interrupt of {interrupted_ms}: {late:?}");
    assert!(truth.calls_by_number().len() < LEADS, "everybody had been called already");
    says_goodbye(&before, &truth);
    reports_so_far(&demo, folder.path());
}

fn says_goodbye(before: &Truth, truth: &Truth) {
    for (sid, number) in before.talking().into_iter().filter(|(_, number)| PATIENT.contains(number)) {
        let heard = truth.heard(sid);
        assert!(heard.to_lowercase().contains("goodbye"), "{number} was cut off after: {heard}");
        assert_eq!(truth.end(sid).map(|(_, how)| how), Some("completed"), "{number}");
    }
}

fn reports_so_far(demo: &Process, folder: &Path) {
    assert!(demo.err().contains("stopping: nobody is called any more"), "{}", demo.err());
    assert!(demo.out().contains(&format!("{LEADS} leads")) && demo.out().contains("files "), "{}", demo.out());
    let rows = csv::Reader::from_path(folder.join("demo/results.csv")).unwrap().into_records().map(Result::unwrap).count();
    assert_eq!(rows, LEADS, "one row per lead, called or not");
}

#[tokio::test]
async fn a_second_interrupt_ends_the_demo_at_once() {
    let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
    let mut demo = begin(folder.path());
    in_the_middle(folder.path()).await;
    demo.interrupt();
    demo.until_says("stopping: nobody is called any more", AT_ONCE);
    demo.interrupt();
    let status = demo.ended(AT_ONCE);
    assert_eq!(status.code(), Some(INTERRUPTED), "{}", demo.err());
    assert!(demo.out().is_empty(), "it waited for its report: {}", demo.out());
}
