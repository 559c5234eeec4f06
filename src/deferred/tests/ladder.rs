//! Down the ladder as the time runs out: batch, flex, directly.

use std::collections::BTreeMap;
use std::time::Duration;

use super::desk::Fate;
use super::house::{DAY, House};
use super::mind::Flex;
use crate::deferred::{Collected, Gathered};
use crate::mind::ledger::Tier;
use crate::store::contract::support::with_sqlite;
use crate::store::deferred::TaskState;

/// What a thousand tokens in and a hundred out cost in a batch, nano-dollars.
const HALF_PRICE: i64 = (1_000 * 100 + 100 * 500) / 2;
const TWO_HOURS: Duration = Duration::from_secs(2 * 3600);

#[tokio::test]
async fn with_some_hours_left_flex_is_asked_at_the_price_of_a_batch() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Smooth).await;
        let calls = house.end_calls(1, TWO_HOURS).await;
        assert_eq!(house.deferred.gather().await.unwrap(), Gathered { flex: 2, ..Gathered::default() });
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 2)]));
        let ledger = house.ledger(&calls).await;
        assert!(ledger.iter().all(|entry| (entry.tier, entry.cost.0) == (Tier::Flex, HALF_PRICE)), "{ledger:?}");
    })
    .await;
}

#[tokio::test]
async fn flex_without_room_waits_and_comes_down_to_the_full_price() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Smooth).await;
        *house.mind.flex.lock().unwrap() = Flex::Full;
        let calls = house.end_calls(1, TWO_HOURS).await;
        for _ in 0..3 {
            assert_eq!(house.deferred.gather().await.unwrap(), Gathered::default(), "there is no room, and time to wait for it");
        }
        house.pass(TWO_HOURS - Duration::from_secs(20 * 60));
        house.deferred.gather().await.unwrap();
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 2)]));
        assert!(house.ledger(&calls).await.iter().all(|entry| entry.tier == Tier::Standard));
        assert!(house.tasks(&calls).await.iter().all(|task| task.tries == 0), "no room is no failure");
    })
    .await;
}

#[tokio::test]
async fn a_model_without_flex_is_asked_at_the_full_price() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Smooth).await;
        *house.mind.flex.lock().unwrap() = Flex::NotOffered;
        let calls = house.end_calls(1, TWO_HOURS).await;
        house.deferred.gather().await.unwrap();
        assert!(house.ledger(&calls).await.iter().all(|entry| entry.tier == Tier::Standard));
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 2)]));
    })
    .await;
}

#[tokio::test]
async fn a_slow_batch_is_cancelled_and_its_rest_comes_down_the_ladder() {
    with_sqlite(async |store| {
        let house = House::new(&store, Fate::Stuck).await;
        let calls = house.end_calls(3, DAY).await;
        assert_eq!(house.deferred.gather().await.unwrap().submitted, 1);
        house.pass(DAY - 2 * TWO_HOURS);
        assert_eq!(house.deferred.collect().await.unwrap(), Collected { closed: 0, open: 1 });
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Batched, 6)]), "four hours before, it may still come");
        house.pass(TWO_HOURS);
        assert_eq!(house.deferred.collect().await.unwrap(), Collected { closed: 0, open: 1 }, "cancelled now");
        assert_eq!(house.deferred.collect().await.unwrap(), Collected { closed: 1, open: 0 });
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Waiting, 3), (TaskState::Done, 3)]));
        assert_eq!(house.deferred.gather().await.unwrap(), Gathered { flex: 3, ..Gathered::default() });
        assert_eq!(house.states(&calls).await, BTreeMap::from([(TaskState::Done, 6)]));
        let ledger = house.ledger(&calls).await;
        let billed = |tier| ledger.iter().filter(|entry| entry.tier == tier).count();
        assert_eq!((billed(Tier::Batch), billed(Tier::Flex), house.desk.bills()), (3, 3, 3), "every task is billed once");
    })
    .await;
}
