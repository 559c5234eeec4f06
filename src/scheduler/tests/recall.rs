//! Calls that the provider has accepted: what a pause takes back, what goes on, and a provider that does not answer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use callfleet_jobs::Envelope as _;
use callfleet_jobs::kinds::FinishCall;

use super::*;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::CallStatus;
use crate::domain::ids::AttemptId;
use crate::providers::Again;
use crate::scheduler::{Duty as _, recall};

/// A provider whose calls stand where the test puts them.
#[derive(Default)]
struct Provider {
    down: AtomicBool,
    calls: Mutex<BTreeMap<String, &'static str>>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    fn answer(&self, sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(ProviderError { provider: "twilio", what: "down".to_owned(), status: Some(503), again: Again::Yes });
        }
        let (duration_s, created_at_ms, direction, answered_by) = (None, None, "outbound-api".to_owned(), None);
        let call = |status: &&str| ProviderCall {
            call_sid: sid.to_owned(),
            status: (*status).to_owned(),
            duration_s,
            created_at_ms,
            direction,
            answered_by,
        };
        Ok(self.calls.lock().unwrap().get(sid).map(call))
    }
}

#[async_trait]
impl Telephony for Provider {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        unreachable!("schedulers do not dial")
    }
    async fn fetch(&self, sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        self.answer(sid)
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        unreachable!("nothing is looked for")
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
    async fn take_back(&self, sid: &str) -> Result<Option<ProviderCall>, ProviderError> {
        self.asked.lock().unwrap().push(sid.to_owned());
        if let Some(status) = self.calls.lock().unwrap().get_mut(sid).filter(|status| matches!(**status, "queued" | "ringing")) {
            *status = "canceled";
        }
        self.answer(sid)
    }
    async fn check(&self) -> Result<(), ProviderError> {
        unreachable!("nobody asks for the account")
    }
}

/// A paused campaign with calls that its rows take for queued and that stand so at the provider.
async fn paused(store: Store, calls: &[(&str, &'static str)]) -> (Bench, Arc<Provider>, Vec<AttemptId>) {
    let mut bench = Bench::new(store, 50).await;
    let provider = Arc::new(Provider::default());
    bench.scheduler.telephony = Arc::clone(&provider) as _;
    let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
    let mut attempts = Vec::new();
    for (n, (sid, status)) in (1_u64..).zip(calls) {
        let id = attempt(&bench.store, spring, lead(&bench.store, spring, n).await).await;
        let sql = "UPDATE attempt SET state = 'placed', call_sid = $2, placed_at = state_at WHERE id = $1";
        let placed: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
            sqlx::query(sql).bind(id).bind(*sid).execute(conn).await?;
            Ok(())
        });
        placed.unwrap();
        provider.calls.lock().unwrap().insert((*sid).to_owned(), status);
        attempts.push(id);
    }
    let pause = CampaignChange { from: CampaignState::Running, to: CampaignState::Paused, reason: None, actor: "test" };
    assert!(bench.store.change_campaign_state(spring, pause, bench.clock.now()).await.unwrap().is_changed());
    (bench, provider, attempts)
}

async fn stands(bench: &Bench, attempt: AttemptId) -> (AttemptState, Option<CallStatus>) {
    let view = bench.store.attempt(attempt).await.unwrap().unwrap();
    (view.state, view.provider_status)
}

on_both_engines! {
    async fn what_is_queued_is_taken_back_and_what_went_on_meanwhile_goes_on(store: Store) {
        let calls = [("CA1", "queued"), ("CA2", "ringing"), ("CA3", "in-progress"), ("CA4", "busy")];
        let (bench, provider, attempts) = paused(store, &calls).await;
        recall::Recaller::new(bench.scheduler.clone()).round().await.unwrap();
        assert_eq!(*provider.asked.lock().unwrap(), ["CA1"], "the rows were behind; each call was looked at first");
        assert_eq!(stands(&bench, attempts[0]).await.1, Some(CallStatus::Canceled));
        assert_eq!(stands(&bench, attempts[1]).await, (AttemptState::Ringing, Some(CallStatus::Ringing)));
        assert_eq!(stands(&bench, attempts[2]).await, (AttemptState::Talking, Some(CallStatus::InProgress)));
        assert_eq!(stands(&bench, attempts[3]).await.1, Some(CallStatus::Busy));
        assert_eq!(bench.store.recallable(9).await.unwrap(), []);
    }

    async fn a_provider_that_does_not_answer_is_asked_again(store: Store) {
        let (bench, provider, attempts) = paused(store, &[("CA1", "queued"), ("CA2", "queued")]).await;
        provider.down.store(true, Ordering::Relaxed);
        let mut recaller = recall::Recaller::new(bench.scheduler.clone());
        recaller.round().await.unwrap();
        assert_eq!(stands(&bench, attempts[0]).await, (AttemptState::Placed, None), "nothing is believed without an answer");
        provider.down.store(false, Ordering::Relaxed);
        recaller.round().await.unwrap();
        assert!(provider.asked.lock().unwrap().is_empty(), "it is left alone for a while");
        recall::Recaller::new(bench.scheduler.clone()).round().await.unwrap();
        for attempt in attempts {
            assert_eq!(stands(&bench, attempt).await.1, Some(CallStatus::Canceled));
        }
    }

    async fn two_schedulers_at_once_do_what_one_does(store: Store) {
        let (bench, _, attempts) = paused(store, &[("CA1", "queued"), ("CA2", "ringing")]).await;
        let (mut one, mut other) = (recall::Recaller::new(bench.scheduler.clone()), recall::Recaller::new(bench.scheduler.clone()));
        let (first, second) = tokio::join!(one.round(), other.round());
        first.and(second).unwrap();
        assert_eq!(stands(&bench, attempts[0]).await.1, Some(CallStatus::Canceled));
        assert_eq!(stands(&bench, attempts[1]).await, (AttemptState::Ringing, Some(CallStatus::Ringing)));
        let jobs = bench.store.count_jobs().await.unwrap();
        let finishing: i64 = jobs.iter().filter(|(kind, ..)| kind == FinishCall::KIND).map(|(.., jobs)| jobs).sum();
        assert_eq!(finishing, 1, "{jobs:?}");
    }
}
