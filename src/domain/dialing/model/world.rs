//! Virtual time: events in order, and the score at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Policy;
use super::provider::{Chance, Provider, sid};
use super::rows::{Attempt, Lead};
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

/// What a run counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    pub rings: u32,
    pub double_rings: u32,
    pub lost_leads: u32,
    pub adopted: u32,
    pub absent: u32,
    pub stopped: u32,
    /// The first seed that rang somebody twice or lost a lead.
    pub bad_seed: Option<u64>,
}

impl Score {
    pub fn add(self, other: Self) -> Self {
        Self {
            rings: self.rings + other.rings,
            double_rings: self.double_rings + other.double_rings,
            lost_leads: self.lost_leads + other.lost_leads,
            adopted: self.adopted + other.adopted,
            absent: self.absent + other.absent,
            stopped: self.stopped + other.stopped,
            bad_seed: self.bad_seed.or(other.bad_seed),
        }
    }

    /// Names the seed when something went wrong under it.
    pub fn of(mut self, seed: u64) -> Self {
        self.bad_seed = (self.double_rings + self.lost_leads > 0).then_some(seed);
        self
    }
}

/// Long enough for every wait of the protocol, several times over.
const HORIZON: u64 = 24 * 3_600_000;
pub(super) const ROUND: u64 = 15_000;

#[derive(Debug)]
pub(super) struct World {
    pub now: u64,
    pub policy: Policy,
    pub chance: Chance,
    pub provider: Provider,
    pub leads: Vec<Lead>,
    pub attempts: Vec<Attempt>,
    pub score: Score,
    order: BinaryHeap<Reverse<(u64, usize)>>,
    events: Vec<Event>,
}

impl World {
    pub fn new(seed: u64, leads: usize, policy: Policy) -> Self {
        let leads = (0..leads).map(|n| Lead::new(1_000_000 + n as u64 * 500)).collect();
        let (provider, chance) = (Provider::default(), Chance::new(seed));
        let (order, events, attempts) = (BinaryHeap::new(), Vec::new(), Vec::new());
        let mut world = Self { now: 1_000_000, policy, chance, provider, leads, attempts, score: Score::default(), order, events };
        world.after(0, Event::Round);
        world
    }

    pub fn after(&mut self, delay: u64, event: Event) {
        self.events.push(event);
        self.order.push(Reverse((self.now + delay, self.events.len() - 1)));
    }

    pub fn run(mut self) -> Score {
        while let Some(Reverse((at, index))) = self.order.pop() {
            let event = self.events[index].clone();
            if at > HORIZON || (matches!(event, Event::Round) && self.is_done()) {
                break;
            }
            self.now = at;
            self.happen(event);
        }
        self.settle()
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
            self.score.double_rings += u32::from(!bound);
        }
        let lost = self.leads.iter().filter(|lead| !lead.state.is_terminal()).count();
        self.score.lost_leads += u32::try_from(lost).unwrap();
        self.score.absent += u32::try_from(self.attempts.iter().filter(|a| a.row.state == AttemptState::Absent).count()).unwrap();
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
