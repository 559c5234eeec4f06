//! A slow campaign beside a fast one, a minute of it in steps: the dispatcher's own look, and turns as the pacer gives them.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::domain::dialing::SHARE_OF_RATE;
use crate::domain::ids::AttemptId;
use crate::store::contract::support::with_sqlite;

const STEP: f64 = 0.1;
const STEPS: u32 = 600;
/// The dispatcher looks at every second step.
const LOOK: u32 = 2;
const ACCOUNT: f64 = 1.0;
/// Dials a worker of such an account has in hand at the same time.
const SLOTS: usize = 4;

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
    in_hand: Vec<(AttemptId, CampaignId, Waits, f64)>,
    campaigns: BTreeMap<CampaignId, Turns>,
    account: Turns,
    dialed: BTreeMap<CampaignId, u32>,
}

impl Dialer {
    async fn step(&mut self, now: f64) {
        while self.in_hand.len() < SLOTS {
            let Some(DialLead { attempt, send_no }) = self.rung.pop_front() else { break };
            let ticket = self.store.ready_ticket(AttemptId(attempt), send_no).await.unwrap().unwrap();
            let rate = self.rates[&ticket.campaign];
            let turn = if rate < ACCOUNT { self.campaigns.entry(ticket.campaign).or_default().next(now, rate) } else { now };
            self.in_hand.push((AttemptId(attempt), ticket.campaign, Waits::Campaign, turn));
        }
        for at in (0..self.in_hand.len()).rev() {
            match self.in_hand[at] {
                (attempt, campaign, Waits::Campaign, turn) if turn <= now => {
                    let turn = self.account.next(now, ACCOUNT * SHARE_OF_RATE);
                    self.in_hand[at] = (attempt, campaign, Waits::Account, turn);
                }
                (attempt, campaign, Waits::Account, turn) if turn <= now => {
                    self.in_hand.swap_remove(at);
                    self.dial(attempt, campaign).await;
                }
                _ => {}
            }
        }
    }

    async fn dial(&mut self, attempt: AttemptId, campaign: CampaignId) {
        *self.dialed.entry(campaign).or_default() += 1;
        let over: Result<(), StoreError> = on_db!(self.store.db, statement, conn => {
            sqlx::query("UPDATE attempt SET state = 'ended' WHERE id = $1").bind(attempt).execute(conn).await?;
            Ok(())
        });
        over.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_campaign_leaves_a_fast_one_its_turns() {
    with_sqlite(async |store| {
        let queue = MemoryQueue::new(100);
        let mut bench = Bench::with_queue(store, 50, JobQueue::Memory(queue.clone())).await;
        bench.scheduler.account_rate = ACCOUNT;
        bench.scheduler.timings.holder_silence = Duration::from_secs(3_600);
        let paced = |rate: f64| json!({ "caller_numbers": ["+14155550200"], "pace": { "lines": 10, "calls_per_second": rate } });
        let slow = bench.campaign("slow", paced(0.1), CampaignState::Running).await;
        let fast = bench.campaign("fast", paced(1.0), CampaignState::Running).await;
        bench.leads(slow, "415555", "America/Los_Angeles", 100).await;
        bench.leads(fast, "415556", "America/Los_Angeles", 100).await;
        let mut dialer = Dialer {
            store: bench.store.clone(),
            rates: BTreeMap::from([(slow, 0.1), (fast, 1.0)]),
            rung: VecDeque::new(),
            in_hand: Vec::new(),
            campaigns: BTreeMap::new(),
            account: Turns::default(),
            dialed: BTreeMap::new(),
        };
        for step in 0..STEPS {
            if step % LOOK == 0 {
                bench.scheduler.tick().await.unwrap();
                dialer.rung.extend(queue.take_all().await);
            }
            dialer.step(f64::from(step) * STEP).await;
        }
        // 57 turns of the account in a minute; the slow campaign's own pace lets it have six of them
        let (slow, fast) = (dialer.dialed[&slow], dialer.dialed[&fast]);
        assert!((5..=6).contains(&slow) && fast >= 48, "{slow} of the slow campaign and {fast} of the fast one");
    })
    .await;
}
