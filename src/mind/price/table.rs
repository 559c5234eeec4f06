//! Reading the price file, and the price of one use.

use serde::Deserialize;

use super::PriceTable;
use crate::domain::money::NanoUsd;
use crate::domain::place::TomlFault;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{Service, Tier};
use crate::providers::Usage;

/// Why a price file is no price table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PriceFileError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    llm: Vec<LlmEntry>,
    #[serde(default)]
    metered: Vec<MeteredEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LlmEntry {
    model: String,
    effective_from: Timestamp,
    input: f64,
    cached: f64,
    output: f64,
    batch_input: Option<f64>,
    batch_output: Option<f64>,
    live_effort: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeteredEntry {
    service: Service,
    model: String,
    unit: Unit,
    price: f64,
    effective_from: Timestamp,
    #[serde(default)]
    whole_minutes: bool,
    #[serde(default)]
    family: bool,
    source: String,
}

/// What a metered price is per.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// 60,000 milliseconds.
    Minute,
    /// 1,000 characters.
    ThousandChars,
    /// One use.
    Each,
}

/// Nano-dollars per million tokens, so that every listed price is an integer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PerMillion {
    input: NanoUsd,
    cached: NanoUsd,
    output: NanoUsd,
    batch_input: NanoUsd,
    batch_output: NanoUsd,
    pub(super) live_effort: Option<String>,
}

/// Nano-dollars per unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Metered {
    unit: Unit,
    price: NanoUsd,
    whole_minutes: bool,
    pub(super) family: bool,
}

impl PriceTable {
    /// Reads a price file (TOML).
    ///
    /// # Errors
    /// What is wrong with it, in one line that begins with the place where there is one; an entry without a source; two entries for the same model and time.
    pub fn parse(text: &str) -> Result<Self, PriceFileError> {
        let file: File = toml::from_str(text).map_err(|e| PriceFileError(TomlFault::new(text, &e).to_string()))?;
        let mut table = Self::default();
        for entry in file.llm {
            let batch = [entry.batch_input, entry.batch_output].map(Option::unwrap_or_default);
            check(&entry.model, &entry.source, &[[entry.input, entry.cached, entry.output].as_slice(), &batch].concat())?;
            let from = entry.effective_from;
            insert(table.llm.entry(entry.model.clone()).or_default(), &entry.model, from, PerMillion::from(&entry))?;
        }
        for entry in file.metered {
            check(&entry.model, &entry.source, &[entry.price])?;
            let key = (entry.service, entry.model.clone());
            let from = entry.effective_from;
            insert(table.metered.entry(key).or_default(), &entry.model, from, Metered::from(&entry))?;
        }
        Ok(table)
    }
}

fn check(model: &str, source: &str, prices: &[f64]) -> Result<(), PriceFileError> {
    if source.trim().is_empty() {
        return Err(PriceFileError(format!(" `{model}` has no source; say where the price was read")));
    }
    if prices.iter().any(|price| !price.is_finite() || *price < 0.0) {
        return Err(PriceFileError(format!(" `{model}` has a price below zero")));
    }
    Ok(())
}

fn insert<T>(entries: &mut Vec<(Timestamp, T)>, model: &str, from: Timestamp, entry: T) -> Result<(), PriceFileError> {
    match entries.binary_search_by_key(&from, |(known, _)| *known) {
        Ok(_) => Err(PriceFileError(format!(" `{model}` has two prices from {from}"))),
        Err(at) => {
            entries.insert(at, (from, entry));
            Ok(())
        }
    }
}

impl From<&LlmEntry> for PerMillion {
    fn from(entry: &LlmEntry) -> Self {
        Self {
            input: NanoUsd::from_usd(entry.input),
            cached: NanoUsd::from_usd(entry.cached),
            output: NanoUsd::from_usd(entry.output),
            batch_input: NanoUsd::from_usd(entry.batch_input.unwrap_or(entry.input / 2.0)),
            batch_output: NanoUsd::from_usd(entry.batch_output.unwrap_or(entry.output / 2.0)),
            live_effort: entry.live_effort.clone(),
        }
    }
}

impl From<&MeteredEntry> for Metered {
    fn from(entry: &MeteredEntry) -> Self {
        Self { unit: entry.unit, price: NanoUsd::from_usd(entry.price), whole_minutes: entry.whole_minutes, family: entry.family }
    }
}

impl PerMillion {
    /// The price of one answer. Batches have one input price, cached or not; flex costs the same.
    pub(super) fn cost(&self, tier: Tier, usage: Usage) -> NanoUsd {
        let cached = usage.tokens_cached.min(usage.tokens_in);
        let parts = match tier {
            Tier::Standard => [(usage.tokens_in - cached, self.input), (cached, self.cached), (usage.tokens_out, self.output)],
            Tier::Batch | Tier::Flex => [(usage.tokens_in, self.batch_input), (0, self.cached), (usage.tokens_out, self.batch_output)],
        };
        let sum: i128 = parts.iter().map(|(tokens, price)| i128::from(*tokens) * i128::from(price.0)).sum();
        share(sum, 1_000_000)
    }
}

impl Metered {
    pub(super) fn is_timed(&self) -> bool {
        self.unit == Unit::Minute
    }

    pub(super) fn cost(&self, units: u64) -> NanoUsd {
        let units = if self.whole_minutes { units.div_ceil(60_000).saturating_mul(60_000) } else { units };
        let per = match self.unit {
            Unit::Minute => 60_000,
            Unit::ThousandChars => 1_000,
            Unit::Each => 1,
        };
        share(i128::from(units) * i128::from(self.price.0), per)
    }
}

/// Divides, rounding half up: the only rounding in a cost.
fn share(amount: i128, by: i128) -> NanoUsd {
    NanoUsd(i64::try_from((amount + by / 2) / by).unwrap_or(i64::MAX))
}
