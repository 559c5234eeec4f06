//! A campaign's settings and agent: read, checked, replaced.
//!
//! A draft may lack what has no default (the operator's own numbers, an agent); everything else has to be right at once.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ApiState;
use super::assignments::Assignments;
use super::campaigns::{StatusJson, find};
use super::error::{ApiError, both};
use super::extract::{Actor, Sent};
use super::settings::{Need, Origin, WholeSettings, checked};
use crate::domain::campaign::CampaignState;
use crate::domain::campaign::assign::assign;
use crate::domain::campaign::file::CampaignFile;
use crate::domain::ids::AgentVersionId;
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;

/// What still has to be done before a campaign can start; empty when it can.
pub fn to_do(campaign: &Campaign, leads: i64) -> Vec<String> {
    let mut to_do = Vec::new();
    let wrong = CampaignFile::from_json(&campaign.settings.0.to_string()).map_or_else(|wrong| wrong, |file| file.problems());
    to_do.extend(wrong.iter().map(ToString::to_string));
    if campaign.agent_version_id.is_none() {
        to_do.push(format!("no agent: callfleet campaign change {} --agent NAME", campaign.name));
    }
    if leads == 0 {
        to_do.push(format!("no leads: callfleet leads import --campaign {} FILE", campaign.name));
    }
    to_do
}

/// The newest version of an agent.
///
/// # Errors
/// There is no such agent, or the database cannot be read.
pub async fn agent_version(api: &ApiState, name: &str) -> Result<AgentVersionId, ApiError> {
    version_of(api, name, None).await
}

async fn version_of(api: &ApiState, name: &str, version: Option<i32>) -> Result<AgentVersionId, ApiError> {
    let fix = "callfleet agent list shows them; callfleet agent save FILE makes one";
    let agent = api.store.agent_by_name(name, version).await?;
    let which = version.map(|version| format!(" with a version {version}")).unwrap_or_default();
    Ok(agent.ok_or_else(|| ApiError::unusable("no_such_agent", format!("there is no agent `{name}`{which}"), fix))?.id)
}

/// The newest version of the only agent there is; `None` when there are several, or none: then the operator has to say.
///
/// # Errors
/// The database cannot be read.
pub async fn only_agent(api: &ApiState) -> Result<Option<AgentVersionId>, ApiError> {
    let versions = api.store.agent_versions().await?;
    let Some(newest) = versions.first() else { return Ok(None) };
    Ok(versions.iter().all(|version| version.name == newest.name).then_some(newest.id))
}

/// The body of `PATCH /v1/campaigns/{name}`; what is not named stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    settings: Option<Value>,
    settings_toml: Option<String>,
    /// What the file with the TOML is called.
    settings_file: Option<String>,
    /// Single settings by their dotted keys, as texts: `{"pace.lines": "20"}`.
    set: Option<Assignments>,
    agent: Option<String>,
    /// Of the named agent, else of the one that speaks; without it the newest.
    agent_version: Option<i32>,
}

impl ChangeBody {
    fn whole(&self) -> WholeSettings<'_> {
        WholeSettings { json: self.settings.as_ref(), toml: self.settings_toml.as_deref(), file: self.settings_file.as_deref() }
    }

    fn origin(&self) -> Origin<'_> {
        self.set.as_ref().map_or_else(|| self.whole().origin(), Origin::Assigned)
    }
}

/// What a change has brought about.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// False when the campaign was like that already.
    changed: bool,
    #[serde(flatten)]
    status: StatusJson,
}

