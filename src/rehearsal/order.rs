//! What is rehearsed: which campaign, with what people, from when, and how often.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::bill::Voices;
use super::people::People;
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::dialing::DialTimings;
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;

/// What this deployment can do.
#[derive(Debug, Clone, Copy)]
pub struct Deployment {
    /// The protocol's times.
    pub timings: DialTimings,
    /// Worst case of one call.
    pub reserve: CallReserve,
    /// Call starts per second of the account.
    pub account_rate: f64,
    /// Calls all workers can hold at once.
    pub lines: u32,
}

/// One rehearsal.
#[derive(Debug, Clone)]
pub struct Order {
    /// The campaign as it stands.
    pub campaign: Campaign,
    /// Its settings as they are rehearsed, in their source form.
    pub settings_json: Value,
    /// The same, checked.
    pub settings: CampaignSettings,
    /// What dials it.
    pub deployment: Deployment,
    /// Who picks up.
    pub people: People,
    /// Whose services talk, for their prices.
    pub voices: Voices,
    /// Where the copies are kept meanwhile.
    pub place: PathBuf,
    /// What differs from the campaign and its deployment, for the report.
    pub notes: Vec<String>,
    /// When it begins.
    pub from: Timestamp,
    /// How often it is played, each time with the next seed.
    pub runs: u32,
    /// The first run's seed.
    pub seed: u64,
    /// Longest run, in days of its own clock.
    pub days: u32,
}

impl Order {
    /// The copy's first state: it dials, whatever the campaign does now, unless it drains or begins later.
    pub(super) fn state(&self) -> CampaignState {
        match self.settings.starts_at {
            _ if self.campaign.state == CampaignState::Draining => CampaignState::Draining,
            Some(start) if start > self.from => CampaignState::Scheduled,
            _ => CampaignState::Running,
        }
    }

    /// When a run is cut off.
    pub(super) fn until(&self) -> Timestamp {
        self.from + Duration::from_secs(u64::from(self.days) * 86_400)
    }

    /// Calls at the same time.
    pub(super) fn lines(&self) -> u32 {
        self.settings.lines.min(self.deployment.lines)
    }
}
