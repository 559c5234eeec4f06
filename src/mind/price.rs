//! What things cost: a table that is data (`config/prices.toml`), and exact arithmetic over it.
//!
//! A use whose price is not known keeps its ledger row with cost 0: the tokens are true and can be priced later, while a
//! guessed price would be believed. [`PriceTable::knows`] lets `doctor` warn about such a model before it is used, and the
//! budget of a call counts it at the dearest known price, so that no cap is passed on the quiet.

mod own;
mod reserve;
mod table;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{Service, Tier};
use crate::providers::{Usage, mulaw};
pub use table::PriceFileError;
use table::{Metered, PerMillion};

/// Telephony product: minutes of a call.
pub const CALL: &str = "call";
/// Telephony product: minutes of a media stream.
pub const STREAM: &str = "stream";
/// Characters our side speaks per minute of a call: half of it.
pub const SPOKEN_PER_MINUTE: u64 = 450;
/// Telephony product: one answering machine detection.
pub const AMD: &str = "amd";

const BYTES_PER_MS: u64 = mulaw::RATE as u64 / 1_000;

/// No price is known, so there is no cost to write down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no price is known for {service} `{model}`; add it to the file that prices_file names")]
pub struct UnknownPrice {
    /// Kind of service.
    pub service: Service,
    /// The model, voice or product.
    pub model: String,
}

/// Every known price, by service and model, each with the time it counts from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceTable {
    llm: BTreeMap<String, Vec<(Timestamp, PerMillion)>>,
    metered: BTreeMap<(Service, String), Vec<(Timestamp, Metered)>>,
}

static BUILT_IN: LazyLock<PriceTable> =
    LazyLock::new(|| PriceTable::parse(include_str!("../../config/prices.toml")).expect("the embedded price table is parsed by a test"));

impl PriceTable {
    /// The table shipped with the program.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// What a use costs. `usage` counts for models, `units` (characters or milliseconds; uses, where priced `each`) for the
    /// rest.
    ///
    /// # Errors
    /// When no price is known for the model.
    pub fn cost(
        &self,
        service: Service,
        model: &str,
        tier: Tier,
        usage: Usage,
        units: u64,
        at: Timestamp,
    ) -> Result<NanoUsd, UnknownPrice> {
        let unknown = || UnknownPrice { service, model: model.to_owned() };
        if service == Service::Llm {
            return Ok(self.per_million(model, at).ok_or_else(unknown)?.cost(tier, usage));
        }
        Ok(self.metered(service, model, at).ok_or_else(unknown)?.cost(units))
    }

    /// What the same work costs with everything on the expensive model, at once and uncached. Speech and telephone have no
    /// cheaper way, so they are their own baseline.
    ///
    /// # Errors
    /// When no price is known.
    pub fn baseline(
        &self,
        service: Service,
        model: &str,
        reasoning: &str,
        usage: Usage,
        units: u64,
        at: Timestamp,
    ) -> Result<NanoUsd, UnknownPrice> {
        let model = if service == Service::Llm { reasoning } else { model };
        self.cost(service, model, Tier::Standard, Usage { tokens_cached: 0, ..usage }, units, at)
    }

    /// The most a request can cost: for reservations. Unknown models count as the dearest known one.
    #[must_use]
    pub fn worst(&self, model: &str, tokens_in: u64, max_out: u64, at: Timestamp) -> NanoUsd {
        let usage = Usage { tokens_in, tokens_cached: 0, tokens_out: max_out };
        let dearest =
            || self.llm.keys().filter_map(|known| self.per_million(known, at)).map(|price| price.cost(Tier::Standard, usage)).max();
        self.per_million(model, at).map(|price| price.cost(Tier::Standard, usage)).or_else(dearest).unwrap_or(NanoUsd::ZERO)
    }

    /// Whether a use can be priced.
    #[must_use]
    pub fn knows(&self, service: Service, model: &str, at: Timestamp) -> bool {
        self.cost(service, model, Tier::Standard, Usage::default(), 0, at).is_ok()
    }

    /// Whether its use is paid by the time it takes.
    #[must_use]
    pub fn is_timed(&self, service: Service, model: &str, at: Timestamp) -> bool {
        self.metered(service, model, at).is_some_and(Metered::is_timed)
    }

    /// What speech is paid by: the characters of its text, or the milliseconds of its audio (8 kHz μ-law).
    #[must_use]
    pub fn speech_units(&self, model: &str, characters: u64, audio_bytes: u64, at: Timestamp) -> u64 {
        if self.is_timed(Service::Tts, model, at) { audio_bytes / BYTES_PER_MS } else { characters }
    }

    /// The reasoning effort to ask for on a live turn; `None` for models that take none or are not known.
    #[must_use]
    pub fn live_effort(&self, model: &str) -> Option<&str> {
        let (_, latest) = self.llm.get(base_model(model))?.last()?;
        latest.live_effort.as_deref()
    }

    fn per_million(&self, model: &str, at: Timestamp) -> Option<&PerMillion> {
        in_force(self.llm.get(base_model(model))?, at)
    }

    fn metered(&self, service: Service, model: &str, at: Timestamp) -> Option<&Metered> {
        let exact = self.metered.get(&(service, model.to_owned()));
        let family = || {
            let prefixes = model.match_indices('-').map(|(cut, _)| &model[..cut]).rev();
            prefixes.filter_map(|prefix| self.metered.get(&(service, prefix.to_owned()))).find(|entries| entries.iter().any(|e| e.1.family))
        };
        in_force(exact.or_else(family)?, at)
    }
}

/// The entry in force: the last one that began. Before the first one began, the first: only a rehearsal's clock is there.
fn in_force<T>(entries: &[(Timestamp, T)], at: Timestamp) -> Option<&T> {
    entries.iter().rev().find(|(from, _)| *from <= at).or(entries.first()).map(|(_, entry)| entry)
}

/// A dated snapshot (`gpt-6-luna-2026-09-22`) costs what its model costs.
fn base_model(model: &str) -> &str {
    let Some(cut) = model.len().checked_sub(11).filter(|cut| model.is_char_boundary(*cut)) else { return model };
    let shape = |b: (usize, u8)| if matches!(b.0, 0 | 5 | 8) { b.1 == b'-' } else { b.1.is_ascii_digit() };
    if model[cut..].bytes().enumerate().all(shape) { &model[..cut] } else { model }
}

#[cfg(test)]
mod tests;
