//! Rows that somebody else keeps locked: a round ends in spite of them, the others are swept, and they are once they are free.

use futures_util::future::join_all;
use tokio::sync::{Barrier, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::broken_rows::{pause, run, stands};
use super::*;
use crate::domain::attempt::AttemptState;
use crate::domain::ids::AttemptId;
use crate::scheduler::Duty as _;
use crate::scheduler::sweep::Sweeper;
use crate::store::contract::support::{CONNECTIONS, with_postgres};
use crate::store::dial::CallFilter;

const ATTEMPT: &str = "SELECT id FROM attempt WHERE id = $1 FOR UPDATE";
const LEAD: &str = "SELECT id FROM lead WHERE id = (SELECT lead_id FROM attempt WHERE id = $1) FOR UPDATE";

/// Far longer than a round waits for a lock here, on a machine that has much else to do as well.
const IN_TIME: Duration = Duration::from_secs(20);

/// A row, until it is let go.
struct Locked {
    let_go: oneshot::Sender<()>,
    transaction: JoinHandle<()>,
}

impl Locked {
    async fn keep(bench: &Bench, row: &'static str, attempt: AttemptId) -> Self {
        let ((tell, told), (let_go, until)) = (oneshot::channel(), oneshot::channel());
        let transaction = tokio::spawn(keep_locked(bench.store.clone(), row, attempt, tell, until));
        told.await.unwrap();
        Self { let_go, transaction }
    }

    async fn let_go(self) {
        self.let_go.send(()).unwrap();
        self.transaction.await.unwrap();
    }
}

async fn keep_locked(store: Store, row: &'static str, attempt: AttemptId, tell: oneshot::Sender<()>, until: oneshot::Receiver<()>) {
    let kept: Result<(), StoreError> = on_db!(store.db, write, tx => {
        // our sessions do not let a transaction rest for long
        sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *tx).await?;
        assert_eq!(sqlx::query(row).bind(attempt).execute(tx).await?.rows_affected(), 1);
        tell.send(()).unwrap();
        until.await.unwrap();
        Ok(())
    });
    kept.unwrap();
}

/// As shipped a connection waits ten seconds for a lock; here a fraction of one, whichever is lent.
async fn wait_briefly_for_locks(store: &Store) {
    assert_eq!(store.server_setting("lock_timeout").await.unwrap().as_deref(), Some("10s"));
    let all = Barrier::new(CONNECTIONS as usize);
    let set = (0..CONNECTIONS).map(|_| async {
        let done: Result<(), StoreError> = on_db!(store.db, statement, conn => {
            sqlx::query("SET lock_timeout = '300ms'").execute(conn).await?;
            all.wait().await;
            Ok(())
        });
        done.unwrap();
    });
    join_all(set).await;
}

/// Two armed attempts of a campaign that was paused: they are given back together, the first of them first.
async fn two_to_give_back(store: Store) -> (Bench, [AttemptId; 2]) {
    let bench = Bench::new(store, 50).await;
    let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
    bench.leads(spring, "415555", "America/Los_Angeles", 2).await;
    bench.scheduler.tick().await.unwrap();
    let attempts = bench.store.attempts(CallFilter::default(), 9).await.unwrap();
    let (first, second) = (attempts[0].id, attempts[1].id);
    run(&bench.store, "UPDATE attempt SET state_at = 1 WHERE id = $1", first).await;
    pause(&bench, spring).await;
    wait_briefly_for_locks(&bench.store).await;
    (bench, [first, second])
}

async fn round(sweeper: &mut Sweeper) -> Result<(), StoreError> {
    timeout(IN_TIME, sweeper.round()).await.expect("a lock holds up no round")
}

async fn states(bench: &Bench, attempts: [AttemptId; 2]) -> [AttemptState; 2] {
    [stands(bench, attempts[0]).await.0, stands(bench, attempts[1]).await.0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_somebody_keeps_locked_is_passed_by_until_it_is_free() {
    with_postgres(async |store: Store| {
        let (bench, attempts) = two_to_give_back(store).await;
        let locked = Locked::keep(&bench, ATTEMPT, attempts[0]).await;
        let mut sweeper = Sweeper::new(bench.scheduler.clone());
        round(&mut sweeper).await.unwrap();
        assert_eq!(states(&bench, attempts).await, [AttemptState::Ready, AttemptState::Withdrawn]);
        locked.let_go().await;
        round(&mut sweeper).await.unwrap();
        assert_eq!(states(&bench, attempts).await, [AttemptState::Withdrawn; 2]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_somebody_keeps_locked_stops_one_round_and_then_its_own_attempt_alone() {
    with_postgres(async |store: Store| {
        let (bench, attempts) = two_to_give_back(store).await;
        let locked = Locked::keep(&bench, LEAD, attempts[0]).await;
        let mut sweeper = Sweeper::new(bench.scheduler.clone());
        let broken_off = round(&mut sweeper).await;
        assert!(broken_off.as_ref().is_err_and(StoreError::retry_helps), "they are moved together: {broken_off:?}");
        assert_eq!(states(&bench, attempts).await, [AttemptState::Ready; 2]);
        round(&mut sweeper).await.unwrap();
        assert_eq!(states(&bench, attempts).await, [AttemptState::Ready, AttemptState::Withdrawn], "each by itself");
        locked.let_go().await;
        round(&mut sweeper).await.unwrap();
        assert_eq!(states(&bench, attempts).await, [AttemptState::Withdrawn; 2]);
    })
    .await;
}
