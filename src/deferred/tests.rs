mod brittle;
mod desk;
mod house;
mod ladder;
mod mind;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use desk::Fate;
use house::{DAY, House};
use mind::USAGE;

use super::*;
use crate::agents::load::load;
use crate::domain::ids::{AttemptId, CampaignId};
use crate::mind::history::History;
use crate::mind::ledger::Tier;
use crate::mind::prompt::PromptTexts;
use crate::store::contract::fixtures;
use crate::store::contract::support::with_sqlite;
use crate::store::deferred::TaskState;

#[tokio::test]
async fn a_call_without_a_word_of_the_callee_leaves_nothing() {
    let def = load(include_str!("../../config/demo/agent.toml")).unwrap();
    let mut history = History::new();
    history.push_agent("Hello?");
    let subject = Subject { attempt: AttemptId::new(), campaign: CampaignId::new(), due_at: fixtures::at(0) };
    assert!(tasks_for(subject, &PromptTexts::built_in(), &def, history.lines()).unwrap().is_empty());
}

#[tokio::test]
async fn tasks_wait_for_company_or_for_age() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Smooth).await;
        house.end_calls(1, DAY).await;
        assert_eq!(house.deferred.gather().await.unwrap(), Gathered::default(), "two tasks are not enough");
        house.pass(Duration::from_secs(15 * 60));
        assert_eq!(house.deferred.gather().await.unwrap().submitted, 1, "but they are old enough now");
        house.end_calls(5, DAY).await;
        assert_eq!(house.deferred.gather().await.unwrap().submitted, 2, "ten tasks are enough for two batches of six");
    })
    .await;
}

#[tokio::test]
async fn a_smooth_batch_is_applied_once_and_billed_at_half_price() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Smooth).await;
        let calls = house.end_calls(3, DAY).await;
        house.deferred.gather().await.unwrap();
        assert_eq!(house.deferred.collect().await.unwrap(), Collected { closed: 0, open: 1 }, "the provider takes its time");
        house.pass(Duration::from_secs(60));
        assert_eq!(house.deferred.collect().await.unwrap(), Collected { closed: 1, open: 0 });
        assert_eq!(house.deferred.collect().await.unwrap(), Collected::default(), "a second look finds nothing");
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 6)]));
        let ledger = house.ledger(&calls).await;
        assert_eq!(ledger.len(), 6);
        let entry = &ledger[0];
        assert_eq!((entry.tier, entry.usage, entry.cost.0), (Tier::Batch, USAGE, (1_000 * 100 + 100 * 500) / 2));
        assert_eq!(entry.total_ms, Some(60_000), "from its submission to its collection");
        assert_eq!(entry.baseline.0, 1_000 * 2_000 + 100 * 10_000, "the agent's expensive model, at once");
        assert!(entry.prompt_version.is_some() && entry.campaign == Some(house.campaign));
        let score = house.tasks(&calls).await.into_iter().find_map(|t| serde_json::from_str::<Score>(&t.result.unwrap()).ok()).unwrap();
        assert_eq!((score.score, score.reason.as_str()), (75, "Interested."));
    })
    .await;
}

#[tokio::test]
async fn failed_and_expired_lines_go_into_a_later_batch() {
    for fate in [Fate::SomeFail, Fate::SomeExpire] {
        with_sqlite(async |store| {
            let house = House::new(&store, fate).await;
            let calls = house.end_calls(6, DAY).await;
            house.settle(&calls).await;
            assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 12)]));
            assert_eq!(house.desk.bills(), house.ledger(&calls).await.len());
            assert_eq!(house.desk.bills(), 12, "a line that failed is not billed, one that did not is billed once");
            assert!(house.tasks(&calls).await.iter().any(|task| task.tries == 1));
        })
        .await;
    }
}

#[tokio::test]
async fn a_batch_that_fails_as_a_whole_gives_its_tasks_back() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::FailsOnce).await;
        let calls = house.end_calls(2, DAY).await;
        house.settle(&calls).await;
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 4)]));
        assert_eq!((house.desk.bills(), house.ledger(&calls).await.len()), (4, 4));
    })
    .await;
}

#[tokio::test]
async fn answers_that_are_none_are_billed_and_given_up_in_the_end() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Nonsense).await;
        let calls = house.end_calls(2, DAY * 30).await;
        house.settle(&calls).await;
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Failed, 4)]));
        let tries = usize::try_from(house.deferred.settings.max_tries).unwrap();
        assert_eq!(house.ledger(&calls).await.len(), 4 * tries, "every answer was paid for");
        assert_eq!(house.tasks(&calls).await[0].last_error.as_deref(), Some("the answer is not JSON"));
    })
    .await;
}

#[tokio::test]
async fn what_is_nearly_due_is_asked_directly_and_only_that() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Smooth).await;
        let later = house.end_calls(1, DAY).await;
        let soon = house.end_calls(1, Duration::from_secs(20 * 60)).await;
        assert_eq!(house.deferred.gather().await.unwrap(), Gathered { direct: 2, ..Gathered::default() });
        assert_eq!(house.states(&soon).await, BTreeMap::from([(TaskState::Done, 2)]));
        assert_eq!(house.states(&later).await, BTreeMap::from([(TaskState::Waiting, 2)]));
        assert!(house.ledger(&soon).await.iter().all(|entry| entry.tier == Tier::Standard));
        assert_eq!(house.deferred.collect().await.unwrap(), Collected::default(), "the desk is not asked about it");
    })
    .await;
}

#[tokio::test]
async fn without_a_desk_everything_is_asked_directly_with_patience() {
    with_sqlite(async |store| {
        let mut house = House::new(&store, Fate::Smooth).await;
        house.deferred.desk = None;
        house.deferred.settings.direct_at_once = 1;
        let calls = house.end_calls(3, DAY).await;
        house.mind.refusals.store(1, Ordering::SeqCst);
        assert_eq!(house.deferred.gather().await.unwrap().direct, 0, "the service asked for patience");
        assert_eq!(house.mind.asked.load(Ordering::SeqCst), 1, "and got it");
        assert_eq!(house.deferred.gather().await.unwrap().direct, 6);
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 6)]));
        assert!(house.tasks(&calls).await.iter().all(|task| task.tries == 0));
    })
    .await;
}

/// The process dies before or after every single step in turn; whatever it leaves behind is finished by the next one.
#[tokio::test]
async fn a_crash_at_any_step_bills_once_and_loses_nothing() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::SomeFail).await;
        let (mut step, mut crashes) = (0, 0);
        loop {
            let calls = house.end_calls(2, DAY).await;
            let billed = house.desk.bills();
            house.fuse.arm(step);
            house.settle(&calls).await;
            assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 4)]), "step {step}");
            assert_eq!(house.desk.bills() - billed, 4, "step {step}: every task is billed once by the provider");
            assert_eq!(house.ledger(&calls).await.len(), 4, "step {step}: and once in the ledger");
            if !house.fuse.has_burnt() {
                break;
            }
            (step, crashes) = (step + 1, crashes + 1);
        }
        assert!(crashes > 40, "only {crashes} steps were tried");
        assert!(house.store.open_batches().await.unwrap().is_empty());
    })
    .await;
}
