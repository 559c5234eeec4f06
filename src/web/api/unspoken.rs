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
    let said = said_by(api, campaign).await?;
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = said.iter().map(|spoken| spoken.name.as_str()).collect();
    let found = api.store.lacking(campaign.id, &names).await?;
    let lacked = said.iter().zip(&found.lacking).filter(|(_, lacking)| **lacking > 0);
    Ok(lacked.map(|(spoken, lacking)| lack(spoken, *lacking, found.leads, &campaign.name)).collect())
}

/// What the lines of the campaign's agent say.
async fn said_by(api: &ApiState, campaign: &Campaign) -> Result<Vec<Spoken>, ApiError> {
    let Some(version) = campaign.agent_version_id else { return Ok(Vec::new()) };
    let agent = api.store.agent_version(version).await?;
    Ok(agent.map(|agent| spoken(&agent.definition.0.lines)).unwrap_or_default())
}

fn lack(Spoken { name, line }: &Spoken, lacking: i64, leads: i64, campaign: &str) -> String {
    let (of, have) = (counted(leads, "lead"), have(&lacking));
    format!(
        "{lacking} of {of} {have} no {name}, which lines.{line} says: it is left out there; fill it in and import the whole rows again \
         (callfleet leads import --campaign {campaign} --update FILE), or ask for it in the line: {{% if {name} %}}"
    )
}
