//! What stops a rehearsal before every lead is done, and what holds leads back meanwhile.

use serde_json::json;

use super::super::tally::Ending;
use super::bench::{Bench, MORNING, alike, at};
use crate::domain::campaign::CampaignState;
use crate::domain::permit::Gate;
use crate::store::campaign::CampaignChange;
use crate::store::contract::fixtures::dnc_list;
use crate::store::dnc::ReadList;

#[tokio::test(flavor = "multi_thread")]
async fn the_day_cap_holds_a_lead_until_tomorrow() {
    let bench = Bench::with(json!({ "redial": { "busy": { "after": "1m", "times": 3 } }, "caps": { "attempts_per_day": 2 } })).await;
    bench.leads(1, |lead| lead).await;
    let run = bench.run(bench.order(alike("busy=1", "qualified=1")).await).await;
    assert_eq!((run.placed.len(), run.held_back.get(&Gate::DayCap)), (4, Some(&1)));
    assert_eq!(run.placed[2].since(run.placed[0]).as_secs(), 86_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn used_up_attempts_are_counted() {
    let bench = Bench::with(json!({ "redial": { "busy": { "after": "1m", "times": 9 } }, "caps": { "attempts": 2 } })).await;
    bench.leads(3, |lead| lead).await;
    let run = bench.run(bench.order(alike("busy=1", "qualified=1")).await).await;
    assert_eq!((run.placed.len(), run.attempts_used_up, run.ending), (6, 3, Ending::Completed));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_stops_it_before_it_is_passed() {
    let bench = Bench::with(json!({ "budget_usd": 0.7, "pace": { "lines": 2 } })).await;
    bench.leads(20, |lead| lead).await;
    let run = bench.run(bench.order(alike("human=1", "qualified=1")).await).await;
    assert_eq!(run.ending, Ending::BudgetSpent);
    let spent = run.bill.sum().as_usd();
    assert!(spent + 0.5 > 0.7 && spent <= 0.7, "{spent}");
    assert_eq!(run.open.values().sum::<u64>(), 20 - run.placed.len() as u64);
    assert!(run.held_back.contains_key(&Gate::Budget), "two calls at once would have passed it: {:?}", run.held_back);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_halts_it() {
    let bench = Bench::with(json!({ "breaker": { "failures": 1.0, "min_calls": 5, "window": "1h" } })).await;
    bench.leads(30, |lead| lead).await;
    let run = bench.run(bench.order(alike("failed=1", "qualified=1")).await).await;
    assert!(matches!(&run.ending, Ending::Halted(why) if why.contains("5 of 5 calls in the last 1h failed")), "{:?}", run.ending);
    assert!(run.placed.len() < 10, "{}", run.placed.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_and_ends_at_the_campaigns_own_times() {
    let times = json!({ "start": "2026-11-23T12:00:00-08:00", "end": "2026-11-23T12:05:00-08:00" });
    let bench = Bench::with(json!({ "schedule": times, "pace": { "lines": 1 } })).await;
    bench.leads(20, |lead| lead).await;
    let run = bench.run(bench.order(alike("human=1", "qualified=1")).await).await;
    assert_eq!((run.placed[0], run.placed.len()), (at("2026-11-23T20:00:00Z"), 5));
    assert_eq!((run.ending, run.open.values().sum::<u64>()), (Ending::EndTime, 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_grows_too_old_meanwhile_ends_it_and_is_named() {
    let bench = Bench::with(json!({ "redial": { "busy": { "after": "1m", "times": 3 } }, "caps": { "attempts_per_day": 2 } })).await;
    bench.leads(1, |lead| lead).await;
    // 30 days in the morning; 31 tomorrow
    let list = ReadList { name: "national", registry: None, scrub_date: "2026-10-24" };
    dnc_list(&bench.store, list, at(MORNING)).await;
    let run = bench.run(bench.order(alike("busy=1", "qualified=1")).await).await;
    assert_eq!(run.placed.len(), 2, "the calls of the first day");
    let told = "on 2026-11-24 the list national is as old as it may not be (31 days)";
    assert_eq!(run.ending, Ending::ListTooOld(told.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cut_off_after_its_days() {
    let bench = Bench::with(json!({ "pace": { "lines": 1 } })).await;
    bench.leads(1_000, |lead| lead).await;
    let mut order = bench.order(alike("human=1", "qualified=1")).await;
    order.days = 1;
    order.from = at("2026-11-24T02:00:00Z");
    let run = bench.run(order).await;
    // two hours in the evening, nine in the morning to six: 11 h at 70 s each, and those under way
    assert_eq!(run.ending, Ending::TooLong);
    assert!((565..=568).contains(&run.placed.len()), "{}", run.placed.len());
    assert!(run.open.contains_key("not_reached"), "{:?}", run.open);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_the_campaign_does_not_matter_and_stays() {
    let bench = Bench::with(json!({})).await;
    bench.leads(2, |lead| lead).await;
    let id = bench.store.campaign_by_name("spring").await.unwrap().unwrap().id;
    for (from, to) in [(CampaignState::Draft, CampaignState::Running), (CampaignState::Running, CampaignState::Paused)] {
        let change = CampaignChange { from, to, reason: None, actor: "test" };
        assert!(bench.store.change_campaign_state(id, change, at(MORNING)).await.unwrap().is_changed());
    }
    let before = bench.store.campaign_status(id).await.unwrap();
    let run = bench.run(bench.order(alike("human=1", "qualified=1")).await).await;
    assert_eq!((run.placed.len(), run.ending), (2, Ending::Completed));
    assert_eq!(bench.store.campaign_status(id).await.unwrap(), before);
    assert_eq!(bench.store.campaign(id).await.unwrap().unwrap().state, CampaignState::Paused);
}
