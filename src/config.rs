//! The configuration: defaults built in, then a file, then the environment. Only `boot` reads it; every part of the
//! program receives a small settings struct of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::domain::dialing::DialTimings;
use crate::word_enum;

/// The built-in defaults, which are also the reference of every key.
pub const DEFAULTS: &str = include_str!("../config/default.toml");

/// Claims of jobs are renewed three times in their lease: below this a slow moment of the database would lose them.
const SHORTEST_JOB_LEASE_MS: u64 = 1_000;

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
}

/// The API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Web {
    pub listen: SocketAddr,
}

/// Callbacks and media.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Hooks {
    pub listen: SocketAddr,
}

/// What supervisors and Prometheus ask a role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Probe {
    pub listen: SocketAddr,
}

/// The fleet's database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Postgres {
    pub url: SecretString,
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    pub max_connections: u32,
}

/// The fleet's queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Redis {
    pub url: SecretString,
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    pub prefix: String,
}

/// The telephone provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Twilio {
    pub base_url: String,
    pub account_sid: String,
    pub auth_token: SecretString,
    #[serde(default)]
    pub auth_token_file: Option<PathBuf>,
    pub previous_auth_token: SecretString,
    #[serde(default)]
    pub previous_auth_token_file: Option<PathBuf>,
    pub webhook_shared_key: SecretString,
    #[serde(default)]
    pub webhook_shared_key_file: Option<PathBuf>,
    pub previous_webhook_shared_key: SecretString,
    #[serde(default)]
    pub previous_webhook_shared_key_file: Option<PathBuf>,
    pub api_key_sid: String,
    pub api_key_secret: SecretString,
    #[serde(default)]
    pub api_key_secret_file: Option<PathBuf>,
    pub calls_per_second: f64,
}

/// A vendor that is reached with one key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Vendor {
    pub base_url: String,
    pub api_key: SecretString,
    #[serde(default)]
    pub api_key_file: Option<PathBuf>,
}

/// One worker process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Worker {
    pub lines: u32,
    pub job_lease_ms: u64,
}

/// Times of the dial protocol, milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Dialing {
    pub tick_ms: u64,
    pub ticket_lease_ms: u64,
    pub send_window_ms: u64,
    pub send_deadline_ms: u64,
    pub post_timeout_ms: u64,
    pub unknown_after_ms: u64,
    pub look_every_ms: u64,
    pub absent_hold_ms: u64,
    pub reconcile_every_ms: u64,
    pub poll_after_ms: u64,
    pub holder_dead_after_ms: u64,
    pub refusal_backoff_ms: u64,
    pub scheduler_lease_ms: u64,
    pub reserve_usd: f64,
}

/// How old the oldest attempt of a state may be, seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Alarms {
    pub ready_s: u64,
    pub sending_s: u64,
    pub unknown_s: u64,
    pub placed_s: u64,
    pub ringing_s: u64,
    pub talking_s: u64,
    pub refused_s: u64,
}

/// Non-urgent LLM work.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Deferred {
    pub batch_size: u32,
    pub batch_age_ms: u64,
    pub poll_ms: u64,
    pub due_ms: u64,
}

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Telemetry {
    pub log_format: LogFormat,
    pub log: String,
}

/// Where errors are reported.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Sentry {
    pub dsn: SecretString,
    #[serde(default)]
    pub dsn_file: Option<PathBuf>,
    pub environment: String,
}

word_enum! {
    /// How log lines look.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For machines.
        Json = "json",
    }
}

