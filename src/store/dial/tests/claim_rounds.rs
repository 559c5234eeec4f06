//! Claims that share a statement: each hears of its own row alone. Who hears nothing: [`super::claim_untold`].

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::bench::{Bench, now, running};
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::ids::AttemptId;
use crate::store::StoreError;
use crate::store::campaign::CampaignChange;
use crate::store::contract::fixtures::{self, number};
use crate::store::contract::support::with_postgres;
use crate::store::db::{Db, on_db};
use crate::store::dial::ClaimOutcome;
use crate::store::dial::claim_at_once::Intent;
use crate::store::dial::intent::token_hash;
use crate::store::suppression::{NewSuppression, Scope, SuppressionSource};

/// For a claim to come to a lock that somebody has.
pub(super) const A_MOMENT: Duration = Duration::from_millis(100);
/// For claims to come to their round.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn intent(bench: &Bench, attempt: AttemptId, send_no: u32, token: &str) -> Intent {
    Intent::of(&bench.ask(attempt, send_no, None), token, now())
}

/// One round of these tickets, each with a token.
async fn round(bench: &Bench, tickets: &[(AttemptId, u32, &str)]) -> Vec<bool> {
    let intents = tickets.iter().map(|(attempt, send_no, token)| intent(bench, *attempt, *send_no, token));
    bench.store.intend_all(intents.collect()).await.unwrap()
}

pub(super) async fn armed(bench: &Bench, n: u64) -> AttemptId {
    bench.arm(bench.lead(n).await).await
}

pub(super) async fn state(bench: &Bench, attempt: AttemptId) -> AttemptState {
    bench.store.attempt(attempt).await.unwrap().unwrap().state
}

/// A claim of no attempt's, with another round than the real one.
pub(super) async fn run(
    bench: &Bench,
    round: impl AsyncFnOnce(Vec<Intent>) -> Result<Vec<bool>, StoreError>,
) -> Result<Option<bool>, StoreError> {
    let Db::Postgres(server) = &bench.store.db else { panic!("rounds of a server") };
    bench.store.rounds.claims.ask_server(server, intent(bench, AttemptId::new(), 1, "nobody's"), round).await
}

/// Does this while a round has the turn, until so many wait: they go into the next one, after what is done at the end of this one.
pub(super) async fn behind_a_round<T>(
    bench: &Bench,
    many: usize,
    meanwhile: impl Future<Output = T>,
    at_the_end: impl Future<Output = ()>,
) -> T {
    let (tell, begun) = oneshot::channel();
    let round = run(bench, async |_| {
        tell.send(()).unwrap();
        timeout(PATIENCE, bench.store.rounds.claims.until_waiting(many)).await.expect("they wait for a round");
        at_the_end.await;
        Ok(vec![false])
    });
    let meanwhile = async {
        begun.await.unwrap();
        meanwhile.await
    };
    let (round, told) = tokio::join!(round, meanwhile);
    round.unwrap();
    told
}

#[tokio::test]
async fn of_those_who_ask_for_one_attempt_in_one_round_the_one_whose_token_is_kept_may_send() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let (wanted, other) = (armed(&bench, 1).await, armed(&bench, 2).await);
        let tickets = [(wanted, 1, "one"), (other, 1, "other"), (wanted, 1, "two"), (wanted, 1, "three")];
        let told = round(&bench, &tickets).await;
        assert!(told[1], "beside them");
        let may_send = tickets.iter().zip(&told).filter(|((attempt, ..), told)| *attempt == wanted && **told);
        let tokens: Vec<String> = may_send.map(|((.., token), _)| token_hash(token)).collect();
        assert_eq!(tokens, [bench.token_kept(wanted).await.unwrap()]);
        assert_eq!(round(&bench, &tickets).await, [false; 4], "sent already");
    })
    .await;
}

#[tokio::test]
async fn a_ticket_of_another_send_gets_nothing_from_the_one_beside_it() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        for n in 1..=5 {
            let attempt = armed(&bench, n).await;
            // a token is one row's
            let [later, right, earlier] = ["later", "right", "earlier"].map(|send| format!("{send} {n}"));
            let told = round(&bench, &[(attempt, 2, &later), (attempt, 1, &right), (attempt, 0, &earlier)]).await;
            assert_eq!((told, bench.token_kept(attempt).await), (vec![false, true, false], Some(token_hash(&right))));
        }
    })
    .await;
}

