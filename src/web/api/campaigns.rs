//! Campaigns: made, listed, and where each stands.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ApiState;
use super::callbacks;
use super::change;
use super::error::{ApiError, both};
use super::extract::{Actor, Sent};
use super::settings::{Need, WholeSettings, checked};
use super::{start, unspoken};
use crate::domain::callback::keep::Fidelity;
use crate::domain::campaign::CampaignState;
use crate::domain::ids::{AgentVersionId, CampaignId};
use crate::domain::time::Timestamp;
use crate::store::agent_list::AgentListing;
use crate::store::campaign::{Campaign, NewCampaign};

/// The campaign of test calls: made when it is needed, left out of lists.
pub const TEST_CALLS: &str = "test-calls";
const LONGEST_NAME: usize = 64;

/// Who speaks in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Speaker {
    /// The agent's name.
    pub name: String,
    /// The pinned version.
    pub version: i32,
}

/// A campaign as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignJson {
    id: CampaignId,
    name: String,
    state: CampaignState,
    state_reason: Option<String>,
    agent: Option<Speaker>,
    version: i32,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl CampaignJson {
    /// Out of the row, with its agent's name.
    pub fn new(campaign: &Campaign, agents: &[AgentListing]) -> Self {
        Self {
            id: campaign.id,
            name: campaign.name.clone(),
            state: campaign.state,
            state_reason: campaign.state_reason.clone(),
            agent: campaign.agent_version_id.and_then(|id| speaker(agents, id)),
            version: campaign.version,
            created_at: campaign.created_at,
            started_at: campaign.started_at,
            ended_at: campaign.ended_at,
        }
    }
}

/// The name and number of a version.
pub fn speaker(agents: &[AgentListing], id: AgentVersionId) -> Option<Speaker> {
    let agent = agents.iter().find(|agent| agent.id == id)?;
    Some(Speaker { name: agent.name.clone(), version: agent.version })
}

#[derive(Debug, Serialize)]
pub struct Listed {
    #[serde(flatten)]
    campaign: CampaignJson,
    leads: i64,
    open: i64,
}

#[derive(Debug, Serialize)]
pub struct List {
    campaigns: Vec<Listed>,
}

/// `GET /v1/campaigns`: newest first, with the number of leads and of those that are not done.
pub async fn list(State(api): State<ApiState>) -> Result<Json<List>, ApiError> {
    let (agents, counts) = (api.store.agent_versions().await?, api.store.lead_counts().await?);
    let campaigns = api.store.campaigns().await?;
    let listed = campaigns.iter().filter(|campaign| campaign.name != TEST_CALLS).map(|campaign| {
        let own = || counts.iter().filter(|count| count.campaign == campaign.id);
        let open = own().filter(|count| !count.state.is_terminal()).map(|count| count.leads).sum();
        Listed { campaign: CampaignJson::new(campaign, &agents), leads: own().map(|count| count.leads).sum(), open }
    });
    Ok(Json(List { campaigns: listed.collect() }))
}

/// The body of `POST /v1/campaigns`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBody {
    name: String,
    settings: Option<Value>,
    settings_toml: Option<String>,
    /// What the file with the TOML is called.
    settings_file: Option<String>,
    agent: Option<String>,
}

impl NewBody {
    fn whole(&self) -> WholeSettings<'_> {
        WholeSettings { json: self.settings.as_ref(), toml: self.settings_toml.as_deref(), file: self.settings_file.as_deref() }
    }

    /// What is stored of its settings.
    fn stored(&self) -> Result<Value, ApiError> {
        let file = self.whole().read(Need::Draft)?.unwrap_or_default();
        checked(&file, Need::Draft, self.whole().origin())
    }
}

/// `POST /v1/campaigns`: a draft. It may still lack what only the operator knows (its numbers, its agent); starting asks for it.
pub async fn create(
    State(api): State<ApiState>,
    actor: Actor,
    Sent(body): Sent<NewBody>,
) -> Result<(StatusCode, Json<StatusJson>), ApiError> {
    let agent = match &body.agent {
        Some(name) => change::agent_version(&api, name).await.map(Some),
        None => change::only_agent(&api).await,
    };
    let (stored, agent) = both(body.stored(), agent)?;
    let made = create_draft(&api, &body.name, &stored, agent, actor).await?;
    Ok((StatusCode::CREATED, Json(StatusJson::of(&api, &made).await?)))
}

