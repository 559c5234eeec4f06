//! Slow campaigns beside a fast one, a minute of it in steps: the dispatcher's own look, and turns as the pacer gives them.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{claim_pace, room_ahead};
use crate::domain::ids::AttemptId;
use crate::store::contract::support::{on_both_engines, with_sqlite};
use crate::work::turns::LONGEST_OWN_WAIT;

const STEP: f64 = 0.1;
const STEPS: u32 = 600;
/// The dispatcher looks at every second step.
const LOOK: u32 = 2;
const ACCOUNT: f64 = 1.0;
/// Dials a worker of such an account has in hand at the same time.
const SLOTS: usize = 4;
/// Seconds until a ticket that was given back is rung again.
const LEASE: f64 = 15.0;

/// Where a ticket stands with its worker.
#[derive(Clone, Copy)]
enum Waits {
    Campaign,
    Account,
}

/// Somebody's turns, as the pacer gives them out.
#[derive(Default)]
struct Turns(f64);

impl Turns {
    fn next(&mut self, now: f64, rate: f64) -> f64 {
        let turn = self.0.max(now);
        self.0 = turn + 1.0 / rate;
        turn
    }
}

/// A worker that dials what is rung, and whose calls are over at once.
struct Dialer {
    store: Store,
    rates: BTreeMap<CampaignId, f64>,
    rung: VecDeque<DialLead>,
    /// Tickets whose turn is too far away, and when they are rung again.
    given_back: VecDeque<(f64, DialLead)>,
    in_hand: Vec<(AttemptId, CampaignId, Waits, f64)>,
    campaigns: BTreeMap<CampaignId, Turns>,
    account: Turns,
    dialed: BTreeMap<CampaignId, u32>,
}

impl Dialer {
    async fn step(&mut self, now: f64, at: Timestamp) {
        while self.given_back.front().is_some_and(|(again, _)| *again <= now) {
            self.rung.extend(self.given_back.pop_front().map(|(_, ticket)| ticket));
        }
        while self.in_hand.len() < SLOTS {
            let Some(ticket @ DialLead { attempt, send_no }) = self.rung.pop_front() else { break };
            let campaign = self.store.ready_ticket(AttemptId(attempt), send_no, at).await.unwrap().unwrap().campaign;
            let rate = self.rates[&campaign];
            let own = self.campaigns.entry(campaign).or_default();
            if own.0 > now + LONGEST_OWN_WAIT.as_secs_f64() {
                self.given_back.push_back((now + LEASE, ticket));
                continue;
            }
            let turn = if rate < ACCOUNT { own.next(now, rate) } else { now };
            self.in_hand.push((AttemptId(attempt), campaign, Waits::Campaign, turn));
        }
        for nth in (0..self.in_hand.len()).rev() {
            match self.in_hand[nth] {
                (attempt, campaign, Waits::Campaign, turn) if turn <= now => {
                    let turn = self.account.next(now, claim_pace(ACCOUNT));
                    self.in_hand[nth] = (attempt, campaign, Waits::Account, turn);
                }
                (attempt, campaign, Waits::Account, turn) if turn <= now => {
                    self.in_hand.swap_remove(nth);
                    self.dial(attempt, campaign, at).await;
                }
                _ => {}
            }
        }
    }

    async fn dial(&mut self, attempt: AttemptId, campaign: CampaignId, at: Timestamp) {
        *self.dialed.entry(campaign).or_default() += 1;
        let over: Result<(), StoreError> = on_db!(self.store.db, statement, conn => {
            let sql = "UPDATE attempt SET state = 'ended', placed_at = $2, state_at = $2 WHERE id = $1";
            sqlx::query(sql).bind(attempt).bind(at).execute(conn).await?;
            Ok(())
        });
        over.unwrap();
    }
}

impl Dialer {
    fn of(bench: &Bench, rates: BTreeMap<CampaignId, f64>) -> Self {
        Self {
            store: bench.store.clone(),
            rates,
            rung: VecDeque::new(),
            given_back: VecDeque::new(),
            in_hand: Vec::new(),
            campaigns: BTreeMap::new(),
            account: Turns::default(),
            dialed: BTreeMap::new(),
        }
    }

    fn dialed(&self, campaign: CampaignId) -> u32 {
        self.dialed.get(&campaign).copied().unwrap_or(0)
    }
}

/// What the pacer knows of the campaigns' own turns when the minute begins.
#[derive(Clone, Copy, PartialEq)]
enum Memory {
    Kept,
    Lost,
}

