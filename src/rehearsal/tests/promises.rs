//! What holds for any list and any people.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::people::{People, Wishes};
use super::super::{Progress, rehearse};
use super::bench::Bench;
use crate::domain::window::Open;
use crate::store::codec::JsonText;

/// All but how long it took.
fn comparable(report: impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(report).unwrap();
    value.as_object_mut().unwrap().remove("seconds");
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_report_and_another_one_does_not() {
    let bench = Bench::with(json!({ "pace": { "lines": 4 } })).await;
    bench.leads(40, |lead| lead).await;
    let people = People::of(&Wishes::default(), None).unwrap();
    let mut reports = Vec::new();
    for seed in [7, 7, 8] {
        let mut order = bench.order(people.clone()).await;
        (order.seed, order.runs) = (seed, 2);
        reports.push(comparable(bench.rehearse(order).await));
    }
    assert_eq!(reports[0], reports[1]);
    assert_ne!(reports[0]["runs"], reports[2]["runs"]);
    assert_eq!(reports[0]["runs"][1]["calls"], reports[2]["runs"][0]["calls"], "the second run of 7 is the first of 8");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_never_begin_faster_than_the_pace_nor_outside_the_hours() {
    for (seed, rate, lines) in [(1, 2.0_f64, 3), (2, 3.0, 20), (3, 0.5, 5)] {
        let hours = json!({ "weekdays": "10:00-10:20", "weekend": "12:00-12:10" });
        let bench = Bench::with(json!({ "pace": { "calls_per_second": rate, "lines": lines }, "hours": hours })).await;
        // every third lead lives where it is an hour later
        let zone = |n: &str| if n.ends_with(['0', '3', '6', '9']) { "America/Denver" } else { "America/Los_Angeles" };
        bench
            .leads(120, |mut lead| {
                lead.zones = JsonText(vec![zone(lead.phone_number.e164()).to_owned()]);
                lead
            })
            .await;
        let mut order = bench.order(People::of(&Wishes::default(), None).unwrap()).await;
        order.seed = seed;
        let settings = order.settings.clone();
        let run = bench.run(order).await;
        assert!(run.placed.len() > 150, "{}", run.placed.len());
        let most = rate.ceil() as usize;
        for first in 0..run.placed.len() {
            let within = run.placed[first..].iter().take_while(|at| at.since(run.placed[first]).as_millis() < 1_000).count();
            assert!(within <= most, "{within} calls within a second at {rate} calls/s");
        }
        let zones = ["America/Denver", "America/Los_Angeles"].map(|name| TimeZone::get(name).unwrap());
        let open = |at| zones.iter().any(|zone| settings.window.at(at, zone) == Open::Yes);
        assert!(run.placed.iter().all(|at| open(*at)), "a call outside of all hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lead_is_accounted_for() {
    let bench = Bench::with(json!({})).await;
    bench
        .leads(60, |mut lead| {
            if lead.phone_number.e164().ends_with('7') {
                lead.consent_basis = None;
            }
            lead
        })
        .await;
    let report = bench.rehearse(bench.order(People::of(&Wishes::default(), None).unwrap()).await).await;
    let sum = |counts: &BTreeMap<String, super::super::range::Range<u64>>| counts.values().map(|range| range.high).sum::<u64>();
    assert_eq!(report.not_called["consent"].high, 6);
    assert_eq!(sum(&report.not_called), 6);
    assert_eq!(sum(&report.outcomes), report.calls.high, "every call has an outcome");
    assert!(report.reached.high <= report.calls.high && report.conversations.high <= report.reached.high);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waiting_leaves_no_files_behind() {
    let bench = Bench::with(json!({})).await;
    bench.leads(200, |lead| lead).await;
    let order = bench.order(People::of(&Wishes::default(), None).unwrap()).await;
    let progress = Progress::default();
    let mut rehearsal = Box::pin(rehearse(&bench.store, order, &progress));
    let begun = async {
        while progress.share() == 0.0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { _ = &mut rehearsal => panic!("it was to be stopped halfway"), () = begun => {} }
    drop(rehearsal);
    let left = || bench.files.path().read_dir().unwrap().count();
    let gone = async {
        while left() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the copies are still there");
}
