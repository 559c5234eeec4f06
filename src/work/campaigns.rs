//! A campaign's checked settings, kept for a moment: every dial and every outcome asks for them.
//!
//! A change holds from the next second on. What has to hold at once (running, paused) is not kept here: the claim reads it
//! inside its own transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::campaign::CampaignSettings;
use crate::domain::ids::CampaignId;
use crate::store::{Store, StoreError};

/// How old settings may be.
const KEPT: Duration = Duration::from_millis(500);

type Kept = (Instant, Arc<CampaignSettings>);

/// The campaigns this process works for.
#[derive(Debug, Clone)]
pub struct Campaigns {
    store: Store,
    kept: Arc<Mutex<HashMap<CampaignId, Kept>>>,
}

impl Campaigns {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, kept: Arc::default() }
    }

    /// The settings, at most half a second old; `None` when there is no such campaign.
    ///
    /// # Errors
    /// The database cannot be read, or what it holds was written by another binary.
    pub async fn settings(&self, id: CampaignId) -> Result<Option<Arc<CampaignSettings>>, StoreError> {
        if let Some(kept) = self.fresh(id) {
            return Ok(Some(kept));
        }
        let Some(campaign) = self.store.campaign(id).await? else { return Ok(None) };
        let settings = Arc::new(campaign.checked_settings()?);
        self.lock().insert(id, (Instant::now(), Arc::clone(&settings)));
        Ok(Some(settings))
    }

    fn fresh(&self, id: CampaignId) -> Option<Arc<CampaignSettings>> {
        let mut kept = self.lock();
        kept.retain(|_, (since, _)| since.elapsed() < KEPT);
        kept.get(&id).map(|(_, settings)| Arc::clone(settings))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CampaignId, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
