//! The configuration: defaults built in, then a file, then the environment. Only `boot` reads it; every part of the
//! program receives a small settings struct of its own.
//!
//! `sections` are the keys. `secrets` come from files of their own, `check` and `urls` refuse values that cannot be, and a
//! `refusal` is one line.

mod check;
mod refusal;
mod secrets;
mod sections;
mod urls;

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::domain::place::TomlFault;
use crate::word_enum;
use refusal::{broken, explain};

pub use refusal::ConfigError;
pub use sections::{Alarms, Deferred, Dialing, Hooks, LogFormat, Postgres, Probe, Redis, Sentry, Telemetry, Twilio, Vendor, Web, Worker};

/// The built-in defaults, which are also the reference of every key.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Of the environment's variables that are settings.
const PREFIX: &str = "CALLFLEET__";

word_enum! {
    /// Where rows and tickets live.
    pub enum Mode {
        /// One process, `SQLite`, tickets in memory.
        Embedded = "embedded",
        /// `PostgreSQL` and Redis, roles as processes.
        Fleet = "fleet",
    }
}

/// Every key; see `config/default.toml` for what each means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Config {
    pub mode: Mode,
    pub data: PathBuf,
    pub prices_file: PathBuf,
    pub public_url: String,
    pub web: Web,
    pub hooks: Hooks,
    pub probe: Probe,
    pub postgres: Postgres,
    pub redis: Redis,
    pub twilio: Twilio,
    pub deepgram: Vendor,
    pub openai: Vendor,
    pub worker: Worker,
    pub dialing: Dialing,
    pub alarms: Alarms,
    pub deferred: Deferred,
    pub telemetry: Telemetry,
    pub sentry: Sentry,
    /// The file these settings were read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl Config {
    /// Defaults, then `file`, then the environment (`CALLFLEET__SECTION__KEY`), then secrets from files.
    ///
    /// # Errors
    /// [`ConfigError`] for an unreadable file, an unknown key, a wrong type or a value that cannot be.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let figment = Self::layers(file)?.merge(Env::prefixed(PREFIX).split("__"));
        Self::from_figment(&figment, file)
    }

    /// Defaults overridden by a TOML text: for the demo and for tests, which must not listen to the environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_toml(overrides: &str) -> Result<Self, ConfigError> {
        Self::from_figment(&Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(overrides)), None)
    }

    fn layers(file: Option<&Path>) -> Result<Figment, ConfigError> {
        let defaults = Figment::from(Toml::string(DEFAULTS));
        let Some(file) = file else { return Ok(defaults) };
        if !file.is_file() {
            return Err(ConfigError(format!("{}: no such file; give the path of a TOML file with --config", file.display())));
        }
        let unreadable =
            |error: std::io::Error| ConfigError(format!("{}: cannot be read: {error}; give a readable TOML file", file.display()));
        let text = std::fs::read_to_string(file).map_err(unreadable)?;
        TomlFault::check(&text).map_err(|fault| broken(file, &fault))?;
        Ok(defaults.merge(Toml::file_exact(file)))
    }

    fn from_figment(figment: &Figment, file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config: Self = figment.extract().map_err(|error| explain(&error))?;
        config.file = file.map(Path::to_owned);
        config.read_secret_files().map_err(|refusal| refusal.placed(figment))?;
        config.check().map_err(|refusal| refusal.placed(figment))?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
