//! What keeps processes from dialing: said, repeated, taken back, and known to be old when nobody repeats it.

use std::time::Duration;

use super::fixtures::at;
use super::support::on_both_engines;
use crate::domain::ids::WorkerId;
use crate::domain::obstacle::{Obstacle, Said};
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

const SHORT: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(600);

async fn only(store: &Store) -> Said {
    let mut words = store.obstacles().await.unwrap();
    assert_eq!(words.len(), 1, "{words:?}");
    words.remove(0)
}

on_both_engines! {
    async fn a_word_holds_as_long_as_it_was_last_said_to(store: Store) {
        let process = WorkerId::new();
        store.say_obstacle(process, Obstacle::Provider, "full", LONG).await.unwrap();
        store.say_obstacle(process, Obstacle::Provider, "still full", SHORT).await.unwrap();
        let said = only(&store).await;
        assert_eq!((said.process, said.obstacle, said.detail.as_str()), (process, Obstacle::Provider, "still full"));
        assert!(said.holds > SHORT && said.holds <= LONG && said.age < SHORT, "the longer wait stands: {said:?}");
        store.unsay_obstacle(process, Obstacle::Clock).await.unwrap();
        assert_eq!(only(&store).await.obstacle, Obstacle::Provider, "another one");
        store.unsay_obstacle(process, Obstacle::Provider).await.unwrap();
        assert_eq!(store.obstacles().await.unwrap(), []);
    }

    async fn a_word_that_nobody_repeats_is_old_and_goes(store: Store) {
        store.say_obstacle(WorkerId::new(), Obstacle::Clock, "off", Duration::ZERO).await.unwrap();
        assert_eq!(only(&store).await.holds, Duration::ZERO);
        let aged: Result<(), StoreError> = on_db!(store.db, write, tx => {
            sqlx::query("UPDATE obstacle SET said_db = 1, until_db = 2").execute(tx).await?;
            Ok(())
        });
        aged.unwrap();
        assert!(only(&store).await.age > LONG);
        assert_eq!(store.prune(10, at(0)).await.unwrap(), 1);
        assert_eq!(store.obstacles().await.unwrap(), []);
    }
}