/// Makes a draft of settings that were checked.
///
/// # Errors
/// The name cannot be used or is taken, or the database cannot be written.
pub async fn create_draft(
    api: &ApiState,
    name: &str,
    settings: &Value,
    agent_version: Option<AgentVersionId>,
    actor: Actor,
) -> Result<Campaign, ApiError> {
    check_name(name)?;
    let made = api.store.create_campaign(NewCampaign { name, settings, agent_version }, actor.0, api.clock.now()).await?;
    let fix = "choose another name, or change it: callfleet campaign change";
    made.ok_or_else(|| ApiError::conflict("name_taken", format!("a campaign `{name}` exists already"), fix))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if fits && name != TEST_CALLS && !name.starts_with('.') {
        return Ok(());
    }
    let fix = "use up to 64 letters, digits, `-`, `_` and `.`, for example spring-2026; `test-calls` is taken";
    Err(ApiError::unusable("bad_name", format!("`{name}` cannot be a campaign's name"), fix))
}

/// Where a campaign stands.
#[derive(Debug, Serialize)]
pub struct StatusJson {
    #[serde(flatten)]
    campaign: CampaignJson,
    settings: Value,
    to_do: Vec<String>,
    leads: BTreeMap<&'static str, i64>,
    dispositions: BTreeMap<&'static str, i64>,
    attempts: BTreeMap<&'static str, i64>,
    total: i64,
    opt_outs: i64,
    next_due: Option<Timestamp>,
    spent_usd: f64,
    reserved_usd: f64,
    /// What somebody has to see to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    callbacks: Fidelity,
}

impl StatusJson {
    /// Counts the campaign's rows.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of(api: &ApiState, campaign: &Campaign) -> Result<Self, ApiError> {
        let mut status = Self::of_settings(api, campaign).await?;
        status.warnings.extend(unspoken::lately_told(api, campaign).await?);
        Ok(status)
    }

    /// The same without what the agent's lines say and leads lack: a change of settings changes nothing about that.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_settings(api: &ApiState, campaign: &Campaign) -> Result<Self, ApiError> {
        let (status, agents) = (api.store.campaign_status(campaign.id).await?, api.store.agent_versions().await?);
        Ok(Self {
            campaign: CampaignJson::new(campaign, &agents),
            settings: campaign.settings.0.clone(),
            to_do: change::to_do(campaign, status.total()),
            leads: status.leads.iter().map(|(state, leads)| (state.as_str(), *leads)).collect(),
            dispositions: status.dispositions.iter().map(|(disposition, leads)| (disposition.as_str(), *leads)).collect(),
            attempts: status.attempts.iter().map(|(state, attempts)| (state.as_str(), *attempts)).collect(),
            total: status.total(),
            opt_outs: status.opt_outs,
            // nobody is called any more, whatever the rows still say
            next_due: status.next_due.filter(|_| campaign.ended_at.is_none()),
            spent_usd: status.spent.as_usd(),
            reserved_usd: status.reserved.as_usd(),
            warnings: start::warnings(api, campaign).await?,
            callbacks: api.store.callback_fidelity(campaign.id, callbacks::tolerance(campaign), api.clock.now()).await?,
        })
    }
}

/// `GET /v1/campaigns/{name}`.
pub async fn status(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<StatusJson>, ApiError> {
    let campaign = find(&api, &name).await?;
    Ok(Json(StatusJson::of(&api, &campaign).await?))
}

/// The campaign of this name.
///
/// # Errors
/// There is none, or the database cannot be read.
pub async fn find(api: &ApiState, name: &str) -> Result<Campaign, ApiError> {
    let fix = "callfleet campaign list shows them";
    api.store.campaign_by_name(name).await?.ok_or_else(|| ApiError::missing(format!("there is no campaign `{name}`"), fix))
}
