//! What holds where the file says nothing.

use super::{BreakerFile, CallbacksFile, CampaignFile, CapsFile, PaceFile, RedialFile, RedialLine, ScheduleFile};
use crate::domain::callback::keep::KeepRules;
use crate::domain::campaign::breaker::Breaker;
use crate::domain::campaign::hours::HoursFile;
use crate::domain::campaign::{OnVoicemail, duration};
use crate::domain::law::Profile;
use crate::domain::redial::{Redial, RedialTable};

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
            transfer_to: None,
            require_consent: true,
            consent_override_reason: None,
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
