//! One turn of thinking: pick a model, reserve its worst case, stream the reply; beside it, understand the turn.
//!
//! Nothing is spawned here: both halves are futures that the call runs and owns. Words leave through a bounded channel, and
//! every request to the provider leaves exactly one ledger entry, even when its future is dropped in the middle.

mod analyse;
mod meter;
mod race;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use analyse::NotUnderstood;
use meter::Meter;
use race::{Contender, Opened};

use crate::clock::SharedClock;
use crate::domain::ids::LedgerId;
use crate::domain::money::NanoUsd;
use crate::mind::budget::{CallBudget, Rung};
use crate::mind::history::History;
use crate::mind::ledger::{LedgerEntry, Purpose};
use crate::mind::price::PriceTable;
use crate::mind::prompt::Script;
use crate::mind::route::{self, ModelRole, Route, RouteInput};
use crate::mind::tokens;
use crate::providers::{Again, ChatPiece, ChatRequest, Mind, ProviderError};

/// Takes a finished ledger entry; called once per request to the provider, never awaited.
pub type Keep = Arc<dyn Fn(LedgerEntry) + Send + Sync>;

/// A turn of the callee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn<'a> {
    /// Its number, from 0.
    pub number: u32,
    /// The words.
    pub utterance: &'a str,
    /// How sure the ears are of them, 0–1, where they say so.
    pub confidence: Option<f32>,
}

/// Pieces of a reply, in order; the last one is an end, unless the reply was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thought {
    /// More words.
    Words(String),
    /// Nothing more will come.
    End(ThoughtEnd),
}

/// How a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThoughtEnd {
    /// All of it was given.
    Complete,
    /// The length limit cut it: the last sentence may be unfinished.
    Length,
    /// It broke off after some words.
    BrokenOff,
    /// Not a word could be had in time: the apology covers it.
    Nothing,
    /// The call's budget leaves prepared lines only.
    Canned,
    /// The call's budget is spent: say goodbye.
    Spent,
}

/// What a thinker needs from the outside.
#[derive(Clone)]
pub struct ThinkerParts {
    /// The model service.
    pub mind: Arc<dyn Mind>,
    /// Its name in the ledger, for example `openai`.
    pub provider: &'static str,
    /// The agent, rendered for this lead.
    pub script: Arc<Script>,
    /// What this call may spend.
    pub budget: CallBudget,
    /// Business time, for prices and the ledger.
    pub clock: SharedClock,
    /// Where ledger entries go.
    pub keep: Keep,
}

/// Thinks for one call.
pub struct Thinker {
    parts: ThinkerParts,
    mood: Mutex<Mood>,
}

/// Sentiment of the last two analysed turns.
#[derive(Debug, Clone, Copy, Default)]
struct Mood {
    before: Option<i8>,
    last: Option<i8>,
}

impl Thinker {
    /// Thinks with these parts.
    #[must_use]
    pub fn new(parts: ThinkerParts) -> Self {
        Self { parts, mood: Mutex::default() }
    }

    /// What this call has spent and may spend.
    #[must_use]
    pub fn budget(&self) -> &CallBudget {
        &self.parts.budget
    }

