use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use callfleet_jobs::pace::{LocalPacer, Turn};
use proptest::prelude::*;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::dialing::leeway;
use crate::work::fewer_dials::FewerDials;

fn turns(account_rate: f64) -> Turns {
    Turns::new(Arc::new(LocalPacer::default()), account_rate)
}

/// Rung again every quarter of a minute, as the sweep does.
async fn rung_until_it_dials(turns: &Turns, campaign: CampaignId, rate: f64) -> Duration {
    let begun = Instant::now();
    while !turns.to_claim(campaign, rate).await.unwrap() {
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_call_in_five_minutes_is_made_though_no_dial_waits_so_long() {
    let waited = rung_until_it_dials(&turns(1.0), CampaignId::new(), 1.0 / 300.0).await;
    assert!((300..=330).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_of_the_provider_is_not_waited_out_with_a_turn_in_hand() {
    let turns = turns(1.0);
    turns.hold_back(Duration::from_secs(600)).await.unwrap();
    let begun = Instant::now();
    assert!(!turns.to_claim(CampaignId::new(), 1.0).await.unwrap());
    assert!(begun.elapsed() <= LONGEST_WAIT, "{:?}", begun.elapsed());
    let waited = rung_until_it_dials(&turns, CampaignId::new(), 1.0).await;
    assert!((570..=630).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_campaign_loses_no_turn_to_a_provider_that_is_full() {
    let turns = turns(1.0);
    turns.hold_back(Duration::from_secs(590)).await.unwrap();
    let waited = rung_until_it_dials(&turns, CampaignId::new(), 1.0 / 300.0).await;
    assert!((590..=620).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_told_of_a_slow_campaigns_last_call_waits_for_what_is_left() {
    let (turns, slow, fresh) = (turns(1.0), CampaignId::new(), CampaignId::new());
    turns.remember(slow, 1.0 / 300.0, Some(Duration::from_secs(270)));
    turns.remember(fresh, 1.0 / 300.0, None);
    let waited = rung_until_it_dials(&turns, fresh, 1.0 / 300.0).await;
    assert_eq!(waited.as_secs(), 1, "for the account alone");
    let waited = rung_until_it_dials(&turns, slow, 1.0 / 300.0).await;
    assert!((28..45).contains(&waited.as_secs()), "{waited:?}");
}

/// When sixteen dials of a campaign of five calls a second may be claimed; who is refused is rung again.
async fn sixteen_at_five_a_second(turns: &Turns) -> Vec<Duration> {
    let (campaign, begun, mut dials) = (CampaignId::new(), Instant::now(), JoinSet::new());
    for _ in 0..16 {
        let turns = turns.clone();
        dials.spawn(async move {
            while !turns.to_claim(campaign, 5.0).await.unwrap() {
                sleep(Duration::from_secs(2)).await;
            }
            begun.elapsed()
        });
    }
    let mut claimed = dials.join_all().await;
    claimed.sort_unstable();
    claimed
}

#[tokio::test(start_paused = true)]
async fn a_slower_campaign_keeps_its_own_pace_after_a_pause_of_the_account() {
    let turns = turns(40.0);
    let held = async {
        sleep(Duration::from_millis(100)).await;
        turns.hold_back(Duration::from_secs(2)).await.unwrap();
    };
    let (claimed, ()) = tokio::join!(sixteen_at_five_a_second(&turns), held);
    assert!(most_in_a_second(&claimed) <= 6, "{claimed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slower_campaign_keeps_its_own_pace_behind_a_faster_one() {
    let (turns, faster, mut dials) = (turns(40.0), CampaignId::new(), JoinSet::new());
    for _ in 0..120 {
        let turns = turns.clone();
        dials.spawn(async move { turns.to_claim(faster, 40.0).await });
    }
    tokio::task::yield_now().await;
    let claimed = sixteen_at_five_a_second(&turns).await;
    assert!(claimed[0] > Duration::from_secs(2), "the faster one had all turns until then: {claimed:?}");
    assert!(most_in_a_second(&claimed) <= 6 && claimed[15] < Duration::from_secs(9), "{claimed:?}");
}

/// As Redis gives out turns to several processes: slots on its own clock, answers that take their time, and processes that are held
/// up after their sleep, each time as long as the next one of a row.
struct Far {
    /// By key.
    next: Arc<Mutex<HashMap<String, Instant>>>,
    held_up_ms: Vec<u64>,
    asked: AtomicUsize,
}

impl Far {
    fn holding_up(held_up_ms: Vec<u64>) -> Arc<Self> {
        Arc::new(Self { next: Arc::default(), held_up_ms, asked: AtomicUsize::new(0) })
    }

    /// The same Redis for a process that is held up otherwise.
    fn beside(&self, held_up_ms: Vec<u64>) -> Arc<Self> {
        Arc::new(Self { next: Arc::clone(&self.next), held_up_ms, asked: AtomicUsize::new(0) })
    }

    /// The script's few lines.
    fn wait(&self, key: &str, interval: Duration, slots: u32, patience: Duration) -> Option<Duration> {
        let (now, mut next) = (Instant::now(), self.next.lock().unwrap());
        let slot = next.get(key).map_or(now, |next| now.max(*next));
        (slot - now <= patience).then(|| {
            next.insert(key.to_owned(), slot + interval * slots);
            slot - now
        })
    }
}

#[async_trait]
impl Pacer for Far {
    async fn turn(&self, key: &str, per_second: f64, slots: u32, patience: Duration) -> Result<Option<Turn>, PaceError> {
        let nth = self.asked.fetch_add(1, Ordering::Relaxed);
        let held_up = Duration::from_millis(self.held_up_ms[nth % self.held_up_ms.len()]);
        let asked = Instant::now();
        sleep(held_up / 5).await;
        let wait = self.wait(key, Duration::from_secs_f64(1.0 / per_second), slots, patience);
        sleep(held_up / 5).await;
        let Some(wait) = wait else { return Ok(None) };
        let turn = Turn::after(asked, wait).await;
        sleep(held_up).await;
        Ok(Some(turn))
    }

    async fn hold_back(&self, _key: &str, _pause: Duration) -> Result<(), PaceError> {
        unreachable!("nobody is full")
    }
}

/// When each of so many dials is seen by the provider, if it is sent at all. They come at the pace of claims.
async fn seen(processes: &[Turns], rate: f64, dials: u32, way_ms: &[u64]) -> Vec<Duration> {
    let (begun, mut under_way) = (Instant::now(), JoinSet::new());
    // in whole milliseconds, as sleeps are: they would be rounded up
    let longest_way = u64::try_from((leeway(rate) / 2).as_millis()).unwrap();
    for (nth, way) in (0..dials).zip(way_ms.iter().cycle()) {
        let turns = processes[nth as usize % processes.len()].clone();
        let way = Duration::from_millis((*way).min(longest_way));
        under_way.spawn(async move {
            let is_sent = turns.to_send(Duration::from_millis(800)).await.unwrap();
            sleep(way).await;
            is_sent.then(|| begun.elapsed())
        });
        sleep(Duration::from_secs_f64(1.0 / claim_pace(rate))).await;
    }
    let mut seen: Vec<Duration> = under_way.join_all().await.into_iter().flatten().collect();
    seen.sort_unstable();
    seen
}

fn most_in_a_second(seen: &[Duration]) -> u32 {
    let in_its_second = |first: usize| seen[first..].partition_point(|at| *at < seen[first] + Duration::from_secs(1));
    u32::try_from((0..seen.len()).map(in_its_second).max().unwrap_or(0)).unwrap()
}

/// On a clock that passes at once.
fn at_once<T>(does: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(does)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_second_has_more_than_the_rate_and_one_however_processes_are_held_up(
        // more dials than a second may have
        (rate, dials) in prop::sample::select(vec![(0.7, 40), (1.0, 40), (2.5, 80), (10.0, 80), (40.0, 120), (200.0, 400)]),
        processes in 1_usize..5,
        held_up_ms in prop::collection::vec(prop_oneof![4 => 0_u64..4, 1 => 0_u64..400], 1..60),
        way_ms in prop::collection::vec(0_u64..400, 1..20),
    ) {
        let far = Far::holding_up(held_up_ms);
        let processes: Vec<Turns> = (0..processes).map(|_| Turns::new(Arc::clone(&far) as _, rate)).collect();
        let seen = at_once(seen(&processes, rate, dials, &way_ms));
        let most = most_in_a_second(&seen);
        prop_assert!(f64::from(most) <= rate.floor() + 1.0, "{most} in a second at {rate}: {seen:?}");
    }
}

#[test]
fn a_hold_up_costs_the_turns_it_covers_and_no_dial() {
    // a tenth of a second in four, in a process that is otherwise in time
    let held_up: Vec<u64> = (0..160).map(|nth| if nth < 4 { 100 } else { 1 }).collect();
    let far = Far::holding_up(held_up);
    let turns = Turns::new(Arc::clone(&far) as _, 40.0);
    let seen = at_once(seen(&[turns], 40.0, 150, &[0]));
    let taken = far.asked.load(Ordering::Relaxed);
    assert!(seen.len() == 150 && taken == 154, "{} sent with {taken} turns", seen.len());
}

/// Claims and sends for a minute, as so many dials of a process at once; how many were sent, and how many held back.
async fn dialed(turns: Turns, at_once: usize) -> (u32, u32) {
    let (begun, mut lanes, stop) = (Instant::now(), JoinSet::new(), CancellationToken::new());
    let dials = Arc::new(Semaphore::new(at_once));
    let fewer = tokio::spawn(FewerDials::of(Arc::clone(&dials), turns.clone()).run(stop.clone()));
    for _ in 0..at_once {
        let (turns, dials) = (turns.clone(), Arc::clone(&dials));
        lanes.spawn(async move {
            let (mut sent, mut held_back) = (0, 0);
            while begun.elapsed() < Duration::from_secs(60) {
                let _dial = dials.acquire().await.unwrap();
                if turns.to_claim(CampaignId::new(), f64::MAX).await.unwrap() {
                    *if turns.to_send(Duration::from_millis(800)).await.unwrap() { &mut sent } else { &mut held_back } += 1;
                }
            }
            (sent, held_back)
        });
    }
    let all = lanes.join_all().await.into_iter().fold((0, 0), |(sent, held_back), lane| (sent + lane.0, held_back + lane.1));
    stop.cancel();
    fewer.await.unwrap();
    all
}

#[test]
fn a_late_process_takes_its_wide_turns_before_the_claim_and_the_others_keep_theirs() {
    let late = Far::holding_up(vec![150]);
    let in_time = late.beside(vec![1]);
    let [late, in_time] = [late, in_time].map(|pacer| Turns::new(pacer, 40.0));
    let (late, in_time) = at_once(async { tokio::join!(dialed(late, 16), dialed(in_time, 16)) });
    let (sent, held_back) = (late.0 + in_time.0, late.1 + in_time.1);
    assert!(held_back * 20 <= sent, "{held_back} held back, {late:?} and {in_time:?}");
    // with as many dials under way as the other one has, some 240 each
    assert!(in_time.0 >= 600 && late.0 >= 120, "{late:?} and {in_time:?}");
}

#[test]
fn a_process_that_is_always_late_dials_slowly_and_not_never() {
    let turns = Turns::new(Far::holding_up(vec![60]), 200.0);
    let seen = at_once(seen(&[turns], 200.0, 2_000, &[0]));
    let rate = f64::from(u32::try_from(seen.len()).unwrap()) / 10.5;
    // each needs some seven slots of the 183
    assert!((10.0..30.0).contains(&rate), "{rate} a second");
}
