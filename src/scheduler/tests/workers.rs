//! Workers that drain, die, and were only thought dead.

use super::*;
use crate::scheduler::{Duty as _, reap};
use crate::store::worker::WorkerState;

on_both_engines! {
    async fn whoever_drains_keeps_its_calls_to_itself(store: Store) {
        let bench = Bench::new(store, 3).await;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        bench.leads(spring, "415555", "America/Los_Angeles", 9).await;
        bench.scheduler.tick().await.unwrap();
        let drains = bench.store.workers().await.unwrap()[0].id;
        let held: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
            sqlx::query("UPDATE attempt SET state = 'talking', held_by = $1").bind(drains).execute(conn).await?;
            Ok(())
        });
        held.unwrap();
        assert!(bench.store.set_worker_state(drains, WorkerState::Draining).await.unwrap());
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 3, "nobody takes calls");
        let next = NewWorker { id: WorkerId::new(), host: "here", version: "2", lines: 2 };
        bench.store.register_worker(next, bench.clock.now()).await.unwrap();
        bench.scheduler.tick().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 5, "both lines of the next one are free");
    }

    async fn a_worker_whose_heart_stands_still_is_found_dead_until_it_says_that_it_lives(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        bench.scheduler.timings.holder_silence = Duration::ZERO;
        let (mut reaper, id) = (reap::Reaper::new(bench.scheduler.clone()), bench.store.workers().await.unwrap()[0].id);
        for _ in 0..3 {
            reaper.round().await.unwrap();
            assert!(bench.store.heartbeat(id, 0).await.unwrap());
        }
        assert_eq!(bench.store.workers().await.unwrap().len(), 1, "its heart beat between two looks");
        reaper.round().await.unwrap();
        reaper.round().await.unwrap();
        assert_eq!(bench.store.workers().await.unwrap(), []);
        assert!(!bench.store.heartbeat(id, 0).await.unwrap());
        assert!(bench.store.set_worker_state(id, WorkerState::Running).await.unwrap());
        reaper.round().await.unwrap();
        assert!(bench.store.heartbeat(id, 0).await.unwrap());
        assert_eq!(bench.store.workers().await.unwrap()[0].state, WorkerState::Running);
    }

    async fn a_worker_of_another_version_may_not_know_how_to_come_back_and_is_found_dead_later(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        // ours is given forty times as long, another one 5,760 times
        bench.scheduler.timings.holder_silence = Duration::from_micros(500);
        let ours = NewWorker { id: WorkerId::new(), host: "here", version: env!("CARGO_PKG_VERSION"), lines: 3 };
        bench.store.register_worker(ours, bench.clock.now()).await.unwrap();
        let mut reaper = reap::Reaper::new(bench.scheduler.clone());
        for (millis, alive) in [(0, 2), (19, 2), (20, 1), (2_879, 1), (2_880, 0)] {
            reaper.look(|| Duration::from_millis(millis)).await.unwrap();
            let left: Vec<String> = bench.store.workers().await.unwrap().into_iter().map(|worker| worker.version).collect();
            assert!(left.len() == alive && (alive != 1 || left == ["1"]), "{left:?} after {millis} ms");
        }
    }
}
