//! A provider that is slow to end the calls of a dead worker: hearts are looked at all the same, and whoever dies meanwhile is found.

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::*;
use crate::domain::attempt::AttemptState;
use crate::domain::ids::AttemptId;
use crate::domain::transfer::TransferResult;
use crate::providers::Again;
use crate::scheduler::{Duty as _, reap};

/// Far longer than from one look to the next, on a machine that has much else to do as well.
const ROUNDS: Duration = Duration::from_secs(30);
/// So begin the ids of calls that are slow to end.
const SLOW: &str = "CA1";
const QUICK: &str = "CA2";
/// Two and a half times as many as are ended at once.
const MANY: usize = 20;

/// A provider that ends slow calls only when the test lets it, one each time, and any other at once.
struct Slow {
    asked: Mutex<Vec<String>>,
    leave: Semaphore,
    /// It does not answer the first time.
    is_away: bool,
}

impl Slow {
    fn new(is_away: bool) -> Arc<Self> {
        Arc::new(Self { asked: Mutex::default(), leave: Semaphore::new(0), is_away })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Telephony for Slow {
    async fn connect(&self) -> Result<Box<dyn DialLine>, ProviderError> {
        unreachable!("the reaper does not dial")
    }
    async fn fetch(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        unreachable!("the reaper does not ask")
    }
    async fn list(&self, _: &PhoneNumber, _: &PhoneNumber) -> Result<Vec<ProviderCall>, ProviderError> {
        unreachable!("the reaper does not ask")
    }
    async fn end(&self, sid: &str) -> Result<(), ProviderError> {
        self.asked.lock().unwrap().push(sid.to_owned());
        if self.is_away && self.asked().len() == 1 {
            return Err(ProviderError { provider: "twilio", what: "no answer".to_owned(), status: None, again: Again::Yes });
        }
        if sid.starts_with(SLOW) {
            self.leave.acquire().await.unwrap().forget();
        }
        Ok(())
    }
    async fn transfer(&self, _: &str, _: &Transfer) -> Result<(), ProviderError> {
        unreachable!("the reaper ends calls")
    }
    async fn cancel(&self, _: &str) -> Result<(), ProviderError> {
        unreachable!("the reaper ends calls")
    }
    async fn take_back(&self, _: &str) -> Result<Option<ProviderCall>, ProviderError> {
        unreachable!("the reaper ends calls")
    }
    async fn check(&self) -> Result<(), ProviderError> {
        unreachable!("the reaper does not ask")
    }
}

/// A worker that never beats, with one call in its hands.
async fn holds(bench: &Bench, campaign: CampaignId, n: u64, sid: &str) -> AttemptId {
    let worker = NewWorker { id: WorkerId::new(), host: "gone", version: "1", lines: 1 };
    let holder = worker.id;
    bench.store.register_worker(worker, bench.clock.now()).await.unwrap();
    let id = attempt(&bench.store, campaign, lead(&bench.store, campaign, n).await).await;
    let held: Result<(), StoreError> = on_db!(bench.store.db, statement, conn => {
        let sql = "UPDATE attempt SET call_sid = $2, held_by = $3, hold_epoch = 1 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(sid).bind(holder).execute(conn).await?;
        Ok(())
    });
    held.unwrap();
    id
}

async fn still_held(bench: &Bench) -> Vec<AttemptId> {
    bench.store.held_calls().await.unwrap().into_iter().map(|call| call.attempt).collect()
}

/// Looks until these calls alone are held. A burial that takes longer than from one look to the next goes on beside it, so how many
/// looks that takes is not certain.
async fn look_until_held(bench: &Bench, reaper: &mut reap::Reaper, calls: &[AttemptId]) {
    let looks = async {
        while still_held(bench).await != calls {
            reaper.round().await.unwrap();
        }
    };
    timeout(ROUNDS, looks).await.expect("the provider holds up no look");
}

/// Looks until the provider was asked to end so many calls.
async fn look_until_asked(provider: &Slow, reaper: &mut reap::Reaper, calls: usize) {
    let looks = async {
        while provider.asked().len() < calls {
            reaper.round().await.unwrap();
        }
    };
    timeout(ROUNDS, looks).await.expect("the provider holds up no look");
}

on_both_engines! {
    async fn whoever_dies_while_another_ones_calls_are_slow_to_end_is_found_in_time(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        let provider = Slow::new(false);
        bench.scheduler.telephony = Arc::clone(&provider) as _;
        bench.scheduler.timings.holder_silence = Duration::ZERO;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        let mut reaper = reap::Reaper::new(bench.scheduler.clone());
        let slow = holds(&bench, spring, 1, SLOW).await;
        look_until_asked(&provider, &mut reaper, 1).await;
        holds(&bench, spring, 2, QUICK).await;
        // the one is ended, the other one is waited for
        look_until_held(&bench, &mut reaper, &[slow]).await;
        assert_eq!(provider.asked(), [SLOW, QUICK], "each once");
        provider.leave.add_permits(1);
        look_until_held(&bench, &mut reaper, &[]).await;
    }

    async fn a_call_that_could_not_be_ended_is_ended_at_a_later_look(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        let provider = Slow::new(true);
        bench.scheduler.telephony = Arc::clone(&provider) as _;
        bench.scheduler.timings.holder_silence = Duration::ZERO;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        let mut reaper = reap::Reaper::new(bench.scheduler.clone());
        let call = holds(&bench, spring, 1, QUICK).await;
        look_until_asked(&provider, &mut reaper, 1).await;
        assert_eq!(still_held(&bench).await, [call], "a provider that does not answer has ended nothing");
        look_until_held(&bench, &mut reaper, &[]).await;
        assert_eq!(provider.asked(), [QUICK, QUICK]);
    }

    async fn a_call_that_was_handed_to_a_person_while_it_waited_to_be_ended_goes_on(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        let provider = Slow::new(false);
        bench.scheduler.telephony = Arc::clone(&provider) as _;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        let attempt = holds(&bench, spring, 1, QUICK).await;
        let seen = bench.store.held_calls().await.unwrap().remove(0);
        bench.store.transfer_told(attempt, QUICK, TransferResult::Answered, bench.clock.now()).await.unwrap();
        bench.scheduler.bury(&seen).await.unwrap();
        assert_eq!(provider.asked(), Vec::<String>::new(), "two people were cut off");
        assert_eq!(bench.store.attempt(attempt).await.unwrap().unwrap().state, AttemptState::HandedOff);
    }

    async fn of_many_calls_of_the_dead_eight_are_ended_at_a_time_and_each_once(store: Store) {
        let mut bench = Bench::new(store, 3).await;
        let provider = Slow::new(false);
        bench.scheduler.telephony = Arc::clone(&provider) as _;
        bench.scheduler.timings.holder_silence = Duration::ZERO;
        let spring = bench.campaign("spring", settings(1), CampaignState::Running).await;
        let mut reaper = reap::Reaper::new(bench.scheduler.clone());
        let sids: Vec<String> = (0..MANY).map(|n| format!("{SLOW}{n:02}")).collect();
        for (n, sid) in (1..).zip(&sids) {
            holds(&bench, spring, n, sid).await;
        }
        look_until_asked(&provider, &mut reaper, reap::ABREAST).await;
        reaper.round().await.unwrap();
        assert_eq!(provider.asked().len(), reap::ABREAST, "the others wait for a place");
        let one_by_one = async {
            for _ in 0..MANY {
                provider.leave.add_permits(1);
                sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::join!(look_until_held(&bench, &mut reaper, &[]), one_by_one);
        let mut asked = provider.asked();
        asked.sort();
        assert_eq!(asked, sids, "each once");
    }
}
