//! Claims that no round answered: who finds its own token in the row goes on, nobody else does, and nobody sends for two.

use std::future::pending;
use std::sync::Mutex;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::bench::Bench;
use super::claim_rounds::{A_MOMENT, armed, behind_a_round, intent, run, state};
use crate::domain::attempt::AttemptState;
use crate::domain::ids::AttemptId;
use crate::store::StoreError;
use crate::store::contract::support::with_postgres;
use crate::store::db::{Db, on_db};
use crate::store::dial::claim_at_once::{CLAIMS, Intent};
use crate::store::dial::intent::token_hash;
use crate::store::dial::sql::rows;
use crate::store::dial::{ClaimOutcome, Claimed};

/// What comes of a claim that goes along with somebody else's round; whoever runs that is dropped when `dropped` says so.
async fn goes_along(
    bench: &Bench,
    attempt: AttemptId,
    round: impl AsyncFnOnce(Vec<Intent>) -> Result<Vec<bool>, StoreError>,
    dropped: impl Future<Output = ()>,
) -> ClaimOutcome {
    let seen = bench.look(attempt, 1).await;
    let runner = async {
        tokio::select! {
            _ = run(bench, round) => {}
            () = dropped => {}
        }
    };
    let claim = bench.claim_as_seen(attempt, 1, seen.as_ref());
    let ((), claimed) = behind_a_round(bench, 2, async { tokio::join!(runner, claim) }, async {}).await;
    claimed.unwrap()
}

fn may_send(claimed: ClaimOutcome) -> Claimed {
    let ClaimOutcome::Claimed(claimed) = claimed else { panic!("not claimed: {claimed:?}") };
    *claimed
}

/// It may send, its token is the row's, and nobody else may.
async fn alone_may_send(bench: &Bench, attempt: AttemptId, claimed: ClaimOutcome) {
    let claimed = may_send(claimed);
    assert_eq!((claimed.attempt, claimed.send_no), (attempt, 1));
    assert_eq!(bench.token_kept(attempt).await, Some(token_hash(&claimed.stream_token)));
    assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Stale));
}

#[tokio::test]
async fn whose_round_failed_claims_by_itself_and_what_comes_late_finds_it_sending() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let (attempt, late) = (armed(&bench, 1).await, Mutex::new(Vec::new()));
        let fails = async |intents: Vec<Intent>| -> Result<Vec<bool>, StoreError> {
            *late.lock().unwrap() = intents;
            Err(StoreError::Late)
        };
        let claimed = may_send(goes_along(&bench, attempt, fails, pending()).await);
        // the statement that nobody waited for
        let late = late.into_inner().unwrap();
        assert_eq!(late.len(), 2, "the claim went along");
        assert_eq!(bench.store.intend_all(late).await.unwrap(), [false, false]);
        assert_eq!(bench.token_kept(attempt).await, Some(token_hash(&claimed.stream_token)));
    })
    .await;
}

#[tokio::test]
async fn who_is_not_told_of_a_claim_that_was_made_finds_its_token_in_the_row() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let (fails, drops) = (armed(&bench, 1).await, armed(&bench, 2).await);
        let fails_late = async |intents: Vec<Intent>| -> Result<Vec<bool>, StoreError> {
            assert_eq!(bench.store.intend_all(intents).await.unwrap(), [false, true]);
            Err(StoreError::Late)
        };
        let claimed = goes_along(&bench, fails, fails_late, pending()).await;
        alone_may_send(&bench, fails, claimed).await;
        let (tell, made) = oneshot::channel();
        let is_dropped = async |intents: Vec<Intent>| -> Result<Vec<bool>, StoreError> {
            assert_eq!(bench.store.intend_all(intents).await.unwrap(), [false, true]);
            tell.send(()).unwrap();
            pending().await
        };
        let claimed = goes_along(&bench, drops, is_dropped, async { made.await.unwrap() }).await;
        alone_may_send(&bench, drops, claimed).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_not_told_of_a_claim_that_is_being_made_waits_for_it() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let Db::Postgres(server) = &bench.store.db else { panic!("rounds of a server") };
        let attempt = armed(&bench, 1).await;
        let ((hand, handed), (tell, written)) = (oneshot::channel::<Vec<Intent>>(), oneshot::channel());
        let breaks_off = async |intents: Vec<Intent>| -> Result<Vec<bool>, StoreError> {
            hand.send(intents).unwrap();
            written.await.unwrap();
            Err(StoreError::Late)
        };
        let commits_later = async {
            let intents = rows(handed.await.unwrap()).unwrap();
            let made: Result<(), StoreError> = on_db!(@write_server server, tx, {
                assert_eq!(sqlx::query(CLAIMS).bind(intents).fetch_all(tx).await?.len(), 1);
                tell.send(()).unwrap();
                sleep(A_MOMENT).await;
                Ok(())
            });
            made.unwrap();
        };
        let (claimed, ()) = tokio::join!(goes_along(&bench, attempt, breaks_off, pending()), commits_later);
        alone_may_send(&bench, attempt, claimed).await;
    })
    .await;
}

#[tokio::test]
async fn whose_claim_was_not_made_takes_nobody_elses_for_its_own() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let attempt = armed(&bench, 1).await;
        let anothers = async |_: Vec<Intent>| -> Result<Vec<bool>, StoreError> {
            assert_eq!(bench.store.intend_all(vec![intent(&bench, attempt, 1, "another's")]).await.unwrap(), [true]);
            Err(StoreError::Late)
        };
        assert!(matches!(goes_along(&bench, attempt, anothers, pending()).await, ClaimOutcome::Stale));
        assert_eq!(bench.token_kept(attempt).await, Some(token_hash("another's")));
    })
    .await;
}

#[tokio::test]
async fn when_whoever_asked_is_dropped_nobody_goes_on_with_what_was_made() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let (attempt, (tell, made)) = (armed(&bench, 1).await, oneshot::channel());
        let seen = bench.look(attempt, 1).await;
        let makes = async |intents: Vec<Intent>| -> Result<Vec<bool>, StoreError> {
            assert_eq!(bench.store.intend_all(intents).await.unwrap(), [false, true]);
            tell.send(()).unwrap();
            pending().await
        };
        let are_dropped = async {
            tokio::select! {
                biased;
                told = run(&bench, makes) => panic!("{told:?}"),
                claimed = bench.claim_as_seen(attempt, 1, seen.as_ref()) => panic!("{claimed:?}"),
                told = made => told.unwrap(),
            }
        };
        behind_a_round(&bench, 2, are_dropped, async {}).await;
        // a call may exist, for all that the row knows: the reconciler has it
        assert_eq!(state(&bench, attempt).await, AttemptState::Sending);
        assert!(matches!(bench.try_claim(attempt, 1).await, ClaimOutcome::Stale));
    })
    .await;
}
