//! A campaign's settings as people write them: one schema for `campaign.toml`, JSON and the API.
//!
//! Every key has a default. [`CampaignFile::settings`] checks all of them and reports everything that is wrong at once. What is
//! stored is the JSON of this form, so an operator later reads back exactly what was written.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::callback::keep::KeepRules;
use crate::domain::campaign::breaker::Breaker;
use crate::domain::campaign::hours::HoursFile;
use crate::domain::campaign::{CampaignSettings, Countries, OnVoicemail, duration, keys};
use crate::domain::law::{LawChoice, Profile};
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::redial::{Redial, RedialTable};
use crate::domain::time::Timestamp;
use crate::domain::zone::country_of;

/// Phones ring at least this long: 15 s are required (16 CFR 310.4(b)(4)(ii)), the rest is the network's delay.
const RING_FLOOR_S: u64 = 20;

/// Sooner than a minute after the promise no dialer is late; later than an hour nobody waits for the call.
const TOLERANCES_S: std::ops::RangeInclusive<u64> = 60..=3_600;

/// Shorter says little about a campaign, longer little about now.
const BREAKER_WINDOWS_S: std::ops::RangeInclusive<u64> = 60..=3_600;

/// More days later it is no answer to what was asked.
const MOST_MOVES: u32 = 14;

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
    /// Refuse leads without a consent basis.
    pub require_consent: bool,
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
    /// Placed calls per lead, over its life.
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

impl Default for CampaignFile {
    fn default() -> Self {
        Self {
            caller_numbers: Vec::new(),
            local_presence: true,
            countries: Vec::new(),
            law: Profile::Strict.as_str().to_owned(),
            schedule: ScheduleFile::default(),
            pace: PaceFile::default(),
            hours: HoursFile::default(),
            caps: CapsFile::default(),
            callbacks: CallbacksFile::default(),
            redial: RedialFile::default(),
            breaker: BreakerFile::default(),
            on_voicemail: OnVoicemail::HangUp.as_str().to_owned(),
            require_consent: true,
            budget_usd: None,
            ring_timeout_s: 25,
            max_duration_s: 600,
        }
    }
}

impl Default for PaceFile {
    /// One call per second is what a new provider account allows.
    fn default() -> Self {
        Self { calls_per_second: 1.0, lines: 10, weight: 1 }
    }
}

impl Default for CapsFile {
    /// Three calls in 24 h are what the stricter states of the United States allow.
    fn default() -> Self {
        Self { attempts: 6, attempts_per_day: 3, callbacks: 3, calls_per_caller: None, override_reason: None }
    }
}

impl Default for CallbacksFile {
    fn default() -> Self {
        let KeepRules { tolerance, missed, moves } = KeepRules::HOUSE;
        Self { tolerance: duration::text(tolerance), missed: missed.as_str().to_owned(), moves }
    }
}

impl Default for BreakerFile {
    fn default() -> Self {
        let Breaker { failures, window, min_calls } = Breaker::HOUSE;
        Self { failures, window: duration::text(window), min_calls }
    }
}

impl Default for RedialFile {
    fn default() -> Self {
        let table = RedialTable::default();
        Self {
            day_parts: table.day_parts,
            busy: RedialLine::from(table.busy),
            no_answer: RedialLine::from(table.no_answer),
            voicemail: RedialLine::from(table.voicemail),
            failed: RedialLine::from(table.failed),
            incomplete: RedialLine::from(table.incomplete),
        }
    }
}

impl From<Redial> for RedialLine {
    fn from(redial: Redial) -> Self {
        Self { after: duration::text(redial.after), times: redial.times }
    }
}

/// One setting that is wrong: which, what was written, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{key}: `{value}`: {fix}")]
pub struct SettingError {
    /// The key, dotted: `redial.busy.after`.
    pub key: String,
    /// What was written; a phone number masked.
    pub value: String,
    /// What to do.
    pub fix: String,
    /// The line of the file, where only reading it could tell.
    pub line: Option<usize>,
}

impl SettingError {
    #[allow(clippy::needless_pass_by_value, reason = "callers hand over numbers and texts alike")]
    pub(super) fn new(key: impl Into<String>, value: impl ToString, fix: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.to_string(), fix: fix.into(), line: None }
    }
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<SettingError>);

