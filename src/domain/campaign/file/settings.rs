//! From the form to settings that can be worked with: everything that is wrong is found at once.

use std::time::Duration;

use super::problem::Problems;
use super::{BreakerFile, CallbacksFile, CampaignFile, RedialFile, RedialLine, SettingError};
use crate::domain::callback::keep::KeepRules;
use crate::domain::campaign::breaker::Breaker;
use crate::domain::campaign::{CampaignSettings, OnVoicemail, duration};
use crate::domain::law::{LawChoice, Profile};
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::redial::{Redial, RedialTable};
use crate::domain::time::Timestamp;

/// Phones ring at least this long: 15 s are required (16 CFR 310.4(b)(4)(ii)), the rest is the network's delay.
const RING_FLOOR_S: u64 = 20;

/// Sooner than a minute after the promise no dialer is late; later than an hour nobody waits for the call.
const TOLERANCES_S: std::ops::RangeInclusive<u64> = 60..=3_600;

/// Shorter says little about a campaign, longer little about now.
const BREAKER_WINDOWS_S: std::ops::RangeInclusive<u64> = 60..=3_600;

/// More days later it is no answer to what was asked.
const MOST_MOVES: u32 = 14;

impl CampaignFile {
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
            transfer_to: self.transfer_to(&mut problems),
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
        problems.none_or(settings)
    }

    fn callers(&self, problems: &mut Problems) -> Vec<PhoneNumber> {
        if self.caller_numbers.is_empty() {
            problems.add(SettingError::no_callers());
        }
        let mut numbers = Vec::with_capacity(self.caller_numbers.len());
        for text in &self.caller_numbers {
            match PhoneNumber::from_e164(text.trim()) {
                Ok(number) => numbers.push(number),
                Err(error) => problems.add(SettingError::new("caller_numbers", mask(text), error.to_string())),
            }
        }
        numbers
    }

    fn law(&self, problems: &mut Problems) -> LawChoice {
        let profile = self.law.parse().unwrap_or_else(|_| {
            problems.add(SettingError::new("law", &self.law, "write strict or states"));
            Profile::Strict
        });
        let (hours, caps) = (self.hours.override_reason.as_deref(), self.caps.override_reason.as_deref());
        LawChoice { profile, hours_lifted: given(hours), caps_lifted: given(caps) }
    }

    fn on_voicemail(&self, problems: &mut Problems) -> OnVoicemail {
        self.on_voicemail.parse().unwrap_or_else(|_| {
            problems.add(SettingError::new("on_voicemail", &self.on_voicemail, "write hang_up or leave_message"));
            OnVoicemail::HangUp
        })
    }

    fn transfer_to(&self, problems: &mut Problems) -> Option<PhoneNumber> {
        let text = self.transfer_to.as_deref()?;
        let read = PhoneNumber::from_e164(text.trim());
        read.map_err(|error| problems.add(SettingError::new("transfer_to", mask(text), error.to_string()))).ok()
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

/// A reason counts when somebody wrote one.
pub(super) fn given(reason: Option<&str>) -> bool {
    reason.is_some_and(|why| !why.trim().is_empty())
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
