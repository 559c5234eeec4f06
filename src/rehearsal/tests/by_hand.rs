//! Small lists, worked out on paper.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::super::range::Range;
use super::super::tally::{Ending, Limit};
use super::bench::{Bench, MORNING, alike, at};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::Disposition;
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::store::codec::JsonText;
use crate::store::lead_insert::NewLead;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

fn as_is(lead: NewLead) -> NewLead {
    lead
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_leads_on_one_line_take_seventy_seconds_each() {
    let bench = Bench::with(json!({ "pace": { "lines": 1 } })).await;
    bench.leads(10, as_is).await;
    let run = bench.run(bench.order(alike("human=1", "not_qualified=1")).await).await;
    let expected: Vec<_> = (0..10).map(|n| at(MORNING) + Duration::from_secs(70 * n)).collect();
    assert_eq!(run.placed, expected);
    assert_eq!((run.over_at, &run.ending), (at(MORNING) + Duration::from_secs(700), &Ending::Completed));
    assert_eq!((run.reached, run.conversations, run.talk), (10, 10, Duration::from_secs(600)));
    assert_eq!(run.outcomes, BTreeMap::from([(Disposition::NotQualified, 10)]));
    assert_eq!(run.spans, BTreeMap::from([(Limit::Lines, Duration::from_secs(630)), (Limit::LastCalls, Duration::from_secs(70))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_pace_sets_the_distance_of_calls() {
    let bench = Bench::with(json!({ "pace": { "lines": 50, "calls_per_second": 0.1 } })).await;
    bench.leads(6, as_is).await;
    let run = bench.run(bench.order(alike("human=1", "qualified=1")).await).await;
    let expected: Vec<_> = (0..6).map(|n| at(MORNING) + Duration::from_secs(10 * n)).collect();
    assert_eq!((run.placed, run.over_at), (expected, at(MORNING) + Duration::from_secs(50 + 70)));
    assert_eq!(run.spans[&Limit::Rate], Duration::from_secs(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_hours_are_jumped_over_to_the_opening() {
    let bench = Bench::with(json!({ "pace": { "lines": 1 } })).await;
    bench.leads(3, as_is).await;
    let evening = at("2026-11-24T03:59:30Z");
    let mut order = bench.order(alike("human=1", "qualified=1")).await;
    order.from = evening;
    let run = bench.run(order).await;
    // half a minute before eight in the evening there is time for one call; nine in the morning is 17:00 UTC
    let opens = at("2026-11-24T17:00:00Z");
    assert_eq!(run.placed, [evening, opens, opens + Duration::from_secs(70)]);
    assert_eq!(run.spans[&Limit::Hours], opens.since(evening + Duration::from_secs(70)));
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_lines_are_redialed_by_the_table_and_no_longer() {
    let bench = Bench::with(json!({ "redial": { "busy": { "after": "15m", "times": 2 } } })).await;
    bench.leads(1, as_is).await;
    let run = bench.run(bench.order(alike("busy=1", "qualified=1")).await).await;
    let apart: Vec<_> = run.placed.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
    assert_eq!(apart, [902, 902], "two seconds to hear that it is busy");
    assert_eq!((run.ending, run.outcomes), (Ending::Completed, BTreeMap::from([(Disposition::Busy, 3)])));
    assert!(run.not_called.is_empty() && run.open.is_empty(), "{:?} {:?}", run.not_called, run.open);
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_are_promised_for_tomorrow_and_kept() {
    let bench = Bench::with(json!({ "caps": { "callbacks": 1 } })).await;
    bench.leads(2, as_is).await;
    let run = bench.run(bench.order(alike("human=1", "callback=1")).await).await;
    assert_eq!(run.placed.len(), 4);
    assert_eq!((run.callbacks.promised, run.callbacks.kept, run.callbacks.missed), (2, 2, 0));
    let days = run.placed[2].since(run.placed[0]).as_secs();
    assert!((86_400..86_400 + 120).contains(&days), "{days}");
    assert_eq!(run.ending, Ending::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_is_never_called_again() {
    let bench = Bench::with(json!({})).await;
    bench.leads(3, as_is).await;
    let run = bench.run(bench.order(alike("human=1", "opt_out=1")).await).await;
    assert_eq!((run.placed.len(), run.outcomes), (3, BTreeMap::from([(Disposition::Dnc, 3)])));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_not_be_called_is_counted_by_gate() {
    let bench = Bench::with(json!({})).await;
    let lead = |mut lead: NewLead| {
        match lead.phone_number.e164() {
            "+14155550001" | "+14155550002" => lead.consent_basis = None,
            "+14155550003" => lead.zones = JsonText(Vec::new()),
            _ => {}
        }
        lead
    };
    bench.leads(6, lead).await;
    let phone_number = &PhoneNumber::from_e164("+14155550004").unwrap();
    let new = NewSuppression { phone_number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
    bench.store.suppress(new, at(MORNING)).await.unwrap();
    let report = bench.rehearse(bench.order(alike("human=1", "qualified=1")).await).await;
    let counts: BTreeMap<&str, u64> = report.not_called.iter().map(|(gate, leads)| (gate.as_str(), leads.high)).collect();
    assert_eq!(counts, BTreeMap::from([("consent", 2), ("zone", 1)]));
    assert_eq!(report.left_out, BTreeMap::from([(LeadState::Suppressed, 1)]));
    assert_eq!((report.leads, report.calls), (5, Range { low: 2, high: 2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_of_talk_costs_the_same_in_every_call() {
    let bench = Bench::with(json!({})).await;
    bench.leads(4, as_is).await;
    let run = bench.run(bench.order(alike("human=1", "qualified=1")).await).await;
    assert_eq!(run.bill.telephone, NanoUsd(4 * (14_000_000 + 4_400_000 + 7_500_000)));
    assert!(!run.held_back.contains_key(&Gate::Budget));
}
