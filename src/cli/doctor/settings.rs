//! Settings and secrets.

use std::path::Path;

use super::check::Check;
use crate::config::{Config, ConfigError, Mode};
use crate::telemetry::Reports;

/// The settings were read; are they whole?
pub fn checks(config: &Config, file: Option<&Path>) -> Vec<Check> {
    let from = file.map_or_else(|| "defaults and environment".to_owned(), |file| format!("{} and environment", file.display()));
    let mut checks = vec![Check::ok("settings", format!("mode {}, from {from}", config.mode))];
    checks.push(whole("provider keys", config.require_providers()));
    checks.push(error_reports(config));
    if config.mode == Mode::Fleet {
        checks.push(whole("database and queue", config.require_fleet()));
    }
    checks
}

fn error_reports(config: &Config) -> Check {
    const NAME: &str = "error reports";
    match Reports::open(&config.sentry, "doctor") {
        Ok(None) => Check::ok(NAME, "off: sentry.dsn is empty"),
        Ok(Some(_)) => Check::ok(NAME, format!("go to Sentry as {}", config.sentry.environment)),
        Err(ConfigError(why)) => Check::broken(NAME, why, "copy the DSN from the project's settings"),
    }
}

/// The refusal names the key and how to set it: it is its own fix.
fn whole(name: &'static str, required: Result<(), ConfigError>) -> Check {
    match required {
        Ok(()) => Check::ok(name, "all set"),
        Err(ConfigError(why)) => match why.split_once("; ") {
            Some((what, fix)) => Check::broken(name, what, fix),
            None => Check::broken(name, why, "see config/default.toml"),
        },
    }
}
