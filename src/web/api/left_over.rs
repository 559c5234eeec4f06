//! A running campaign that has nobody left to call: what waits is of countries that it does not call, and is parked when its turn comes,
//! perhaps days later. Until then the campaign goes on, and somebody may want to end it.

use super::ApiState;
use super::error::ApiError;
use crate::domain::abroad::Abroad;
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::count::counted;
use crate::domain::zone::country_of_opening;
use crate::store::campaign::Campaign;

/// Whether the campaign calls numbers that begin with these four digits, and the provider lets it.
pub fn is_called(campaign: &Campaign, settings: &CampaignSettings, opening: &str) -> bool {
    let is_refused = campaign.not_permitted.as_ref().is_some_and(|countries| countries.refuses(opening));
    !is_refused && settings.countries.calls(country_of_opening(opening))
}

/// Tells that nobody is left to call although leads wait, and what ends the campaign. Most campaigns are known by one lead.
///
/// # Errors
/// The database cannot be read.
pub async fn told(api: &ApiState, campaign: &Campaign) -> Result<Option<String>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(None) };
    let calls_everybody = Abroad::of(&settings.countries).is_nowhere() && campaign.not_permitted.is_none();
    if campaign.state != CampaignState::Running || calls_everybody {
        return Ok(None);
    }
    let first = api.store.first_open_number(campaign.id).await?;
    if first.is_none_or(|number| is_called(campaign, &settings, number.opening())) {
        return Ok(None);
    }
    let mut left = 0;
    for (opening, leads, parked) in api.store.lead_openings(campaign.id).await? {
        if leads > parked && is_called(campaign, &settings, &opening) {
            return Ok(None);
        }
        left += leads - parked;
    }
    Ok((left > 0).then(|| sentence(&campaign.name, left)))
}

fn sentence(name: &str, left: i64) -> String {
    format!(
        "nobody is left to call: what waits ({}) is of countries that this campaign does not call, or that the provider has refused it, \
         and the campaign ends when all of it was parked in its turn; to end it now: callfleet campaign drain {name}",
        counted(left, "lead")
    )
}
