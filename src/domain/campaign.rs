//! A campaign's states and settings. [`file`] reads the form in which people write the settings.

pub mod assign;
pub mod breaker;
pub mod difference;
pub mod duration;
pub mod file;
pub mod gate;
pub mod hours;
mod keys;
mod longest;
pub mod sooner;

use std::time::Duration;

use crate::domain::callback::keep::KeepRules;
use crate::domain::campaign::breaker::Breaker;
use crate::domain::law::LawChoice;
use crate::domain::money::NanoUsd;
use crate::domain::phone::PhoneNumber;
use crate::domain::redial::RedialTable;
use crate::domain::time::Timestamp;
use crate::domain::window::CallingWindow;
use crate::word_enum;

word_enum! {
    /// Where a campaign stands. Changed only by compare-and-set along [`TRANSITIONS`].
    pub enum CampaignState {
        /// Being prepared.
        Draft = "draft",
        /// Starts by itself at its start time.
        Scheduled = "scheduled",
        /// Dials.
        Running = "running",
        /// No new dials; live calls go on.
        Paused = "paused",
        /// Finishes live calls and promised callbacks, then completes.
        Draining = "draining",
        /// Every lead is done.
        Completed = "completed",
        /// Given up by an operator.
        Cancelled = "cancelled",
        /// Stopped by the breaker, the budget or an account fault; the row says why.
        Halted = "halted",
    }
}

/// Every change of state that may be written, with the event that causes it.
pub const TRANSITIONS: &[(CampaignState, CampaignState, &str)] = {
    use CampaignState::{Cancelled, Completed, Draft, Draining, Halted, Paused, Running, Scheduled};
    &[
        (Draft, Scheduled, "start with a later start time"),
        (Draft, Running, "start"),
        (Scheduled, Running, "start time reached"),
        (Scheduled, Draft, "unschedule"),
        (Running, Paused, "pause"),
        (Paused, Running, "resume"),
        (Running, Draining, "drain"),
        (Paused, Draining, "drain"),
        (Running, Completed, "every lead is done"),
        (Draining, Completed, "live calls and callbacks are done"),
        (Running, Halted, "breaker, budget or account fault"),
        (Draining, Halted, "breaker or account fault"),
        (Halted, Running, "resume after the cause was mended"),
        (Halted, Draining, "drain after the cause was mended"),
        (Completed, Running, "leads were added or retried"),
        (Draft, Cancelled, "cancel"),
        (Scheduled, Cancelled, "cancel"),
        (Running, Cancelled, "cancel"),
        (Paused, Cancelled, "cancel"),
        (Draining, Cancelled, "cancel"),
        (Halted, Cancelled, "cancel"),
    ]
};

impl CampaignState {
    /// Whether the table has this change.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.iter().any(|(from, to, _)| *from == self && *to == next)
    }

    /// Whether it began and nobody new is dialed until an operator steps in; calls that are under way end as they would.
    #[must_use]
    pub fn stands_still(self) -> bool {
        match self {
            Self::Paused | Self::Halted | Self::Cancelled | Self::Completed => true,
            Self::Draft | Self::Scheduled | Self::Running | Self::Draining => false,
        }
    }
}

word_enum! {
    /// What to do when a machine answers.
    pub enum OnVoicemail {
        /// Say nothing.
        HangUp = "hang_up",
        /// Wait for the beep and leave the message.
        LeaveMessage = "leave_message",
    }
}

/// Whom a campaign calls, by the number's country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Countries {
    /// Numbers of any country, and of none.
    Any,
    /// Numbers of these alone, ISO 3166 codes.
    Only(Vec<String>),
}

impl Countries {
    /// Whether numbers of this country are called, or those of none.
    #[must_use]
    pub fn calls(&self, country: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(called) => country.is_some_and(|country| called.iter().any(|one| one == country)),
        }
    }
}

/// A campaign's settings: checked, defaults filled in. Stored as the JSON of its source form (`agents`/`store` own that).
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignSettings {
    /// Numbers to call from; at least one.
    pub caller_numbers: Vec<PhoneNumber>,
    /// Show the callee a number of their own area where there is one.
    pub local_presence: bool,
    /// Countries it calls.
    pub countries: Countries,
    /// How it takes the law on hours and caps.
    pub law: LawChoice,
    /// Begins then, not before.
    pub starts_at: Option<Timestamp>,
    /// Drains then.
    pub ends_at: Option<Timestamp>,
    /// Call starts per second, at most the provider account's own limit.
    pub calls_per_second: f64,
    /// Calls at the same time.
    pub lines: u32,
    /// Share of the account between campaigns.
    pub weight: u32,
    /// Calling hours on the callee's clock.
    pub window: CallingWindow,
    /// Placed calls per lead, over its life; promised callbacks are not counted.
    pub max_attempts: u32,
    /// Placed calls per *number* in 24 h, over all campaigns.
    pub max_attempts_per_day: u32,
    /// Calls from one caller number in 24 h.
    pub calls_per_caller: Option<u32>,
    /// When to try again, by disposition.
    pub redial: RedialTable,
    /// Refuse leads without a consent basis.
    pub require_consent: bool,
    /// What to do when a machine answers.
    pub on_voicemail: OnVoicemail,
    /// The person who is rung when a callee asks for one; nobody when absent.
    pub transfer_to: Option<PhoneNumber>,
    /// How long a phone may ring.
    pub ring_timeout: Duration,
    /// Longest call.
    pub max_duration: Duration,
    /// Hard stop, worst case reserved before each dial.
    pub budget: Option<NanoUsd>,
    /// Promised callbacks per lead.
    pub max_callbacks: u32,
    /// How promised callbacks are kept.
    pub callbacks: KeepRules,
    /// When too many failed calls halt it.
    pub breaker: Breaker,
}
