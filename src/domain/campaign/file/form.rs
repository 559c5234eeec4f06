//! The keys, in the order of the file.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::hours::HoursFile;

/// A campaign's settings in their source form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CampaignFile {
    /// Numbers to call from, in E.164 form.
    pub caller_numbers: Vec<String>,
    /// Show the callee a number of their own area code or country where there is one.
    pub local_presence: bool,
    /// Countries to call, ISO 3166 codes like `US`; `any` for all. Empty: the countries of the caller numbers.
    pub countries: Vec<String>,
    /// How the laws of the United States are read: `strict` or `states`.
    pub law: String,
    /// When it begins and ends.
    pub schedule: ScheduleFile,
    /// How fast and how many at once.
    pub pace: PaceFile,
    /// When calls may begin.
    pub hours: HoursFile,
    /// How often at most.
    pub caps: CapsFile,
    /// How promised callbacks are kept.
    pub callbacks: CallbacksFile,
    /// When to try again.
    pub redial: RedialFile,
    /// When too many failed calls halt it.
    pub breaker: BreakerFile,
    /// What to do when a machine answers: `hang_up` or `leave_message`.
    pub on_voicemail: String,
    /// Who is rung, in E.164 form, when a callee asks for a person; nobody when absent.
    pub transfer_to: Option<String>,
    /// Refuse leads without a consent basis.
    pub require_consent: bool,
    /// Why people may be called without one. Without a reason consent is required.
    pub consent_override_reason: Option<String>,
    /// Hard stop in US dollars; none when absent.
    pub budget_usd: Option<f64>,
    /// How long a phone may ring, seconds.
    pub ring_timeout_s: u64,
    /// Longest call, seconds.
    pub max_duration_s: u64,
}

/// When it begins and ends; a moment has its offset: `2026-12-01T09:00:00-05:00`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleFile {
    /// Started earlier, it waits as scheduled until then.
    pub start: Option<String>,
    /// From then on it drains.
    pub end: Option<String>,
}

/// How fast and how many at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaceFile {
    /// Call starts per second, at most what the provider account allows.
    pub calls_per_second: f64,
    /// Calls at the same time.
    pub lines: u32,
    /// Share of the account between campaigns.
    pub weight: u32,
}

/// How often at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapsFile {
    /// Placed calls per lead, over its life; promised callbacks are not counted.
    pub attempts: u32,
    /// Placed calls per number in 24 h, over all campaigns.
    pub attempts_per_day: u32,
    /// Promised callbacks per lead.
    pub callbacks: u32,
    /// Calls from one caller number in 24 h; no limit when absent.
    pub calls_per_caller: Option<u32>,
    /// Why a number may be called more often than the law says. Without a reason the law's caps hold too.
    pub override_reason: Option<String>,
}

/// How promised callbacks are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallbacksFile {
    /// So much later than promised still counts as kept, and is still dialed: `1m` to `1h`.
    pub tolerance: String,
    /// What happens to one that was not dialed in time: `next_day`, `retry` or `close`.
    pub missed: String,
    /// With `next_day`: so often it moves to another day before a person has to look.
    pub moves: u32,
}

/// When too many failed calls halt it, until a person has looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerFile {
    /// From this share of failed calls on, 0 to 1; 0 for never.
    pub failures: f64,
    /// Among calls that ended within this long.
    pub window: String,
    /// Once there are so many.
    pub min_calls: u32,
}

/// When to try again, by what came of the last try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedialFile {
    /// After `no_answer`, and a wait of at least an hour, try another part of the day.
    pub day_parts: bool,
    /// The line was busy.
    pub busy: RedialLine,
    /// Nobody answered.
    pub no_answer: RedialLine,
    /// A machine answered.
    pub voicemail: RedialLine,
    /// The network or the provider failed.
    pub failed: RedialLine,
    /// The conversation broke off.
    pub incomplete: RedialLine,
}

/// One line of the redial table: `{ after = "15m", times = 3 }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedialLine {
    /// Wait this long after the call ended: `45s`, `15m`, `2h`, `1d`.
    pub after: String,
    /// At most so many redials; 0 means never.
    pub times: u32,
}