/// `PATCH /v1/campaigns/{name}`: new settings hold from the next dial on, a new agent from the next armed attempt.
pub async fn change(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    actor: Actor,
    Sent(body): Sent<ChangeBody>,
) -> Result<Json<Changed>, ApiError> {
    let campaign = find(&api, &name).await?;
    let (settings, agent) = both(wanted(&campaign, &body), named_agent(&api, &campaign, &body).await)?;
    let mut changed = false;
    if let Some((file, stored)) = settings {
        changed |= replace_settings(&api, &campaign, &file, &stored, actor).await?;
    }
    if let Some(agent) = agent {
        changed |= api.store.pin_agent(campaign.id, agent, actor.0, api.clock.now()).await?;
    }
    let campaign = find(&api, &name).await?;
    let status = match agent {
        Some(_) => StatusJson::of(&api, &campaign).await?,
        None => StatusJson::of_settings(&api, &campaign).await?,
    };
    Ok(Json(Changed { changed, status }))
}

/// The version that shall speak, when the change names one.
async fn named_agent(api: &ApiState, campaign: &Campaign, body: &ChangeBody) -> Result<Option<AgentVersionId>, ApiError> {
    match (&body.agent, body.agent_version) {
        (None, None) => Ok(None),
        (Some(name), version) => version_of(api, name, version).await.map(Some),
        (None, version) => version_of(api, &speaker_name(api, campaign).await?, version).await.map(Some),
    }
}

/// The settings that are asked for, checked, and what is stored of them.
fn wanted(campaign: &Campaign, body: &ChangeBody) -> Result<Option<(CampaignFile, Value)>, ApiError> {
    let Some(file) = asked(campaign, body)? else { return Ok(None) };
    let stored = checked(&file, Need::of(campaign.state), body.origin())?;
    Ok(Some((file, stored)))
}

/// The settings that are asked for: as a whole, or what is stored with some keys changed.
fn asked(campaign: &Campaign, body: &ChangeBody) -> Result<Option<CampaignFile>, ApiError> {
    let need = Need::of(campaign.state);
    let whole = body.whole().read(need)?;
    match (whole, &body.set) {
        (whole, None) => Ok(whole),
        (None, Some(set)) => assign(&campaign.settings.0, set.pairs()).map(Some).map_err(|wrong| body.origin().refused(&need.unmet(wrong))),
        (Some(_), Some(_)) => Err(ApiError::unusable("bad_settings", "both whole settings and `set` were sent", "send one of the two")),
    }
}

async fn speaker_name(api: &ApiState, campaign: &Campaign) -> Result<String, ApiError> {
    let agents = api.store.agent_versions().await?;
    let speaker = campaign.agent_version_id.and_then(|id| super::campaigns::speaker(&agents, id));
    let fix = "name it: callfleet campaign change NAME --agent AGENT";
    speaker.map(|speaker| speaker.name).ok_or_else(|| ApiError::conflict("no_agent", "the campaign has no agent yet", fix))
}

/// Whether anything is different then.
async fn replace_settings(
    api: &ApiState,
    campaign: &Campaign,
    file: &CampaignFile,
    stored: &Value,
    actor: Actor,
) -> Result<bool, ApiError> {
    must_not_be_over(campaign, file, api.clock.now())?;
    let version = api.store.change_campaign_settings(campaign.id, campaign.version, stored, actor.0, api.clock.now()).await?;
    let fix = "look at it and send the change again: callfleet campaign status";
    version
        .map(|version| version != campaign.version)
        .ok_or_else(|| ApiError::conflict("changed_meanwhile", "somebody changed the campaign in this moment", fix))
}

/// A slip in a date finishes no campaign that calls or is about to: with an end that has passed the scheduler drains it at once.
fn must_not_be_over(campaign: &Campaign, file: &CampaignFile, now: Timestamp) -> Result<(), ApiError> {
    let way_out = match campaign.state {
        CampaignState::Running => format!("to finish it now: callfleet campaign drain {}", campaign.name),
        CampaignState::Scheduled => format!("to keep it from starting: callfleet campaign unschedule {}", campaign.name),
        _ => return Ok(()),
    };
    match file.settings().ok().and_then(|settings| settings.ends_at).filter(|end| *end <= now) {
        Some(end) => Err(ApiError::conflict("over", format!("schedule.end: {end} has passed"), format!("give it a later end; {way_out}"))),
        None => Ok(()),
    }
}