    /// The agent's script.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.parts.script
    }

    /// Streams the reply to a turn into `out`. Firing `stop` (barge-in) ends it without an end piece; dropping the receiver
    /// does the same.
    pub async fn reply(&self, history: &History, turn: Turn<'_>, out: &mpsc::Sender<Thought>, stop: &CancellationToken) {
        let stream = async {
            let end = match self.open(history, turn, stop).await {
                Ok(opened) => self.relay(opened, out).await,
                Err(end) => Some(end),
            };
            if let Some(end) = end {
                // A receiver that is gone wants no end either.
                let _ = out.send(Thought::End(end)).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = stream => {}
        }
    }

    /// The first stream with words, or why there is none.
    async fn open(&self, history: &History, turn: Turn<'_>, stop: &CancellationToken) -> Result<Opened, ThoughtEnd> {
        let rung = self.parts.budget.rung();
        match rung {
            Rung::End => return Err(ThoughtEnd::Spent),
            Rung::Canned => return Err(ThoughtEnd::Canned),
            Rung::Full | Rung::CheapOnly => {}
        }
        let chosen = self.choose(turn, rung);
        let first = self.contender(history, turn, &chosen, None, stop);
        let first = first.or_else(|| self.contender(history, turn, &self.simple(route::BUDGET), None, stop)).ok_or(ThoughtEnd::Canned)?;
        let first_id = first.id();
        let limits = &self.parts.script.definition().limits;
        let second = |failed: Option<&ProviderError>| {
            let helps = chosen.role == ModelRole::Reasoning || failed.is_none_or(|e| e.again == Again::Yes);
            helps.then(|| self.contender(history, turn, &self.simple(route::FALLBACK), Some(first_id), stop)).flatten()
        };
        let race = race::run(&self.parts.mind, first, second, Duration::from_millis(limits.filler_after_ms));
        timeout(self.patience(), race).await.ok().flatten().ok_or(ThoughtEnd::Nothing)
    }

    /// Hands on the words of an open stream; `None` when nobody wants them any more.
    async fn relay(&self, opened: Opened, out: &mpsc::Sender<Thought>) -> Option<ThoughtEnd> {
        let Opened { mut meter, mut pieces, first, guard: _guard } = opened;
        let mut words = Some(first);
        loop {
            if let Some(text) = words.take() {
                meter.heard(&text);
                out.send(Thought::Words(text)).await.ok()?;
            }
            match timeout(self.patience(), pieces.recv()).await {
                Ok(Some(ChatPiece::Text(text))) => words = Some(text),
                Ok(Some(ChatPiece::Done { finish, usage })) => {
                    let end = if finish == "length" { ThoughtEnd::Length } else { ThoughtEnd::Complete };
                    meter.done(&finish, usage);
                    return Some(end);
                }
                Ok(Some(ChatPiece::Failed(_)) | None) => {
                    meter.done("failed", None);
                    return Some(ThoughtEnd::BrokenOff);
                }
                Err(_) => {
                    meter.done("late", None);
                    return Some(ThoughtEnd::BrokenOff);
                }
            }
        }
    }

    fn choose(&self, turn: Turn<'_>, rung: Rung) -> Route {
        let definition = self.parts.script.definition();
        let mood = *self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        let input = RouteInput {
            utterance: turn.utterance,
            facts: &definition.facts,
            confidence: turn.confidence,
            sentiment_before: mood.before,
            sentiment: mood.last,
            rung,
        };
        route::route(&definition.models, &input)
    }

    fn simple(&self, reason: &'static str) -> Route {
        Route::simple(&self.parts.script.definition().models, reason)
    }

    /// A request with its money set aside; `None` when the budget refuses it.
    fn contender(
        &self,
        history: &History,
        turn: Turn<'_>,
        route: &Route,
        retry_of: Option<LedgerId>,
        stop: &CancellationToken,
    ) -> Option<Contender> {
        let script = &self.parts.script;
        let request = script.reply_request(history, turn.utterance, route);
        let mut meter = self.meter(&request, Purpose::Reply, turn.number)?;
        meter.entry.prompt_version = Some(script.system_version());
        meter.entry.route_reason = Some(route.reason.to_owned());
        meter.entry.retry_of = retry_of;
        Some(Contender::new(meter, request, stop.child_token()))
    }

    /// Reserves the worst case of a request; `None` when the budget refuses it.
    fn meter(&self, request: &ChatRequest, purpose: Purpose, turn: u32) -> Option<Meter> {
        let at = self.parts.clock.now();
        let counted = tokens::count_request(request);
        let worst = PriceTable::in_use().worst(&request.model, counted, u64::from(request.max_output_tokens), at);
        let reservation = self.parts.budget.reserve(worst)?;
        Some(Meter::new(&self.parts, request, purpose, turn, counted, reservation, at))
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.parts.script.definition().limits.reply_deadline_ms)
    }
}

/// The budget of a call, as the agent's author wrote it.
#[must_use]
pub fn call_budget(budget_usd: f64) -> CallBudget {
    CallBudget::new(NanoUsd::from_usd(budget_usd))
}

#[cfg(test)]
mod tests;
