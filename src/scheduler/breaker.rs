//! Campaigns that must not go on by themselves: most of their calls fail, or their money is spent. A person resumes them.

use std::time::Duration;

use async_trait::async_trait;

use super::{Duty, Scheduler};
use crate::domain::campaign::breaker::spent_out;
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::store::StoreError;
use crate::store::campaign::Campaign;
use crate::telemetry::names;

/// How often they are looked at.
pub const EVERY: Duration = Duration::from_secs(5);

/// The breaker.
pub struct Breaker {
    scheduler: Scheduler,
}

impl Breaker {
    pub fn new(scheduler: Scheduler) -> Self {
        Self { scheduler }
    }
}

#[async_trait]
impl Duty for Breaker {
    const NAME: &'static str = "breaker";

    async fn round(&mut self) -> Result<(), StoreError> {
        self.scheduler.break_circuits().await
    }
}

impl Scheduler {
    /// Halts the campaigns that have to be halted.
    ///
    /// # Errors
    /// The database cannot be read or written; the next round looks again.
    pub async fn break_circuits(&self) -> Result<(), StoreError> {
        for campaign in self.store.campaigns(Some(CampaignState::Running)).await? {
            // the dispatcher halts what cannot be read
            let Ok(settings) = campaign.checked_settings() else { continue };
            if let Some(why) = self.why_halt(&campaign, &settings).await? {
                metrics::counter!(names::ALARMS, "stands_still" => "campaign").increment(1);
                self.halt(&campaign, &why).await?;
            }
        }
        Ok(())
    }

    async fn why_halt(&self, campaign: &Campaign, settings: &CampaignSettings) -> Result<Option<String>, StoreError> {
        let since = settings.breaker.looks_back_to(campaign.running_since, self.clock.now());
        if let Some(why) = settings.breaker.trips(self.store.recent_calls(campaign.id, since).await?) {
            return Ok(Some(why));
        }
        Ok(spent_out(self.store.spent(campaign.id).await?, settings.budget, self.reserve))
    }
}