#[tokio::test]
async fn each_row_of_a_round_is_held_back_by_its_own_gates() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let (open, suppressed, cancelled) = (armed(&bench, 1).await, armed(&bench, 2).await, bench.lead(3).await);
        let (paused, cancelled_attempt) = (running(&bench.store, "paused").await, bench.arm(cancelled).await);
        let in_pause = bench.arm(fixtures::lead(&bench.store, paused, 4).await).await;
        let phone_number = number(2);
        let new = NewSuppression { phone_number: &phone_number, scope: Scope::Global, source: SuppressionSource::OptOut, attempt: None };
        bench.store.suppress(new, now()).await.unwrap();
        assert!(bench.store.cancel_lead(cancelled, "test", now()).await.unwrap().is_changed());
        let pause = CampaignChange { from: CampaignState::Running, to: CampaignState::Paused, reason: None, actor: "test" };
        assert!(bench.store.change_campaign_state(paused, pause, now()).await.unwrap().is_changed());
        let tickets = [(suppressed, 1, "a"), (open, 1, "b"), (cancelled_attempt, 1, "c"), (in_pause, 1, "d")];
        bench.pause_dials(true).await;
        assert_eq!(round(&bench, &tickets).await, [false; 4]);
        bench.pause_dials(false).await;
        assert_eq!(round(&bench, &tickets).await, [false, true, false, false]);
    })
    .await;
}

/// Two tickets, while somebody has this row of the first one's.
async fn beside_a_locked_row(bench: &Bench, row: &'static str, n: u64) {
    let (held, free) = (armed(bench, n).await, armed(bench, n + 1).await);
    let ((tell, locked), (let_go, until)) = (oneshot::channel(), oneshot::channel::<()>());
    let keep = async {
        let kept: Result<(), StoreError> = on_db!(bench.store.db, write, tx => {
            // our sessions do not let a transaction rest for long
            sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *tx).await?;
            assert_eq!(sqlx::query(row).bind(held).execute(tx).await?.rows_affected(), 1);
            tell.send(()).unwrap();
            until.await.unwrap();
            Ok(())
        });
        kept.unwrap();
    };
    let claim = async {
        locked.await.unwrap();
        let [held_token, free_token] = [held, free].map(|attempt| attempt.to_string());
        assert_eq!(round(bench, &[(held, 1, &held_token), (free, 1, &free_token)]).await, [false, true], "{row}");
        let let_go = async {
            sleep(A_MOMENT).await;
            let_go.send(()).unwrap();
        };
        let (claimed, ()) = tokio::join!(bench.try_claim(held, 1), let_go);
        assert!(matches!(claimed, ClaimOutcome::Claimed(_)), "{claimed:?}");
    };
    tokio::join!(keep, claim);
}

#[tokio::test]
async fn a_row_that_somebody_has_holds_up_its_own_claim_alone() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        beside_a_locked_row(&bench, "SELECT id FROM attempt WHERE id = $1 FOR UPDATE", 1).await;
        let lead = "SELECT id FROM lead WHERE id = (SELECT lead_id FROM attempt WHERE id = $1) FOR UPDATE";
        beside_a_locked_row(&bench, lead, 3).await;
    })
    .await;
}

#[tokio::test]
async fn for_a_caller_that_is_dropped_while_it_waits_nothing_is_claimed() {
    with_postgres(|store| async {
        let bench = Bench::new(store).await;
        let (dropped, other) = (armed(&bench, 1).await, armed(&bench, 2).await);
        let (tell, gone) = oneshot::channel();
        let waits = async {
            tokio::select! {
                claimed = bench.ask_claim(dropped, 1) => panic!("{claimed:?}"),
                () = bench.store.rounds.claims.until_waiting(1) => {}
            }
            tell.send(()).unwrap();
        };
        behind_a_round(&bench, 1, waits, async { gone.await.unwrap() }).await;
        bench.claim(other, 1).await;
        assert_eq!(state(&bench, dropped).await, AttemptState::Ready);
        bench.claim(dropped, 1).await;
    })
    .await;
}
