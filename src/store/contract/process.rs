//! Workers and leases: who lives, who holds, by the database's clock.

use std::time::Duration;

use futures_util::future::join_all;

use super::fixtures::at;
use super::support::on_both_engines;
use crate::domain::background::{WORKER, allows};
use crate::domain::ids::WorkerId;
use crate::store::Store;
use crate::store::lease::Lease;
use crate::store::worker::{LiveLines, NewWorker, WorkerState};

const LONG: Duration = Duration::from_secs(600);

on_both_engines! {
    async fn a_worker_announces_its_lines(store: Store) {
        let (first, second) = (worker(&store, 10).await, worker(&store, 5).await);
        assert!(store.heartbeat(first, 4).await.unwrap());
        assert_eq!(store.live_lines(LONG).await.unwrap(), LiveLines { workers: 2, lines: 15, free: 15 });
        let row = store.workers().await.unwrap().remove(0);
        assert_eq!((row.id, row.busy, row.heartbeat, row.lines), (first, 4, 1, 10));

        assert!(store.set_worker_state(second, WorkerState::Draining).await.unwrap());
        assert_eq!(store.live_lines(LONG).await.unwrap(), LiveLines { workers: 1, lines: 10, free: 10 });
        assert_eq!(store.live_workers(LONG).await.unwrap().len(), 2, "it still holds its calls");
        assert!(store.set_worker_state(first, WorkerState::Stopped).await.unwrap());
        assert!(!store.heartbeat(first, 0).await.unwrap(), "it has to say that it lives");
        assert_eq!(store.workers().await.unwrap().len(), 1);
        assert_eq!(store.live_lines(LONG).await.unwrap(), LiveLines::default());
        assert!(store.set_worker_state(first, WorkerState::Running).await.unwrap());
        assert!(store.heartbeat(first, 0).await.unwrap());
        assert_eq!(store.live_lines(LONG).await.unwrap(), LiveLines { workers: 1, lines: 10, free: 10 });
    }

    async fn a_worker_moves_along_its_table(store: Store) {
        for from in WorkerState::ALL {
            for to in WorkerState::ALL {
                let id = worker(&store, 1).await;
                assert!(*from == WorkerState::Running || store.set_worker_state(id, *from).await.unwrap());
                assert_eq!(store.set_worker_state(id, *to).await.unwrap(), allows(WORKER, *from, *to), "{from} to {to}");
            }
        }
    }

    async fn a_silent_worker_is_not_counted(store: Store) {
        let id = worker(&store, 10).await;
        while store.live_lines(Duration::ZERO).await.unwrap().workers > 0 {}
        assert_eq!(store.live_workers(Duration::ZERO).await.unwrap(), []);
        assert_eq!(store.workers().await.unwrap()[0].id, id, "the reaper still sees it");
    }

    async fn a_lease_has_one_holder(store: Store) {
        let takers = join_all((0..8).map(|_| store.acquire_lease("dispatcher", WorkerId::new(), LONG))).await;
        let held: Vec<Lease> = takers.into_iter().filter_map(|taken| taken.unwrap()).collect();
        assert_eq!((held.len(), held[0].epoch), (1, 1));
        assert!(store.renew_lease(&held[0], LONG).await.unwrap());
        assert!(store.acquire_lease("reconciler", WorkerId::new(), LONG).await.unwrap().is_some(), "another lease");
    }

    async fn a_lapsed_holder_carries_an_old_epoch(store: Store) {
        let late = store.acquire_lease("dispatcher", WorkerId::new(), Duration::ZERO).await.unwrap().unwrap();
        let next = until_acquired(&store).await;
        assert_eq!(next.epoch, late.epoch + 1);
        assert!(!store.renew_lease(&late, LONG).await.unwrap());
        assert!(!store.release_lease(&late).await.unwrap());
        assert!(store.renew_lease(&next, LONG).await.unwrap());
        assert!(store.release_lease(&next).await.unwrap());
        assert!(!store.renew_lease(&next, LONG).await.unwrap(), "given back");
        assert_eq!(until_acquired(&store).await.epoch, next.epoch + 1);
    }
}

async fn worker(store: &Store, lines: u32) -> WorkerId {
    let id = WorkerId::new();
    store.register_worker(NewWorker { id, host: "box", version: "0.1.0", lines }, at(0)).await.unwrap();
    id
}

/// A lease of no length lapses with the database clock's next millisecond.
async fn until_acquired(store: &Store) -> Lease {
    loop {
        if let Some(lease) = store.acquire_lease("dispatcher", WorkerId::new(), LONG).await.unwrap() {
            return lease;
        }
    }
}
