//! Ledger entries of hearing and speaking. Thinking writes its own ([`crate::mind::thinker`]).

use std::sync::Arc;

use crate::call::journal::Journal;
use crate::clock::SharedClock;
use crate::domain::ids::{AttemptId, LedgerId};
use crate::domain::money::NanoUsd;
use crate::mind::ledger::{LedgerEntry, Purpose, Service, Tier, UsageSource};
use crate::providers::Usage;

/// The names of a call's services in the ledger; the voice tells its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vendors {
    /// Hears.
    pub ears: &'static str,
    /// Thinks.
    pub mind: &'static str,
}

/// Writes a call's entries.
#[derive(Clone)]
pub(super) struct Bookkeeper {
    pub journal: Arc<dyn Journal>,
    pub clock: SharedClock,
    pub attempt: AttemptId,
}

/// A finished use of the ears or the mouth.
pub(super) struct Use {
    pub service: Service,
    pub purpose: Purpose,
    pub provider: &'static str,
    pub model: String,
    /// Milliseconds heard or characters spoken.
    pub units: u64,
    pub first_ms: Option<u64>,
    pub total_ms: Option<u64>,
    pub finish: &'static str,
    pub cache_hit: bool,
}

impl Bookkeeper {
    /// Keeps an entry; the journal prices it.
    pub fn keep(&self, used: Use) {
        self.journal.ledger(LedgerEntry {
            id: LedgerId::new(),
            at: self.clock.now(),
            campaign: None,
            attempt: Some(self.attempt),
            turn: None,
            service: used.service,
            purpose: used.purpose,
            provider: used.provider.to_owned(),
            model: used.model,
            prompt_version: None,
            route_reason: None,
            tier: Tier::Standard,
            usage: Usage::default(),
            units: used.units,
            usage_source: UsageSource::Estimated,
            cost: NanoUsd::ZERO,
            baseline: NanoUsd::ZERO,
            first_ms: used.first_ms,
            total_ms: used.total_ms,
            finish: Some(used.finish.to_owned()),
            cache_hit: used.cache_hit,
            retry_of: None,
            text: None,
        });
    }
}