/// A configuration that cannot be used: one line that names the key, where it stands, and the fix.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Defaults, then `file`, then the environment (`CALLFLEET__SECTION__KEY`), then secrets from files.
    ///
    /// # Errors
    /// [`ConfigError`] for an unreadable file, an unknown key, a wrong type or a value that cannot be.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_figment(&Self::layers(file)?.merge(Env::prefixed("CALLFLEET__").split("__")))
    }

    /// Defaults overridden by a TOML text: for the demo and for tests, which must not listen to the environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_toml(overrides: &str) -> Result<Self, ConfigError> {
        Self::from_figment(&Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(overrides)))
    }

    fn layers(file: Option<&Path>) -> Result<Figment, ConfigError> {
        let defaults = Figment::from(Toml::string(DEFAULTS));
        let Some(file) = file else { return Ok(defaults) };
        if !file.is_file() {
            return Err(ConfigError(format!("{}: no such file; give the path of a TOML file with --config", file.display())));
        }
        Ok(defaults.merge(Toml::file_exact(file)))
    }

    fn from_figment(figment: &Figment) -> Result<Self, ConfigError> {
        let mut config: Self = figment.extract().map_err(|error| ConfigError(explain(&error)))?;
        config.read_secret_files()?;
        config.check()?;
        Ok(config)
    }

    fn read_secret_files(&mut self) -> Result<(), ConfigError> {
        from_file(&mut self.postgres.url, self.postgres.url_file.as_deref(), "postgres.url_file")?;
        from_file(&mut self.redis.url, self.redis.url_file.as_deref(), "redis.url_file")?;
        from_file(&mut self.twilio.auth_token, self.twilio.auth_token_file.as_deref(), "twilio.auth_token_file")?;
        let previous = self.twilio.previous_auth_token_file.clone();
        from_file(&mut self.twilio.previous_auth_token, previous.as_deref(), "twilio.previous_auth_token_file")?;
        let shared = self.twilio.webhook_shared_key_file.clone();
        from_file(&mut self.twilio.webhook_shared_key, shared.as_deref(), "twilio.webhook_shared_key_file")?;
        let previous = self.twilio.previous_webhook_shared_key_file.clone();
        from_file(&mut self.twilio.previous_webhook_shared_key, previous.as_deref(), "twilio.previous_webhook_shared_key_file")?;
        from_file(&mut self.twilio.api_key_secret, self.twilio.api_key_secret_file.as_deref(), "twilio.api_key_secret_file")?;
        from_file(&mut self.deepgram.api_key, self.deepgram.api_key_file.as_deref(), "deepgram.api_key_file")?;
        from_file(&mut self.openai.api_key, self.openai.api_key_file.as_deref(), "openai.api_key_file")?;
        from_file(&mut self.sentry.dsn, self.sentry.dsn_file.as_deref(), "sentry.dsn_file")
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !self.web.listen.ip().is_loopback() {
            return Err(refused("web.listen", &self.web.listen.to_string(), "use 127.0.0.1 or [::1]: API and pages have no login yet"));
        }
        if !(self.twilio.calls_per_second > 0.0 && self.twilio.calls_per_second <= 1000.0) {
            return Err(refused("twilio.calls_per_second", &self.twilio.calls_per_second.to_string(), "use a rate between 0 and 1000"));
        }
        if self.worker.lines == 0 {
            return Err(refused("worker.lines", "0", "a worker needs at least one line"));
        }
        if self.worker.job_lease_ms < SHORTEST_JOB_LEASE_MS {
            let why = "a claim is renewed three times in its lease; give at least 1000";
            return Err(refused("worker.job_lease_ms", &self.worker.job_lease_ms.to_string(), why));
        }
        self.check_public_url()?;
        self.check_deadlines()
    }

    fn check_public_url(&self) -> Result<(), ConfigError> {
        let url = reqwest::Url::parse(&self.public_url)
            .map_err(|error| refused("public_url", &self.public_url, &format!("it is no URL ({error}); write https://your.host")))?;
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match url.scheme() {
            "https" => Ok(()),
            "http" if loopback => Ok(()),
            _ => Err(refused("public_url", &self.public_url, "use https:// (http:// only on loopback)")),
        }
    }

    fn check_deadlines(&self) -> Result<(), ConfigError> {
        let dialing = &self.dialing;
        if dialing.send_window_ms >= dialing.send_deadline_ms {
            return Err(refused(
                "dialing.send_window_ms",
                &dialing.send_window_ms.to_string(),
                "it must be shorter than dialing.send_deadline_ms",
            ));
        }
        let every = [
            ("dialing.tick_ms", dialing.tick_ms),
            ("dialing.reconcile_every_ms", dialing.reconcile_every_ms),
            ("dialing.scheduler_lease_ms", dialing.scheduler_lease_ms),
        ];
        if let Some((key, _)) = every.iter().find(|(_, ms)| *ms == 0) {
            return Err(refused(key, "0", "nothing can be done without a pause; leave the key out for its default"));
        }
        if dialing.reserve_usd < 0.0 {
            return Err(refused("dialing.reserve_usd", &dialing.reserve_usd.to_string(), "a call costs something or nothing"));
        }
        Ok(())
    }

    /// What `callfleet up` and the worker cannot do without; asked before anything is dialed.
    ///
    /// # Errors
    /// [`ConfigError`] that names the first missing secret and how to give it.
    pub fn require_providers(&self) -> Result<(), ConfigError> {
        self.provider_keys().into_iter().try_for_each(|(key, value)| required(key, value))
    }

    /// The provider keys that are not set, by name.
    #[must_use]
    pub fn missing_keys(&self) -> Vec<&'static str> {
        self.provider_keys().into_iter().filter(|(_, value)| value.trim().is_empty()).map(|(key, _)| key).collect()
    }

    fn provider_keys(&self) -> [(&'static str, &str); 4] {
        [
            ("twilio.account_sid", &self.twilio.account_sid),
            ("twilio.auth_token", self.twilio.auth_token.expose_secret()),
            ("deepgram.api_key", self.deepgram.api_key.expose_secret()),
            ("openai.api_key", self.openai.api_key.expose_secret()),
        ]
    }

    /// What fleet mode cannot do without.
    ///
    /// # Errors
    /// [`ConfigError`] that names the missing URL.
    pub fn require_fleet(&self) -> Result<(), ConfigError> {
        required("postgres.url", self.postgres.url.expose_secret())?;
        required("redis.url", self.redis.url.expose_secret())
    }
}

