//! The number a campaign hands calls to, and what speaks against it. Whoever sets it is told at once, not by the callee who is lost.

use serde_json::Value;

use super::ApiState;
use super::error::ApiError;
use crate::domain::phone::PhoneNumber;
use crate::intake::phone::dialable;
use crate::store::campaign::Campaign;

/// Who is rung when a callee asks for a person. A draft may lack much else, so only this key is read.
pub fn number(campaign: &Campaign) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(campaign.settings.0["transfer_to"].as_str()?.trim()).ok()
}

/// Why that number may be a mistake, and what to do. The provider would ring it all the same: whoever takes handed calls need be on
/// no list, so no gate looks at it.
///
/// # Errors
/// The database cannot be read.
pub async fn warnings(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let Some(to) = number(campaign) else { return Ok(Vec::new()) };
    let found = [
        no_person(&to),
        caller(api, campaign, &to).await?.map(|name| of_ours(&name)),
        suppressed(api, campaign, &to).await?,
        api.store.campaign_that_calls(&to).await?.map(|name| lead(&name)),
    ];
    let give = format!("give the number of who takes the calls: callfleet campaign set {} transfer_to=NUMBER", campaign.name);
    Ok(found.into_iter().flatten().map(|what| format!("transfer_to {to}: {what}; {give}")).collect())
}

/// A number that no list of leads would take.
fn no_person(to: &PhoneNumber) -> Option<String> {
    let trouble = dialable(to.e164(), None).err()?;
    Some(format!("{}, and a callee who asks for a person is handed to it", trouble.message))
}

/// The campaign that calls from this number, this one before all others.
async fn caller(api: &ApiState, campaign: &Campaign, to: &PhoneNumber) -> Result<Option<String>, ApiError> {
    if calls_from(campaign, to) {
        return Ok(Some(campaign.name.clone()));
    }
    Ok(api.store.campaigns().await?.into_iter().find(|other| calls_from(other, to)).map(|other| other.name))
}

fn calls_from(campaign: &Campaign, number: &PhoneNumber) -> bool {
    let callers = campaign.settings.0["caller_numbers"].as_array().into_iter().flatten();
    callers.filter_map(Value::as_str).any(|caller| caller.trim() == number.e164())
}

fn of_ours(campaign: &str) -> String {
    format!("campaign {campaign} calls from this number, and a callee who asks for a person is handed back to the provider account")
}

async fn suppressed(api: &ApiState, campaign: &Campaign, to: &PhoneNumber) -> Result<Option<String>, ApiError> {
    let told = "it must not be called (callfleet dnc show NUMBER says why), and is rung when a callee asks for a person";
    Ok(api.store.is_suppressed(to, campaign.id).await?.then(|| told.to_owned()))
}

fn lead(campaign: &str) -> String {
    format!(
        "it is a lead of campaign {campaign} and will be called as one; take it off the list (callfleet leads cancel NUMBER --campaign \
         {campaign})"
    )
}
