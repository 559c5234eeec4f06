//! Logs, error reports and metrics: every name in one list.

mod allowed;
mod reports;
mod span_fields;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat, Telemetry};
pub use reports::Reports;

/// Every metric. Labels are words of small sets (state, service, verdict), never ids or numbers of people.
pub mod names {
    /// Dials by answer class: `placed`, `refused`, `not_sent`, `held_back`, `unknown`, `stale`, `denied`, `clock`, `no_turn`,
    /// `stopping`, `unreachable`.
    pub const DIALS: &str = "callfleet_dials_total";
    /// From ticket to the POST's first byte, pacing aside, seconds.
    pub const TICKET_TO_POST: &str = "callfleet_ticket_to_post_seconds";
    /// Turns that were too old to be used when their dial came to itself; another one was taken.
    pub const TURNS_LOST: &str = "callfleet_turns_lost_total";
    /// Attempts closed, by disposition.
    pub const OUTCOMES: &str = "callfleet_outcomes_total";
    /// 1 in the active scheduler, 0 in one that stands by.
    pub const SCHEDULER_ACTIVE: &str = "callfleet_scheduler_active";
    /// Attempts by state.
    pub const ATTEMPTS: &str = "callfleet_attempts";
    /// Age of the oldest attempt by state, seconds.
    pub const OLDEST: &str = "callfleet_oldest_attempt_seconds";
    /// 1 while the oldest attempt of a state is older than its limit.
    pub const ALARM: &str = "callfleet_oldest_attempt_alarm";
    /// From the claim to the provider's creation of the call, seconds.
    pub const ACCEPT_LAG: &str = "callfleet_accept_lag_seconds";
    /// From the provider's creation of an unsure call to the look at its list that showed it, seconds: the list's lag and
    /// the gap between two looks.
    pub const LIST_LAG: &str = "callfleet_list_lag_seconds";
    /// Calls held by this process.
    pub const HELD: &str = "callfleet_calls_held";
    /// End of the callee's turn to the first frame of the reply, seconds.
    pub const REPLY: &str = "callfleet_reply_seconds";
    /// Stream start to the first frame of the greeting, seconds.
    pub const GREETING: &str = "callfleet_greeting_seconds";
    /// Provider calls by service and purpose; the telephone's once they are billed.
    pub const PROVIDER_CALLS: &str = "callfleet_provider_calls_total";
    /// Nano-dollars by service.
    pub const COST: &str = "callfleet_cost_nano_usd_total";
    /// Signed callbacks by result: `folded`, `forged`, `unknown`, `failed`.
    pub const CALLBACKS: &str = "callfleet_callbacks_total";
    /// Media frames that named another stream than their socket's; they were ignored.
    pub const FOREIGN_FRAMES: &str = "callfleet_foreign_frames_total";
    /// Events or ledger entries a full journal had to drop.
    pub const JOURNAL_DROPPED: &str = "callfleet_journal_dropped_total";
    /// Live events that were dropped because nobody could take them.
    pub const LIVE_DROPPED: &str = "callfleet_live_dropped_total";
    /// Table jobs by kind and verdict.
    pub const JOBS: &str = "callfleet_jobs_total";
    /// Seconds of one transaction of an import.
    pub const IMPORT_TRANSACTION: &str = "callfleet_import_transaction_seconds";
    /// What only a person can mend, by what stands still: `fleet`, `campaign`, `country`, `lead`.
    pub const ALARMS: &str = "callfleet_alarms_total";
    /// One look of the dispatcher, seconds.
    pub const TICK: &str = "callfleet_dispatch_tick_seconds";
}

/// Starts logging to standard error (standard output belongs to a command's answer), and error reports where `sentry.dsn` is
/// set. The reports that are under way are waited for when the answer is dropped.
///
/// # Errors
/// When the filter or the DSN cannot be used.
pub fn init(config: &Config, role: &'static str) -> anyhow::Result<Option<Reports>> {
    let reports = Reports::open(&config.sentry, role)?;
    init_logs_and(&config.telemetry, reports.as_ref().map(Reports::layer))?;
    if let Some(reports) = &reports {
        reports.hear_panics();
    }
    Ok(reports)
}

/// Starts logging alone.
///
/// # Errors
/// When the filter cannot be used.
pub fn init_logs(settings: &Telemetry) -> anyhow::Result<()> {
    init_logs_and(settings, None)
}

fn init_logs_and(settings: &Telemetry, reports: Option<reports::ErrorLayer>) -> anyhow::Result<()> {
    let filter = settings.filter()?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.log_format {
        LogFormat::Text => lines.with_ansi(false).with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(reports)
        .with(filter)
        .try_init()
        .map_err(|error| anyhow::anyhow!("logging could not start: {error}"))
}

/// Starts the metrics registry; the handle renders it for `/metrics`.
///
/// # Errors
/// When another registry is installed in this process.
pub fn init_metrics() -> anyhow::Result<PrometheusHandle> {
    let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0];
    let handle = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?.install_recorder()?;
    describe();
    Ok(handle)
}

fn describe() {
    describe_counter!(names::DIALS, "Dials by answer class");
    describe_counter!(names::ALARMS, "What only a person can mend, by what stands still");
    describe_histogram!(names::TICKET_TO_POST, Unit::Seconds, "Ticket to the POST's first byte, pacing aside");
    describe_counter!(names::TURNS_LOST, "Turns that were too old to be used when their dial came to itself");
    describe_counter!(names::OUTCOMES, "Attempts closed, by disposition");
    describe_gauge!(names::SCHEDULER_ACTIVE, "1 in the active scheduler, 0 in one that stands by");
    describe_gauge!(names::ATTEMPTS, "Attempts by state");
    describe_gauge!(names::OLDEST, Unit::Seconds, "Age of the oldest attempt by state");
    describe_gauge!(names::ALARM, "1 while the oldest attempt of a state is older than its limit");
    describe_histogram!(names::ACCEPT_LAG, Unit::Seconds, "Claim to the provider's creation of the call");
    describe_histogram!(names::LIST_LAG, Unit::Seconds, "Creation of an unsure call to its appearance in the provider's list");
    describe_gauge!(names::HELD, "Calls held by this process");
    describe_histogram!(names::REPLY, Unit::Seconds, "End of the callee's turn to the first frame of the reply");
    describe_histogram!(names::GREETING, Unit::Seconds, "Stream start to the first frame of the greeting");
    describe_counter!(names::PROVIDER_CALLS, "Provider calls by service and purpose");
    describe_counter!(names::COST, "Nano-dollars by service");
    describe_counter!(names::CALLBACKS, "Signed callbacks by result");
    describe_counter!(names::FOREIGN_FRAMES, "Media frames of another stream, ignored");
    describe_counter!(names::JOURNAL_DROPPED, "Journal entries dropped because it was full");
    describe_counter!(names::LIVE_DROPPED, "Live events dropped because nobody could take them");
    describe_counter!(names::JOBS, "Table jobs by kind and verdict");
    describe_histogram!(names::TICK, Unit::Seconds, "One look of the dispatcher");
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_metric_is_explained_to_the_operator() {
        let page = include_str!("../../docs/operating.md");
        let names: Vec<&str> = include_str!("mod.rs").split('"').filter(|text| text.starts_with("callfleet_")).collect();
        let silent: Vec<_> = names.iter().filter(|name| !name.ends_with('_') && !page.contains(&format!("`{name}`"))).collect();
        assert!(names.len() >= 14 && silent.is_empty(), "docs/operating.md says nothing about {silent:?}");
    }
}
