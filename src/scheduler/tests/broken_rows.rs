//! A row that no one can read, and those behind it: they are looked after all the same.

use async_trait::async_trait;

use super::*;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::CallStatus;
use crate::domain::ids::AttemptId;
use crate::scheduler::{Duty as _, poll, recall, reconcile, sweep};

/// A provider that knows every call: one per number, and all of them are told to be busy.
struct Busy;

fn call(call_sid: String) -> ProviderCall {
    let direction = "outbound-api".to_owned();
    ProviderCall { call_sid, status: "busy".to_owned(), duration_s: None, created_at_ms: None, direction, answered_by: None }
}

#[async_trait]
impl Telephony for Busy {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        unreachable!("schedulers do not dial")
    }
    async fn fetch(&self, sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        Ok(Some(call(sid.to_owned())))
    }
    async fn list(&self, to: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        Ok(vec![call(format!("CA{}", to.e164()))])
    }
    async fn end(&self, _: &str) -> Result<(), ProviderError> {
        unreachable!("nobody is hung up on")
    }
    async fn transfer(&self, _: &str, _: &Transfer) -> Result<(), ProviderError> {
        unreachable!("nobody is handed over")
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        unreachable!("nobody is hung up on")
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        unreachable!("nothing is left to take back")
    }
    async fn check(&self) -> Result<(), ProviderError> {
        unreachable!("nobody asks for the account")
    }
}

pub(super) async fn run(store: &Store, sql: &'static str, attempt: AttemptId) {
    let done: Result<u64, StoreError> = on_db!(store.db, statement, conn => {
        Ok(sqlx::query(sql).bind(attempt).execute(conn).await?.rows_affected())
    });
    assert!(done.unwrap() > 0, "{sql}");
}

/// Two armed attempts, and of these the one that every round begins with cannot be read.
async fn two_armed(store: Store) -> (Bench, CampaignId, AttemptId) {
    let mut bench = Bench::new(store, 50).await;
    bench.scheduler.telephony = Arc::new(Busy);
    let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
    bench.leads(spring, "415555", "America/Los_Angeles", 2).await;
    bench.scheduler.tick().await.unwrap();
    let attempts = bench.store.attempts(crate::store::dial::CallFilter::default(), 9).await.unwrap();
    let (broken, sound) = (attempts[0].id, attempts[1].id);
    run(&bench.store, "UPDATE attempt SET kind = 'nonsense', state_at = 1 WHERE id = $1", broken).await;
    (bench, spring, sound)
}

pub(super) async fn pause(bench: &Bench, campaign: CampaignId) {
    let pause = CampaignChange { from: CampaignState::Running, to: CampaignState::Paused, reason: None, actor: "test" };
    assert!(bench.store.change_campaign_state(campaign, pause, bench.clock.now()).await.unwrap().is_changed());
}

pub(super) async fn stands(bench: &Bench, attempt: AttemptId) -> (AttemptState, Option<CallStatus>) {
    let view = bench.store.attempt(attempt).await.unwrap().unwrap();
    (view.state, view.provider_status)
}

on_both_engines! {
    async fn the_sweep_moves_the_others(store: Store) {
        let (bench, spring, sound) = two_armed(store).await;
        pause(&bench, spring).await;
        let mut sweeper = sweep::Sweeper::new(bench.scheduler.clone());
        sweeper.round().await.unwrap();
        assert_eq!(stands(&bench, sound).await.0, AttemptState::Withdrawn);
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 1, "the broken one stays as it was");
        run(&bench.store, "UPDATE attempt SET kind = 'fresh' WHERE id <> $1", sound).await;
        sweeper.round().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 1, "it is left aside for a while");
        sweep::Sweeper::new(bench.scheduler.clone()).round().await.unwrap();
        assert_eq!(bench.in_state(spring, LeadState::Active).await, 0);
    }

    async fn the_sweep_moves_the_others_of_a_campaign_in_a_state_of_the_next_version(store: Store) {
        let (bench, spring, sound) = two_armed(store).await;
        pause(&bench, spring).await;
        let autumn = bench.campaign("autumn", settings(1), CampaignState::Running).await;
        let unread = attempt(&bench.store, autumn, lead(&bench.store, autumn, 9).await).await;
        run(&bench.store, "UPDATE attempt SET state = 'ready', state_at = 2 WHERE id = $1", unread).await;
        let asleep = "UPDATE campaign SET state = 'asleep' WHERE id = (SELECT campaign_id FROM attempt WHERE id = $1)";
        run(&bench.store, asleep, unread).await;
        sweep::Sweeper::new(bench.scheduler.clone()).round().await.unwrap();
        assert_eq!(stands(&bench, sound).await.0, AttemptState::Withdrawn);
    }

    async fn what_was_moved_is_rung_though_the_round_breaks_off(store: Store) {
        let (bench, _, sound) = two_armed(store).await;
        let rung = bench.scheduler.queue.waiting().await.unwrap();
        run(&bench.store, "UPDATE attempt SET lease_until_db = 1 WHERE id = $1", sound).await;
        // the search for ends without an outcome fails from now on
        let renamed: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
            sqlx::query("ALTER TABLE attempt RENAME COLUMN closed_at TO closed_long_ago").execute(conn).await?;
            Ok(())
        });
        renamed.unwrap();
        let round = sweep::Sweeper::new(bench.scheduler.clone()).round().await;
        assert!(round.is_err() && bench.scheduler.queue.waiting().await.unwrap() == rung + 1, "{round:?}");
    }

    async fn the_reconciler_finds_the_others(store: Store) {
        let (bench, _, sound) = two_armed(store).await;
        let lost = "UPDATE attempt SET state = 'unknown', intent_at = created_at, intent_at_db = 1, send_deadline_db = 1 WHERE $1 = $1";
        run(&bench.store, lost, sound).await;
        reconcile::Reconciler::new(bench.scheduler.clone()).round().await.unwrap();
        assert_eq!(stands(&bench, sound).await.0, AttemptState::Placed);
    }

    async fn the_poller_asks_about_the_others(store: Store) {
        let (bench, _, sound) = two_armed(store).await;
        placed(&bench, sound).await;
        // whoever had news longer ago is asked about first
        run(&bench.store, "UPDATE attempt SET news_at_db = 1 WHERE id = $1", sound).await;
        poll::Poller::new(bench.scheduler.clone()).round().await.unwrap();
        assert_eq!(stands(&bench, sound).await.1, Some(CallStatus::Busy));
    }

    async fn the_others_are_taken_back_too(store: Store) {
        let (bench, spring, sound) = two_armed(store).await;
        placed(&bench, sound).await;
        pause(&bench, spring).await;
        recall::Recaller::new(bench.scheduler.clone()).round().await.unwrap();
        assert_eq!(stands(&bench, sound).await.1, Some(CallStatus::Busy));
    }
}

/// Both calls are at the provider, and nobody told of them since.
async fn placed(bench: &Bench, any: AttemptId) {
    let both = "UPDATE attempt SET state = 'placed', placed_at = state_at, news_at_db = 0, call_sid = 'CA' || to_number WHERE $1 = $1";
    run(&bench.store, both, any).await;
}