impl Dialing {
    /// The dial protocol's times.
    #[must_use]
    pub fn timings(&self) -> DialTimings {
        let ms = Duration::from_millis;
        DialTimings {
            ticket_lease: ms(self.ticket_lease_ms),
            send_window: ms(self.send_window_ms),
            send_deadline: ms(self.send_deadline_ms),
            post_timeout: ms(self.post_timeout_ms),
            quiet: ms(self.unknown_after_ms),
            look_gap: ms(self.look_every_ms),
            absent_hold: ms(self.absent_hold_ms),
            silent_after: ms(self.poll_after_ms),
            queued_limit: ms(self.poll_after_ms),
            holder_silence: ms(self.holder_dead_after_ms),
            refusal_backoff: ms(self.refusal_backoff_ms),
            ..DialTimings::default()
        }
    }
}

fn required(key: &str, value: &str) -> Result<(), ConfigError> {
    if !value.trim().is_empty() {
        return Ok(());
    }
    let env = format!("CALLFLEET__{}", key.to_uppercase().replace('.', "__"));
    Err(ConfigError(format!("{key} is missing; set it in the file given by --config, or in the environment as {env}")))
}

fn refused(key: &str, value: &str, fix: &str) -> ConfigError {
    ConfigError(format!("{key} = {value} cannot be used: {fix}"))
}

fn from_file(secret: &mut SecretString, file: Option<&Path>, key: &str) -> Result<(), ConfigError> {
    let Some(file) = file else { return Ok(()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        ConfigError(format!("{key}: cannot read {}: {error}; give a readable file with the secret alone", file.display()))
    })?;
    *secret = SecretString::from(text.trim().to_owned());
    Ok(())
}

/// One line: the key, where it stands, what is wrong, and the fix.
fn explain(error: &figment::Error) -> String {
    let Some(first) = error.clone().into_iter().next() else { return error.to_string() };
    let place = first.metadata.as_ref().map_or_else(String::new, |from| match from.source.as_ref() {
        Some(source) => format!(" ({source})"),
        None => format!(" ({})", from.name),
    });
    let key = first.path.join(".");
    let fix = match &first.kind {
        figment::error::Kind::UnknownField(..) => "remove it or correct its name; config/default.toml lists every key",
        figment::error::Kind::InvalidType(..) | figment::error::Kind::InvalidValue(..) => "write it as in config/default.toml",
        _ => "see config/default.toml",
    };
    if key.is_empty() { format!("configuration{place}: {}; {fix}", first.kind) } else { format!("{key}{place}: {}; {fix}", first.kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_whole_configuration() {
        let config = Config::from_toml("").unwrap();
        assert_eq!(config.mode, Mode::Embedded);
        assert!(config.require_providers().unwrap_err().0.contains("CALLFLEET__TWILIO__ACCOUNT_SID"));
    }

    #[test]
    fn bad_input_names_the_key_and_the_fix() {
        let cases = [
            ("[twilio]\nbase_uri = \"x\"", "base_uri"),
            ("[worker]\nlines = \"many\"", "worker.lines"),
            ("[worker]\nlines = 0", "worker.lines"),
            ("[worker]\njob_lease_ms = 999", "worker.job_lease_ms"),
            ("[web]\nlisten = \"0.0.0.0:80\"", "web.listen"),
            ("public_url = \"http://example.com\"", "public_url"),
            ("public_url = \"example\"", "public_url"),
            ("mode = \"cloud\"", "mode"),
            ("[twilio]\ncalls_per_second = 0", "twilio.calls_per_second"),
            ("[dialing]\nsend_window_ms = 20000", "dialing.send_window_ms"),
            ("[dialing]\ntick_ms = 0", "dialing.tick_ms"),
            ("[dialing]\nreserve_usd = -5.0", "dialing.reserve_usd"),
        ];
        for (toml, key) in cases {
            let error = Config::from_toml(toml).expect_err(toml).0;
            assert!(error.contains(key), "{toml}: {error}");
            assert!(!error.contains('\n'), "one line: {error}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let config = Config::from_toml("[openai]\napi_key = \"sk-canary\"").unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn every_key_of_the_reference_has_a_sentence() {
        // a key counts as explained by the comment above its group
        let mut explained = false;
        for line in DEFAULTS.lines() {
            match line.trim() {
                "" => explained = false,
                text if text.starts_with('#') => explained = true,
                text if text.starts_with('[') => explained = ["[deepgram]", "[openai]", "[twilio]"].contains(&text),
                text => assert!(explained || text.contains("base_url") || text.contains("api_key"), "no sentence for {text}"),
            }
        }
    }
}