/// Campaigns of these rates, each with more leads than it can call in a minute of which this is the end.
async fn a_minute(store: Store, rates: &[f64], memory: Memory) -> (Dialer, Vec<CampaignId>) {
    let queue = MemoryQueue::new(100);
    let mut bench = Bench::with_queue(store, 50, JobQueue::Memory(queue.clone())).await;
    bench.scheduler.account_rate = ACCOUNT;
    bench.scheduler.timings.holder_silence = Duration::from_secs(3_600);
    let mut campaigns = Vec::new();
    for (n, rate) in rates.iter().enumerate() {
        let settings = json!({ "caller_numbers": ["+14155550200"], "pace": { "lines": 10, "calls_per_second": rate } });
        let campaign = bench.campaign(&format!("campaign-{n}"), settings, CampaignState::Running).await;
        bench.leads(campaign, &format!("4155{:02}", 50 + n), "America/Los_Angeles", 70).await;
        campaigns.push(campaign);
    }
    let mut dialer = Dialer::of(&bench, campaigns.iter().copied().zip(rates.iter().copied()).collect());
    if memory == Memory::Lost {
        dialer.campaigns = dialer.rates.iter().map(|(campaign, rate)| (*campaign, Turns(1.0 / rate))).collect();
    }
    for step in 0..STEPS {
        bench.clock.forward(STEP);
        if step % LOOK == 0 {
            bench.scheduler.tick().await.unwrap();
            dialer.rung.extend(queue.take_all().await);
            nobody_waits_beyond_the_pace(&bench, &dialer).await;
        }
        dialer.step(f64::from(step) * STEP, bench.clock.now()).await;
    }
    (dialer, campaigns)
}

/// What waits for a campaign's turn is what its own pace lets go in the next seconds, and no more.
async fn nobody_waits_beyond_the_pace(bench: &Bench, dialer: &Dialer) {
    for count in bench.store.open_counts().await.unwrap().iter().filter(|count| count.state == AttemptState::Ready) {
        let rate = dialer.rates[&count.campaign];
        let most = i64::from(room_ahead(rate, ACCOUNT, 0));
        assert!(count.attempts <= most, "{} wait at {rate} calls a second", count.attempts);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_campaign_leaves_a_fast_one_its_turns() {
    with_sqlite(async |store| {
        let (dialer, campaigns) = a_minute(store, &[0.1, 1.0], Memory::Kept).await;
        // 57 turns of the account in a minute; the slow campaign's own pace lets it have six of them
        let (slow, fast) = (dialer.dialed(campaigns[0]), dialer.dialed(campaigns[1]));
        assert!((5..=6).contains(&slow) && fast >= 48, "{slow} of the slow campaign and {fast} of the fast one");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_slow_campaigns_leave_a_fast_one_its_turns() {
    with_sqlite(async |store| {
        let (dialer, campaigns) = a_minute(store, &[0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 1.0], Memory::Kept).await;
        // eight of them have three turns of the 57, one in each third of the minute
        let slow: Vec<u32> = campaigns[..8].iter().map(|slow| dialer.dialed(*slow)).collect();
        let fast = dialer.dialed(campaigns[8]);
        assert!(
            slow.iter().all(|dialed| (2..=3).contains(dialed)) && fast >= 28,
            "{slow:?} of the slow campaigns and {fast} of the fast one"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_campaigns_whose_turns_were_forgotten_hold_up_nobody() {
    with_sqlite(async |store| {
        // their turns are five minutes away, and they have somebody waiting all the time
        let (dialer, campaigns) = a_minute(store, &[0.003, 0.003, 0.003, 0.003, 0.003, 0.003, 1.0], Memory::Lost).await;
        let fast = dialer.dialed(campaigns[6]);
        assert!(fast >= 54, "{fast} of the fast campaign");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_alone_arms_no_more_than_its_own_pace_needs() {
    with_sqlite(async |store| {
        // three could wait for the account's turns; two of its own go out in three seconds
        let (dialer, campaigns) = a_minute(store, &[0.4], Memory::Kept).await;
        let dialed = dialer.dialed(campaigns[0]);
        assert!((22..=24).contains(&dialed), "{dialed} calls");
    })
    .await;
}

on_both_engines! {
    async fn a_campaign_calls_whose_rest_is_longer_than_its_schedulers_live(store: Store) {
        const APART: f64 = 300.0;
        let queue = MemoryQueue::new(100);
        let mut bench = Bench::with_queue(store, 50, JobQueue::Memory(queue.clone())).await;
        (bench.scheduler.account_rate, bench.scheduler.timings.holder_silence) = (ACCOUNT, Duration::from_secs(36_000));
        let settings = json!({ "caller_numbers": ["+14155550200"], "pace": { "calls_per_second": 1.0 / APART } });
        let campaign = bench.campaign("slow", settings, CampaignState::Running).await;
        bench.leads(campaign, "415555", "America/Los_Angeles", 30).await;
        let (mut dialer, mut called) = (Dialer::of(&bench, BTreeMap::new()), Vec::new());
        // an hour, in which a scheduler lives for two minutes
        for second in (0..3_600_u32).step_by(10) {
            if second % 120 == 0 {
                bench.scheduler.rests.forget();
            }
            bench.scheduler.tick().await.unwrap();
            for ticket in queue.take_all().await {
                dialer.dial(AttemptId(ticket.attempt), campaign, bench.clock.now()).await;
                called.push(second);
            }
            bench.clock.forward(10.0);
        }
        let apart: Vec<u32> = called.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(called.len() == 12 && apart.iter().all(|seconds| *seconds == 300), "called after {called:?} s");
    }
}
