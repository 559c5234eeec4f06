//! What an agent's lines say of a lead and the campaign's list does not tell.

use super::ApiState;
use super::error::ApiError;
use crate::domain::count::{counted, have};
use crate::mind::prompt::{Spoken, spoken};
use crate::store::campaign::Campaign;

/// Tells of each value that lines say how many leads wait without it. Of lines that say none no lead is looked at.
///
/// # Errors
/// The database cannot be read.
pub async fn told(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let Some(version) = campaign.agent_version_id else { return Ok(Vec::new()) };
    let Some(agent) = api.store.agent_version(version).await? else { return Ok(Vec::new()) };
    let mut told = Vec::new();
    for Spoken { name, line } in spoken(&agent.definition.0.lines) {
        let (lacking, leads) = api.store.lacking(campaign.id, &name).await?;
        if lacking > 0 {
            let (of, have) = (counted(leads, "lead"), have(&lacking));
            told.push(format!(
                "{lacking} of {of} {have} no {name}, which lines.{line} says: it is left out there; fill it in and import the whole rows \
                 again (callfleet leads import --campaign {} --update FILE), or ask for it in the line: {{% if {name} %}}",
                campaign.name
            ));
        }
    }
    Ok(told)
}
