//! What an agent's lines say of a lead and the campaign's list does not tell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ApiState;
use super::error::ApiError;
use crate::domain::campaign::CampaignState::{Cancelled, Completed};
use crate::domain::count::{counted, have};
use crate::domain::ids::{AgentVersionId, CampaignId};
use crate::mind::prompt::{Spoken, spoken};
use crate::store::campaign::Campaign;

/// Leads are counted again after so many times as long as it took: of a status that is asked for every second this is at most a
/// twentieth.
const GOOD_FOR: u32 = 20;

/// What was told last of each campaign. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LatelyTold(Arc<Mutex<HashMap<CampaignId, Told>>>);

#[derive(Debug)]
struct Told {
    version: Option<AgentVersionId>,
    warnings: Vec<String>,
    took: Duration,
    good_until: Instant,
}

impl LatelyTold {
    fn keep(&self, campaign: CampaignId, version: Option<AgentVersionId>, warnings: &[String], took: Duration) {
        let (now, mut known) = (Instant::now(), self.lock());
        known.retain(|_, told| told.good_until > now);
        known.insert(campaign, Told { version, warnings: warnings.to_vec(), took, good_until: now + took * GOOD_FOR });
    }

    /// Nothing, where another agent speaks by now or the leads have to be counted again. Whoever learns that counts them; who asks
    /// meanwhile is told the same once more, so that many who look at one campaign do not count its leads all at once.
    fn of(&self, campaign: CampaignId, version: Option<AgentVersionId>) -> Option<Vec<String>> {
        let (now, mut known) = (Instant::now(), self.lock());
        let told = known.get_mut(&campaign).filter(|told| told.version == version)?;
        if told.good_until <= now {
            told.good_until = now + told.took * 2;
            return None;
        }
        Some(told.warnings.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CampaignId, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells of each value that lines say how many leads wait without it. Of lines that say none no lead is looked at.
///
/// # Errors
/// The database cannot be read.
pub async fn told(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let begun = Instant::now();
    let warnings = counted_now(api, campaign).await?;
    api.unspoken.keep(campaign.id, campaign.agent_version_id, &warnings, begun.elapsed());
    Ok(warnings)
}

/// The same for a status, a little later where counting takes long. Nobody is called any more by a campaign that is over.
///
/// # Errors
/// The database cannot be read.
pub async fn lately_told(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    if matches!(campaign.state, Completed | Cancelled) {
        return Ok(Vec::new());
    }
    match api.unspoken.of(campaign.id, campaign.agent_version_id) {
        Some(warnings) => Ok(warnings),
        None => told(api, campaign).await,
    }
}

async fn counted_now(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let said = said_by(api, campaign).await?;
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = said.iter().map(|spoken| spoken.name.as_str()).collect();
    let found = api.store.lacking(campaign.id, &names).await?;
    let lacked = said.iter().zip(&found.lacking).filter(|(_, lacking)| **lacking > 0);
    let who = |name: &str, lacking: &i64| format!("{lacking} of {} {} no {name}", counted(found.leads, "lead"), have(lacking));
    Ok(lacked.map(|(spoken, lacking)| lack(&who(&spoken.name, lacking), spoken, &campaign.name)).collect())
}

/// What the lines of the campaign's agent say; none where no agent is pinned.
///
/// # Errors
/// The database cannot be read.
pub async fn said_by(api: &ApiState, campaign: &Campaign) -> Result<Vec<Spoken>, ApiError> {
    let Some(version) = campaign.agent_version_id else { return Ok(Vec::new()) };
    let agent = api.store.agent_version(version).await?;
    Ok(agent.map(|agent| spoken(&agent.definition.0.lines)).unwrap_or_default())
}

/// Who lacks a value that lines say, what follows, and what helps.
pub fn lack(who: &str, Spoken { name, line }: &Spoken, campaign: &str) -> String {
    format!(
        "{who}, which lines.{line} says: it is left out there; fill it in and import the whole rows again (callfleet leads import \
         --campaign {campaign} --update FILE), or ask for it in the line: {{% if {name} %}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_told_again_for_as_long_as_it_is_good_and_the_same_agent_speaks() {
        let (lately, campaign, version) = (LatelyTold::default(), CampaignId::new(), Some(AgentVersionId::new()));
        assert_eq!(lately.of(campaign, version), None);
        let told = ["2 of 4 leads have no city".to_owned()];
        lately.keep(campaign, version, &told, Duration::from_secs(60));
        assert_eq!(lately.of(campaign, version).as_deref(), Some(told.as_slice()));
        assert_eq!((lately.of(campaign, Some(AgentVersionId::new())), lately.of(CampaignId::new(), version)), (None, None));
        lately.keep(campaign, version, &told, Duration::ZERO);
        assert_eq!(lately.of(campaign, version), None, "it took no time to count");
    }

    #[test]
    fn one_counts_again_and_the_others_are_told_the_same_meanwhile() {
        let (lately, campaign) = (LatelyTold::default(), CampaignId::new());
        let told = ["2 of 4 leads have no city".to_owned()];
        lately.keep(campaign, None, &told, Duration::from_secs(60));
        lately.lock().get_mut(&campaign).unwrap().good_until = Instant::now();
        assert_eq!(lately.of(campaign, None), None, "this one counts");
        assert_eq!(lately.of(campaign, None).as_deref(), Some(told.as_slice()));
    }
}
