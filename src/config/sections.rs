//! The sections of the settings file, in its order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sentry::types::{Dsn, ParseDsnError};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::domain::dialing::DialTimings;
use crate::word_enum;

/// The API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/default.toml is the reference of every key")]
pub struct Web {
    pub listen: SocketAddr,
    pub largest_list_mib: u64,
}

impl Web {
    /// Longest list, in bytes.
    #[must_use]
    pub const fn largest_list(&self) -> u64 {
        self.largest_list_mib.saturating_mul(1 << 20)
    }
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
    pub handed_off_s: u64,
    pub refused_s: u64,
    pub unsent_s: u64,
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

impl Telemetry {
    /// Which events are logged.
    ///
    /// # Errors
    /// `telemetry.log` is no filter.
    pub fn filter(&self) -> Result<EnvFilter, ParseError> {
        EnvFilter::try_new(&self.log)
    }
}

impl Sentry {
    /// Where reports go; `None` when nobody wants them.
    ///
    /// # Errors
    /// `sentry.dsn` is no DSN. It is a secret and the error does not quote it.
    pub fn target(&self) -> Result<Option<Dsn>, ParseDsnError> {
        let dsn = self.dsn.expose_secret().trim();
        (!dsn.is_empty()).then(|| dsn.parse()).transpose()
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
