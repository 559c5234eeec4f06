//! What this deployment pays, where that is not the list price.

use crate::config::{Config, ConfigError};
use crate::domain::money::NanoUsd;
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::mind::price::PriceTable;

/// Puts the prices of `prices_file` before the shipped ones, for this whole process.
///
/// # Errors
/// The file cannot be read, or is no price table: one line with its name, the place in it, and the fix.
pub fn take_prices(config: &Config) -> Result<(), ConfigError> {
    let file = &config.prices_file;
    if file.as_os_str().is_empty() {
        return Ok(());
    }
    let refused = |why: String| ConfigError(format!("prices_file: {}{why}; write it as config/prices.toml is written", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| refused(format!(" cannot be read: {error}")))?;
    let own = PriceTable::parse(&text).map_err(|error| refused(format!(":{error}")))?;
    PriceTable::built_in().clone().with(own).install();
    Ok(())
}

/// What is kept back of a budget for each call, by the prices in use.
#[must_use]
pub fn reserve(config: &Config, now: Timestamp) -> CallReserve {
    PriceTable::in_use().reserve(NanoUsd::from_usd(config.dialing.reserve_usd), now)
}
