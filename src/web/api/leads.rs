//! Leads: listed page by page with masked numbers, looked at one by one, taken off the list, called again.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiState;
use super::campaigns::{TEST_CALLS, find};
use super::error::ApiError;
use super::extract::{Actor, Ask};
use super::idle;
use super::masked::masked;
use crate::domain::attempt::DialKind;
use crate::domain::ids::LeadId;
use crate::domain::lead::LeadState;
use crate::domain::outcome::Disposition;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::intake::phone::named;
use crate::store::Change;
use crate::store::lead::{Lead, LeadFilter};

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 1_000;
/// Enough to name some campaigns beside that of test calls.
const A_FEW: u32 = 9;

/// The query of `GET /v1/leads`; everything that is set must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadQuery {
    campaign: Option<String>,
    state: Option<LeadState>,
    disposition: Option<Disposition>,
    phone_number: Option<PhoneNumber>,
    external_id: Option<String>,
    after: Option<LeadId>,
    limit: Option<u32>,
}

/// `GET /v1/leads`: in the order of the list; `next` asks for the next page.
pub async fn list(State(api): State<ApiState>, Ask(query): Ask<LeadQuery>) -> Result<Json<Value>, ApiError> {
    let campaign = match &query.campaign {
        Some(name) => Some(find(&api, name).await?.id),
        None => None,
    };
    let LeadQuery { state, disposition, phone_number, external_id, after, limit, .. } = query;
    let limit = limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let leads = api.store.leads(&LeadFilter { campaign, state, disposition, phone_number, external_id }, after, limit).await?;
    let next = leads.last().filter(|_| leads.len() == limit as usize).map(|lead| lead.id);
    Ok(Json(json!({ "leads": without_variables(masked(&leads)?), "next": next })))
}

/// What a list says about a person is shown one person at a time.
fn without_variables(mut leads: Value) -> Value {
    for lead in leads.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        lead.remove("variables");
    }
    leads
}

/// Which campaign's lead is meant where a number or a list's own key stands for it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfCampaign {
    campaign: Option<String>,
}

/// The lead of an id, of a number with its country, or of the list's own key; the latter two may need the campaign. That of a test call
/// is meant only where no list has the number.
///
/// # Errors
/// There is none, or several campaigns have one.
pub async fn resolve(api: &ApiState, text: &str, of: &OfCampaign) -> Result<LeadId, ApiError> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let campaign = match &of.campaign {
        Some(name) => Some(find(api, name).await?.id),
        None => None,
    };
    let phone_number = named(text).ok();
    let external_id = (phone_number.is_none() && campaign.is_some()).then(|| text.to_owned());
    if phone_number.is_none() && external_id.is_none() {
        let fix = "give its id or its number like +14155550123, or the list's own key with --campaign NAME";
        return Err(ApiError::missing(format!("there is no lead {text}"), fix));
    }
    let filter = LeadFilter { campaign, phone_number, external_id, ..LeadFilter::default() };
    let mut found = api.store.leads(&filter, None, A_FEW).await?;
    // whoever called that phone for a test means the lead of a list
    if found.len() > 1
        && let Some(tests) = api.store.campaign_by_name(TEST_CALLS).await?
    {
        found.retain(|lead| lead.campaign_id != tests.id);
    }
    match &found[..] {
        [lead] => Ok(lead.id),
        [] => Err(missing("with that number or key")),
        several => Err(several_leads(api, several).await?),
    }
}

/// Between which leads somebody has to choose.
async fn several_leads(api: &ApiState, found: &[Lead]) -> Result<ApiError, ApiError> {
    let mut names: Vec<String> = Vec::new();
    for lead in found {
        let name = api.store.campaign(lead.campaign_id).await?.map(|campaign| campaign.name);
        let new = name.filter(|name| !names.contains(name));
        names.extend(new);
    }
    let ids: Vec<String> = found.iter().map(|lead| lead.id.to_string()).collect();
    let (message, fix) = match &names[..] {
        [only] => (format!("several leads of campaign {only} have that key"), format!("say which by its id: {}", ids.join(", "))),
        _ => {
            (format!("several campaigns have that number: {}", names.join(", ")), "say which: --campaign NAME, or the lead's id".to_owned())
        }
    };
    Ok(ApiError::conflict("several_leads", message, fix))
}

