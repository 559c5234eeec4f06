//! One request to a model from reservation to ledger entry. Dropped in the middle it writes the entry itself: a stream cut
//! by barge-in is billed like any other, but its usage never arrives.

use tokio::time::Instant;

use super::{Keep, ThinkerParts};
use crate::domain::ids::LedgerId;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::budget::Reservation;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::mind::price::PriceTable;
use crate::mind::tokens;
use crate::providers::{ChatRequest, Usage};

/// Measures a running request.
pub(super) struct Meter {
    pub(super) entry: LedgerEntry,
    started: Instant,
    counted_in: u64,
    prompt: String,
    completion: String,
    reasoning: String,
    /// Present until the entry is written.
    reservation: Option<Reservation>,
    keep: Keep,
}

impl Meter {
    pub(super) fn new(
        parts: &ThinkerParts,
        request: &ChatRequest,
        purpose: Purpose,
        turn: u32,
        counted_in: u64,
        reservation: Reservation,
        at: Timestamp,
    ) -> Self {
        Self {
            entry: empty_entry(parts.provider, &request.model, purpose, turn, at),
            started: Instant::now(),
            counted_in,
            prompt: serde_json::to_string(&request.messages).unwrap_or_default(),
            completion: String::new(),
            reasoning: parts.script.definition().models.reasoning.clone(),
            reservation: Some(reservation),
            keep: parts.keep.clone(),
        }
    }

    /// Words arrived.
    pub(super) fn heard(&mut self, text: &str) {
        self.entry.first_ms.get_or_insert_with(|| elapsed_ms(self.started));
        self.completion.push_str(text);
    }

    /// The request ended by itself.
    pub(super) fn done(mut self, finish: &str, usage: Option<Usage>) {
        self.close(finish, usage);
    }

    /// The provider refused the request or never began: nothing is billed.
    pub(super) fn refused(mut self) {
        self.close("failed", Some(Usage::default()));
    }

    fn close(&mut self, finish: &str, usage: Option<Usage>) {
        let Some(reservation) = self.reservation.take() else { return };
        self.entry.usage_source = if usage.is_some() { UsageSource::Provider } else { UsageSource::Estimated };
        let usage = usage.unwrap_or_else(|| self.estimate());
        self.entry.usage = usage;
        self.entry.finish = Some(finish.to_owned());
        self.entry.total_ms = Some(elapsed_ms(self.started));
        self.entry.text = Some((std::mem::take(&mut self.prompt), std::mem::take(&mut self.completion)));
        reservation.settle(self.price(usage));
        (self.keep)(self.entry.clone());
    }

    /// Writes cost and baseline; gives what the budget is charged (for an unknown model, the dearest price).
    fn price(&mut self, usage: Usage) -> NanoUsd {
        let table = PriceTable::in_use();
        let (model, at) = (&self.entry.model, self.entry.at);
        let cost = table.cost(Service::Llm, model, Tier::Standard, usage, 0, at);
        let baseline = table.baseline(Service::Llm, model, &self.reasoning, usage, 0, at);
        self.entry.baseline = baseline.unwrap_or_default();
        self.entry.cost = cost.clone().unwrap_or_default();
        cost.unwrap_or_else(|_| table.worst(model, usage.tokens_in, usage.tokens_out, at))
    }

    fn estimate(&self) -> Usage {
        Usage { tokens_in: self.counted_in, tokens_cached: 0, tokens_out: tokens::count(&self.entry.model, &self.completion) }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.close("cut", None);
    }
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn empty_entry(provider: &str, model: &str, purpose: Purpose, turn: u32, at: Timestamp) -> LedgerEntry {
    LedgerEntry {
        id: LedgerId::new(),
        at,
        campaign: None,
        attempt: None,
        turn: Some(turn),
        service: Service::Llm,
        purpose,
        provider: provider.to_owned(),
        model: model.to_owned(),
        prompt_version: None,
        route_reason: None,
        tier: Tier::Standard,
        usage: Usage::default(),
        units: 0,
        usage_source: UsageSource::Provider,
        cost: NanoUsd::ZERO,
        baseline: NanoUsd::ZERO,
        first_ms: None,
        total_ms: None,
        finish: None,
        cache_hit: false,
        retry_of: None,
        text: None,
    }
}
