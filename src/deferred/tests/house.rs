//! A deployment in memory: its provider answers when it likes, and its process may die.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::brittle::{Brittle, Fuse};
use super::desk::{FakeDesk, Fate};
use super::mind::DirectMind;
use crate::agents::load::load;
use crate::clock::Clock;
use crate::deferred::{Deferred, DeferredSettings, Subject, TaskDraft, tasks_for};
use crate::domain::ids::{AttemptId, CampaignId};
use crate::domain::time::Timestamp;
use crate::mind::history::History;
use crate::mind::ledger::LedgerEntry;
use crate::mind::prompt::PromptTexts;
use crate::store::Store;
use crate::store::contract::fixtures;
use crate::store::deferred::{Task, TaskFilter, TaskState};

pub(super) const DAY: Duration = Duration::from_secs(86_400);

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// One deployment: a store, a provider, and the process between them, which may die.
pub(super) struct House {
    pub(super) store: Store,
    clock: Arc<TestClock>,
    pub(super) desk: Arc<FakeDesk>,
    pub(super) mind: Arc<DirectMind>,
    pub(super) fuse: Arc<Fuse>,
    pub(super) deferred: Deferred,
    numbers: AtomicU64,
    pub(super) campaign: CampaignId,
}

impl House {
    pub(super) async fn new(store: &Store, fate: Fate) -> Self {
        let fuse = Arc::new(Fuse::default());
        let clock = Arc::new(TestClock(AtomicI64::new(fixtures::at(0).as_millis())));
        let (desk, mind) = (Arc::new(FakeDesk::new(fate, fuse.clone())), Arc::new(DirectMind::default()));
        let deferred = Deferred {
            rows: Arc::new(Brittle { store: store.clone(), fuse: fuse.clone() }),
            desk: Some(desk.clone()),
            mind: mind.clone(),
            provider: "openai",
            clock: clock.clone(),
            settings: DeferredSettings { enough: 4, max_tasks: 6, ..DeferredSettings::default() },
        };
        let campaign = fixtures::campaign(store, "c").await;
        Self { store: store.clone(), clock, desk, mind, fuse, deferred, numbers: AtomicU64::new(0), campaign }
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Calls that ended now, each leaving its two tasks.
    pub(super) async fn end_calls(&self, calls: u64, due_in: Duration) -> Vec<AttemptId> {
        let def = load(include_str!("../../../config/demo/agent.toml")).unwrap();
        let mut history = History::new();
        history.push_agent("Do you own your home?");
        history.push_callee("Yes, I do");
        let now = self.clock.now();
        let mut attempts = Vec::new();
        for _ in 0..calls {
            let lead = fixtures::lead(&self.store, self.campaign, self.numbers.fetch_add(1, Ordering::SeqCst)).await;
            let attempt = fixtures::attempt(&self.store, self.campaign, lead).await;
            let subject = Subject { attempt, campaign: self.campaign, due_at: now + due_in };
            let drafts = tasks_for(subject, &PromptTexts::built_in(), &def, history.lines()).unwrap();
            let tasks: Vec<_> = drafts.iter().map(TaskDraft::as_new).collect();
            assert_eq!(self.store.defer_tasks(&tasks, now).await.unwrap(), 2);
            attempts.push(attempt);
        }
        attempts
    }

    pub(super) async fn tasks(&self, attempts: &[AttemptId]) -> Vec<Task> {
        let mut tasks = Vec::new();
        for attempt in attempts {
            let filter = TaskFilter { attempt: Some(*attempt), ..TaskFilter::default() };
            tasks.extend(self.store.tasks(filter, None, 100).await.unwrap());
        }
        tasks
    }

    pub(super) async fn ledger(&self, attempts: &[AttemptId]) -> Vec<LedgerEntry> {
        let mut entries = Vec::new();
        for attempt in attempts {
            entries.extend(self.store.ledger_of(*attempt).await.unwrap());
        }
        entries
    }

    pub(super) async fn states(&self, attempts: &[AttemptId]) -> BTreeMap<TaskState, usize> {
        let mut states = BTreeMap::new();
        for task in self.tasks(attempts).await {
            *states.entry(task.state).or_default() += 1;
        }
        states
    }

    /// Runs until nothing is left to do; a process that dies is started again.
    pub(super) async fn settle(&self, attempts: &[AttemptId]) {
        for _ in 0..40 {
            let _ = self.deferred.gather().await;
            let _ = self.deferred.collect().await;
            self.fuse.restart();
            self.pass(Duration::from_secs(16 * 60));
            if self.tasks(attempts).await.iter().all(|task| matches!(task.state, TaskState::Done | TaskState::Failed)) {
                return;
            }
        }
        panic!("not settled: {:?}", self.states(attempts).await);
    }
}
