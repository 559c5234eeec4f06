//! Virtual time: events in order, and the score at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Policy;
use super::provider::{Chance, Provider, sid};
use super::rows::{Attempt, Lead};
use super::score::Score;
use crate::domain::attempt::AttemptState;
use crate::domain::dialing::{CallStatus, Callback, PostAnswer};
use crate::domain::time::Timestamp;

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// A ticket reaches a worker.
    Ticket { attempt: usize, send_no: u32 },
    /// The worker that claimed gets to its POST.
    Post { attempt: usize, send_no: u32, claimed_at: u64 },
    /// The provider takes the POST.
    Accept { attempt: usize, send_no: u32 },
    /// The worker writes down what it saw of the answer; `None` stands for the call the provider made of it.
    Record { attempt: usize, send_no: u32, answer: Option<PostAnswer> },
    /// The call goes on at the provider.
    Progress { call: usize, status: CallStatus },
    /// A callback reaches us.
    Hook { attempt: usize, news: Callback },
    /// The outcome is folded.
    Finish { attempt: usize },
    /// Dispatcher, reconciler, sweeper and poller make their rounds.
    Round,
}

/// Long enough for every wait of the protocol, several times over.
const HORIZON: u64 = 24 * 3_600_000;
pub(super) const ROUND: u64 = 15_000;
/// A day has 2^27 milliseconds, and no world has a million events.
const INDEX_BITS: u32 = 24;

#[derive(Debug)]
pub(super) struct World {
    pub now: u64,
    pub policy: Policy,
    pub chance: Chance,
    pub provider: Provider,
    pub leads: Vec<Lead>,
    pub attempts: Vec<Attempt>,
    pub score: Score,
    /// Attempts that a round has to look at: open ones, and those whose number rests.
    pub active: Vec<usize>,
    /// When, and which event, in one word each: most of the model's time goes into this heap.
    order: BinaryHeap<Reverse<u64>>,
    events: Vec<Option<Event>>,
    tells: bool,
}

impl World {
    pub fn new(seed: u64, leads: usize, policy: Policy) -> Self {
        let leads = (0..leads).map(|n| Lead::new(1_000_000 + n as u64 * 500)).collect();
        let (provider, chance) = (Provider::default(), Chance::new(seed));
        let (order, events, attempts, active) = (BinaryHeap::new(), Vec::new(), Vec::new(), Vec::new());
        let score = Score { worlds: 1, ..Score::default() };
        let mut world = Self { now: 1_000_000, policy, chance, provider, leads, attempts, score, active, order, events, tells: false };
        world.after(0, Event::Round);
        world
    }

    /// Prints every event: for a seed that is replayed.
    pub fn telling(self) -> Self {
        Self { tells: true, ..self }
    }

    pub fn after(&mut self, delay: u64, event: Event) {
        self.events.push(Some(event));
        self.order.push(Reverse((self.now + delay) << INDEX_BITS | (self.events.len() - 1) as u64));
    }

    pub fn run(mut self) -> Score {
        while let Some(Reverse(next)) = self.order.pop() {
            let (at, index) = (next >> INDEX_BITS, next & ((1 << INDEX_BITS) - 1));
            let event = self.events[index as usize].take().expect("an event happens once");
            if at > HORIZON || (matches!(event, Event::Round) && self.is_done()) {
                break;
            }
            if self.tells && !matches!(event, Event::Round) {
                println!("{:>10.3} s  {event:?}", at as f64 / 1_000.0);
            }
            self.now = at;
            self.happen(event);
        }
        self.settle()
    }

    /// When the next event comes, whatever it is.
    pub fn next_event(&self) -> Option<u64> {
        self.order.peek().map(|Reverse(next)| next >> INDEX_BITS)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Ticket { attempt, send_no } => self.ticket(attempt, send_no),
            Event::Post { attempt, send_no, claimed_at } => self.post(attempt, send_no, claimed_at),
            Event::Accept { attempt, send_no } => self.accept(attempt, send_no),
            Event::Record { attempt, send_no, answer } => self.record(attempt, send_no, answer),
            Event::Progress { call, status } => self.progress(call, status),
            Event::Hook { attempt, news } => self.take(attempt, &news, true),
            Event::Finish { attempt } => self.finish(attempt),
            Event::Round => self.round(),
        }
    }

    /// Every lead at rest for good, every call over: nothing more can happen.
    fn is_done(&self) -> bool {
        self.leads.iter().all(|lead| lead.state.is_terminal() && lead.number.is_none())
            && self.provider.calls.iter().all(|call| call.status.is_final())
    }

    /// A ring is right when its call is the one bound to its attempt; each attempt has one call, so two rings for one
    /// attempt, and a ring that nobody knows of, both count.
    fn settle(mut self) -> Score {
        for (id, call) in self.provider.calls.iter().enumerate().filter(|(_, call)| call.rang) {
            self.score.rings += 1;
            let bound = self.attempts[call.attempt].row.call_sid.as_deref() == Some(sid(id).as_str());
            self.score.double_rings += u64::from(!bound);
        }
        let lost = self.leads.iter().filter(|lead| !lead.state.is_terminal()).count();
        self.score.lost_leads += lost as u64;
        self.score.absent += self.attempts.iter().filter(|a| a.row.state == AttemptState::Absent).count() as u64;
        (self.score.attempts, self.score.calls) = (self.attempts.len() as u64, self.provider.calls.len() as u64);
        self.score
    }

    pub fn time(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.now).unwrap())
    }

    /// The boot-time clock of whoever looks.
    pub fn boot(&self) -> Duration {
        Duration::from_millis(self.now)
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}
