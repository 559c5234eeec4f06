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
        let halted = self.scheduler.break_circuits().await?;
        metrics::counter!(names::ALARMS, "stands_still" => "campaign").increment(halted);
        Ok(())
    }
}

impl Scheduler {
    /// Halts the campaigns that have to be halted; how many.
    ///
    /// # Errors
    /// The database cannot be read or written; the next round looks again.
    pub async fn break_circuits(&self) -> Result<u64, StoreError> {
        let mut halted = 0;
        for campaign in self.dialing_campaigns().await? {
            // the dispatcher halts what cannot be read
            let Ok(settings) = campaign.checked_settings() else { continue };
            if let Some(why) = self.why_halt(&campaign, &settings).await? {
                self.halt(&campaign, &why).await?;
                halted += 1;
            }
        }
        Ok(halted)
    }

    async fn why_halt(&self, campaign: &Campaign, settings: &CampaignSettings) -> Result<Option<String>, StoreError> {
        let since = settings.breaker.looks_back_to(campaign.running_since, self.clock.now());
        if let Some(why) = settings.breaker.trips(self.store.recent_calls(campaign.id, since).await?) {
            return Ok(Some(why));
        }
        // one that drains comes to its end by itself
        if campaign.state == CampaignState::Draining {
            return Ok(None);
        }
        Ok(spent_out(self.store.spent(campaign.id).await?, settings.budget, self.reserve.of(settings)))
    }
}