/// `GET /v1/leads/{id}`: the lead with all its attempts.
pub async fn show(State(api): State<ApiState>, Path(id): Path<String>, Ask(of): Ask<OfCampaign>) -> Result<Json<Value>, ApiError> {
    let view = api.store.lead_view(resolve(&api, &id, &of).await?).await?.ok_or_else(|| missing(&id))?;
    Ok(Json(masked(&view)?))
}

/// `POST /v1/leads/{id}/cancel`: off the list; a live call goes on.
pub async fn cancel(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    Ask(of): Ask<OfCampaign>,
    actor: Actor,
) -> Result<Json<Value>, ApiError> {
    let lead = resolve(&api, &id, &of).await?;
    let change = api.store.cancel_lead(lead, actor.0, api.clock.now()).await?;
    changed(&id, lead, change, LeadState::Cancelled, "a lead that is done or suppressed cannot be cancelled")
}

/// `POST /v1/leads/{id}/retry`: a finished or parked lead is called again as soon as every gate is open; `notes` and
/// `warnings` tell what keeps its campaign from calling, and of a callback that is brought forward.
pub async fn retry(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    Ask(of): Ask<OfCampaign>,
    actor: Actor,
) -> Result<Json<Value>, ApiError> {
    let now = api.clock.now();
    let lead = api.store.lead(resolve(&api, &id, &of).await?).await?.ok_or_else(|| missing(&id))?;
    let campaign = api.store.campaign(lead.campaign_id).await?.ok_or_else(|| missing(&id))?;
    idle::must_not_be_cancelled(&campaign)?;
    let change = api.store.retry_lead(lead.id, actor.0, now).await?;
    let rule = if lead.state == LeadState::Suppressed {
        "it stays so in this campaign, also when its number is allowed again: import it into another one"
    } else {
        "only a finished or parked lead that did not opt out can be called again"
    };
    let mut answer = changed(&id, lead.id, change, LeadState::Waiting, rule)?;
    let warnings: Vec<String> = idle::warning(&campaign).into_iter().chain(brought_forward(&lead, now)).collect();
    answer["notes"] = json!(idle::note(&campaign).into_iter().collect::<Vec<_>>());
    answer["warnings"] = json!(warnings);
    Ok(answer)
}

/// A promise that was still to come before the operator asked for the call.
fn brought_forward(before: &Lead, now: Timestamp) -> Option<String> {
    let promised = before.next_kind == DialKind::Callback && before.next_attempt_at > now;
    promised.then(|| format!("a callback was promised for {}: it is made as soon as every gate is open instead", before.next_attempt_at))
}

/// `POST /v1/campaigns/{name}/parked/retry`: all parked leads of a campaign are called again as soon as every gate is open, none
/// before its time.
pub async fn retry_parked(State(api): State<ApiState>, Path(name): Path<String>, actor: Actor) -> Result<Json<Value>, ApiError> {
    let campaign = find(&api, &name).await?;
    idle::must_not_be_cancelled(&campaign)?;
    let leads = api.store.retry_parked(campaign.id, actor.0, api.clock.now()).await?;
    let [notes, warnings] = [idle::note(&campaign), idle::warning(&campaign)].map(|told| told.into_iter().collect::<Vec<_>>());
    Ok(Json(json!({ "campaign": name, "leads": leads, "notes": notes, "warnings": warnings })))
}

/// `id` is what was typed, which may be a number that other campaigns have too; the advice names this lead alone.
fn changed(id: &str, lead: LeadId, change: Change<LeadState>, to: LeadState, rule: &str) -> Result<Json<Value>, ApiError> {
    match change {
        Change::Changed => Ok(Json(json!({ "id": id, "state": to }))),
        Change::Was(state) => {
            Err(ApiError::conflict("wrong_state", format!("lead {id} is {state}; {rule}"), format!("callfleet lead show {lead} shows it")))
        }
        Change::Missing => Err(missing(id)),
    }
}

fn missing(id: &str) -> ApiError {
    ApiError::missing(format!("there is no lead {id}"), "callfleet leads list shows them")
}