impl Problems {
    pub(super) fn add(&mut self, error: SettingError) {
        // Weekdays share one text: it is wrong once, not five times.
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    pub(super) fn none_about(&self, prefix: &str) -> bool {
        !self.0.iter().any(|error| error.key.starts_with(prefix))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn check(&mut self, holds: bool, key: &str, value: impl ToString, fix: &str) {
        if !holds {
            self.add(SettingError::new(key, value, fix));
        }
    }
}

impl CampaignFile {
    /// Reads `campaign.toml`.
    ///
    /// # Errors
    /// The key that is none or whose value does not fit, or the place where the syntax is broken.
    pub fn from_toml(text: &str) -> Result<Self, SettingError> {
        toml::from_str(text).map_err(|error| {
            let as_json = toml::from_str::<toml::Table>(text).ok().and_then(|table| serde_json::to_value(table).ok());
            match as_json.map(|settings| keys::read(&settings)) {
                Some(Err(wrong)) => SettingError { line: keys::line_of(text, &wrong.key), ..wrong },
                _ => {
                    let line = error.span().and_then(|span| keys::line_at(text, span.start));
                    SettingError { line, ..SettingError::new("syntax", error.message(), "write TOML: key = value below [section]") }
                }
            }
        })
    }

    /// Reads the JSON form, as stored or as sent to the API.
    ///
    /// # Errors
    /// The key that is none or whose value does not fit, or the place where the syntax is broken.
    pub fn from_json(text: &str) -> Result<Self, SettingError> {
        serde_json::from_str(text).map_err(|error| match serde_json::from_str(text).map(|settings| keys::read(&settings)) {
            Ok(Err(wrong)) => wrong,
            _ => SettingError::new("settings", error, "mend the JSON"),
        })
    }

    /// The JSON form that is stored: everything that was written, defaults filled in.
    ///
    /// # Errors
    /// Only for a budget that is not a finite number.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Checks everything.
    ///
    /// # Errors
    /// All that is wrong, in the order of the keys.
    pub fn settings(&self) -> Result<CampaignSettings, Vec<SettingError>> {
        let mut problems = Problems::default();
        let settings = CampaignSettings {
            caller_numbers: self.callers(&mut problems),
            local_presence: self.local_presence,
            countries: self.countries(&mut problems),
            law: self.law(&mut problems),
            starts_at: moment("schedule.start", self.schedule.start.as_deref(), &mut problems),
            ends_at: moment("schedule.end", self.schedule.end.as_deref(), &mut problems),
            calls_per_second: self.pace.calls_per_second,
            lines: self.pace.lines,
            weight: self.pace.weight,
            window: self.hours.window(&mut problems),
            max_attempts: self.caps.attempts,
            max_attempts_per_day: self.caps.attempts_per_day,
            calls_per_caller: self.caps.calls_per_caller,
            redial: self.redial.table(&mut problems),
            require_consent: self.require_consent,
            on_voicemail: self.on_voicemail(&mut problems),
            ring_timeout: Duration::from_secs(self.ring_timeout_s),
            max_duration: Duration::from_secs(self.max_duration_s),
            budget: self.budget_usd.map(NanoUsd::from_usd),
            max_callbacks: self.caps.callbacks,
            callbacks: self.callbacks.rules(&mut problems),
            breaker: self.breaker.breaker(&mut problems),
        };
        self.check_figures(&mut problems);
        let ordered = settings.starts_at.zip(settings.ends_at).is_none_or(|(start, end)| start < end);
        problems.check(ordered, "schedule.end", self.schedule.end.as_deref().unwrap_or_default(), "the end must come after the start");
        if problems.0.is_empty() { Ok(settings) } else { Err(problems.0) }
    }

    fn callers(&self, problems: &mut Problems) -> Vec<PhoneNumber> {
        problems.check(!self.caller_numbers.is_empty(), "caller_numbers", "[]", "name at least one number of yours, like +14155550200");
        let mut numbers = Vec::with_capacity(self.caller_numbers.len());
        for text in &self.caller_numbers {
            match PhoneNumber::from_e164(text.trim()) {
                Ok(number) => numbers.push(number),
                Err(error) => problems.add(SettingError::new("caller_numbers", mask(text), error.to_string())),
            }
        }
        numbers
    }

    fn countries(&self, problems: &mut Problems) -> Countries {
        if self.countries.iter().any(|country| country.eq_ignore_ascii_case("any")) {
            return Countries::Any;
        }
        let code = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
        for wrong in self.countries.iter().filter(|text| !code(text.trim())) {
            problems.add(SettingError::new("countries", wrong, "write ISO 3166 codes like US or GB, or any"));
        }
        let mut only: Vec<String> = self.countries.iter().map(|text| text.trim().to_ascii_uppercase()).collect();
        if only.is_empty() {
            let own = self.caller_numbers.iter().filter_map(|text| PhoneNumber::from_e164(text.trim()).ok());
            only = own.filter_map(|number| country_of(&number)).map(ToOwned::to_owned).collect();
            only.sort_unstable();
            only.dedup();
        }
        Countries::Only(only)
    }

    fn law(&self, problems: &mut Problems) -> LawChoice {
        let profile = self.law.parse().unwrap_or_else(|_| {
            problems.add(SettingError::new("law", &self.law, "write strict or states"));
            Profile::Strict
        });
        let given = |reason: &Option<String>| reason.as_deref().is_some_and(|why| !why.trim().is_empty());
        LawChoice { profile, hours_lifted: given(&self.hours.override_reason), caps_lifted: given(&self.caps.override_reason) }
    }

    fn on_voicemail(&self, problems: &mut Problems) -> OnVoicemail {
        self.on_voicemail.parse().unwrap_or_else(|_| {
            problems.add(SettingError::new("on_voicemail", &self.on_voicemail, "write hang_up or leave_message"));
            OnVoicemail::HangUp
        })
    }

    fn check_figures(&self, problems: &mut Problems) {
        let (pace, caps) = (&self.pace, &self.caps);
        let rate = pace.calls_per_second;
        problems.check(
            rate > 0.0 && rate <= 1_000.0,
            "pace.calls_per_second",
            rate,
            "more than 0, at most 1000 and your account's own limit",
        );
        problems.check((1..=100_000).contains(&pace.lines), "pace.lines", pace.lines, "at least 1 and at most 100000");
        problems.check((1..=1_000).contains(&pace.weight), "pace.weight", pace.weight, "1 to 1000; pause a campaign that shall not call");
        problems.check(caps.attempts >= 1, "caps.attempts", caps.attempts, "at least 1, or nobody is called");
        let per_caller = caps.calls_per_caller;
        problems.check(per_caller != Some(0), "caps.calls_per_caller", 0, "at least 1; leave the key out for no limit");
        problems.check(caps.attempts_per_day >= 1, "caps.attempts_per_day", caps.attempts_per_day, "at least 1, or nobody is called");
        let ring = self.ring_timeout_s;
        problems.check(
            (RING_FLOOR_S..=600).contains(&ring),
            "ring_timeout_s",
            ring,
            "20 to 600 seconds; the law asks for 15 and the network takes some",
        );
        let longest = self.max_duration_s;
        problems.check((30..=14_400).contains(&longest), "max_duration_s", longest, "30 to 14400 seconds");
        if let Some(budget) = self.budget_usd {
            problems.check(budget > 0.0 && budget <= 1e9, "budget_usd", budget, "more than 0; leave the key out for no limit");
        }
    }
}

impl CallbacksFile {
    fn rules(&self, problems: &mut Problems) -> KeepRules {
        let house = KeepRules::HOUSE;
        let tolerance = duration::parse(&self.tolerance).filter(|span| TOLERANCES_S.contains(&span.as_secs()));
        problems.check(tolerance.is_some(), "callbacks.tolerance", &self.tolerance, "write a duration from 1m to 1h, like 15m");
        let missed = self.missed.parse().ok();
        problems.check(missed.is_some(), "callbacks.missed", &self.missed, "write next_day, retry or close");
        problems.check(self.moves <= MOST_MOVES, "callbacks.moves", self.moves, "0 to 14 days");
        KeepRules { tolerance: tolerance.unwrap_or(house.tolerance), missed: missed.unwrap_or(house.missed), moves: self.moves }
    }
}

impl BreakerFile {
    fn breaker(&self, problems: &mut Problems) -> Breaker {
        let Self { failures, min_calls, .. } = *self;
        problems.check((0.0..=1.0).contains(&failures), "breaker.failures", failures, "a share from 0 to 1, like 0.5; 0 for never");
        let window = duration::parse(&self.window).filter(|span| BREAKER_WINDOWS_S.contains(&span.as_secs()));
        problems.check(window.is_some(), "breaker.window", &self.window, "write a duration from 1m to 1h, like 10m");
        Breaker { failures, window: window.unwrap_or(Breaker::HOUSE.window), min_calls }
    }
}

impl RedialFile {
    fn table(&self, problems: &mut Problems) -> RedialTable {
        RedialTable {
            day_parts: self.day_parts,
            busy: self.busy.redial("busy", problems),
            no_answer: self.no_answer.redial("no_answer", problems),
            voicemail: self.voicemail.redial("voicemail", problems),
            failed: self.failed.redial("failed", problems),
            incomplete: self.incomplete.redial("incomplete", problems),
        }
    }
}

impl RedialLine {
    fn redial(&self, key: &str, problems: &mut Problems) -> Redial {
        let after = duration::parse(&self.after).unwrap_or_else(|| {
            let key = format!("redial.{key}.after");
            problems.add(SettingError::new(key, &self.after, "write a duration like 45s, 15m, 2h or 1d, at most a year"));
            Duration::ZERO
        });
        Redial { after, times: self.times }
    }
}

fn moment(key: &str, text: Option<&str>, problems: &mut Problems) -> Option<Timestamp> {
    let text = text?;
    let read = text.trim().parse().ok();
    if read.is_none() {
        problems.add(SettingError::new(key, text, "write a moment with its offset, like 2026-12-01T09:00:00-05:00"));
    }
    read
}

fn mask(text: &str) -> String {
    let shown: String = text.chars().take(5).collect();
    format!("{shown}***")
}

#[cfg(test)]
mod tests;
