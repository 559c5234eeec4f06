//! One call to one's own phone: a lead of a campaign kept for that, dialed by the same dispatcher as any other.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ApiState;
use super::campaigns::TEST_CALLS;
use super::change;
use super::error::ApiError;
use super::extract::{Actor, Sent};
use super::settings::{Need, Origin, checked};
use super::transfer;
use crate::domain::campaign::CampaignState;
use crate::domain::campaign::file::{CampaignFile, RedialFile, RedialLine};
use crate::domain::ids::{AgentVersionId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::domain::zone::{Address, zones_for};
use crate::store::Change;
use crate::store::campaign::{Campaign, CampaignChange, NewCampaign};
use crate::store::codec::JsonText;
use crate::store::lead::LeadFilter;
use crate::store::lead_insert::{ListPlace, NewLead, OnDuplicate};
use crate::store::lease::SCHEDULER;
use crate::store::queue_control::DIAL_QUEUE;

/// The body of `POST /v1/calls/test`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    to: PhoneNumber,
    from: Option<PhoneNumber>,
    agent: Option<String>,
    /// Who is rung when the callee asks for a person.
    transfer_to: Option<PhoneNumber>,
}

/// The lead to watch: `GET /v1/leads/{lead_id}`.
#[derive(Debug, Serialize)]
pub struct TestCall {
    lead_id: LeadId,
    campaign: &'static str,
    attempts_before: i32,
    due_at: Timestamp,
    /// Why the person may not be reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// `POST /v1/calls/test`.
pub async fn test(State(api): State<ApiState>, actor: Actor, Sent(body): Sent<TestBody>) -> Result<(StatusCode, Json<TestCall>), ApiError> {
    must_run(&api).await?;
    must_be_two(&body)?;
    let agent = agent(&api, body.agent.as_deref()).await?;
    let campaign = campaign(&api, &body, agent, actor).await?;
    let warnings = transfer::warnings(&api, &campaign).await?;
    let (lead_id, attempts_before) = lead(&api, &campaign, &body.to).await?;
    let due_at = api.clock.now();
    let change = api.store.call_lead_next(lead_id, actor.0, due_at).await?;
    // after the lead is due: a running campaign with nobody to call completes
    run(&api, actor).await?;
    match change {
        Change::Changed => Ok((StatusCode::ACCEPTED, Json(TestCall { lead_id, campaign: TEST_CALLS, attempts_before, due_at, warnings }))),
        Change::Was(state) => Err(not_callable(state)),
        Change::Missing => Err(ApiError::missing("the test lead is gone", "try again")),
    }
}

/// A call is placed by a running process, and while dials are not paused, or not at all.
async fn must_run(api: &ApiState) -> Result<(), ApiError> {
    if api.store.is_queue_paused(DIAL_QUEUE).await? {
        let fix = "callfleet queue resume dial, then try again";
        return Err(ApiError::conflict("queue_paused", "the dial queue is paused, and a test call is a dial too", fix));
    }
    let workers = api.store.live_lines(api.timings.holder_silence).await?.workers;
    if workers > 0 && api.store.lease_holder(SCHEDULER).await?.is_some() {
        return Ok(());
    }
    let fix = if api.store.is_shared() {
        "start `callfleet scheduler`, `callfleet worker` and `callfleet web`, then try again"
    } else {
        "run `callfleet up` in another terminal, then try again"
    };
    Err(ApiError::conflict("nothing_runs", "no process is running that could place the call", fix))
}

/// A phone on which one talks with the agent cannot be picked up a second time.
fn must_be_two(body: &TestBody) -> Result<(), ApiError> {
    if body.transfer_to.as_ref() != Some(&body.to) {
        return Ok(());
    }
    let fix = "name a second phone to be rung when you ask for a person";
    Err(ApiError::unusable("same_phone", "the phone that is called would be rung while it is busy with the call", fix))
}

async fn agent(api: &ApiState, name: Option<&str>) -> Result<AgentVersionId, ApiError> {
    if let Some(name) = name {
        return change::agent_version(api, name).await;
    }
    let newest = api.store.agent_versions().await?.into_iter().next();
    let fix = "save one: callfleet agent save config/demo/agent.toml";
    newest.map(|agent| agent.id).ok_or_else(|| ApiError::conflict("no_agent", "there is no agent yet", fix))
}

/// The first number of the newest campaign that has one.
async fn usual_caller(api: &ApiState) -> Result<PhoneNumber, ApiError> {
    let campaigns = api.store.campaigns().await?;
    let first = |campaign: &Campaign| campaign.settings.0["caller_numbers"][0].as_str().and_then(|text| PhoneNumber::from_e164(text).ok());
    let fix = "name it: --from +14155550200";
    campaigns
        .iter()
        .find_map(first)
        .ok_or_else(|| ApiError::unusable("no_caller", "which number of yours should be shown is not known", fix))
}

/// The campaign of test calls, with this agent. What the request names is changed; all else stays as it was set.
async fn campaign(api: &ApiState, body: &TestBody, agent: AgentVersionId, actor: Actor) -> Result<Campaign, ApiError> {
    let there = api.store.campaign_by_name(TEST_CALLS).await?;
    let kept = there.and_then(|campaign| CampaignFile::from_json(&campaign.settings.0.to_string()).ok());
    let file = named(api, kept.unwrap_or_else(settings), body).await?;
    let (settings, now) = (checked(&file, Need::Complete, Origin::Request)?, api.clock.now());
    let new = NewCampaign { name: TEST_CALLS, settings: &settings, agent_version: Some(agent) };
    api.store.create_campaign(new, actor.0, now).await?;
    let campaign = super::campaigns::find(api, TEST_CALLS).await?;
    if campaign.settings.0 != settings {
        api.store.change_campaign_settings(campaign.id, campaign.version, &settings, actor.0, now).await?;
    }
    if campaign.agent_version_id != Some(agent) {
        api.store.pin_agent(campaign.id, agent, actor.0, now).await?;
    }
    super::campaigns::find(api, TEST_CALLS).await
}

/// The settings with what the request names.
async fn named(api: &ApiState, mut file: CampaignFile, body: &TestBody) -> Result<CampaignFile, ApiError> {
    match &body.from {
        Some(from) => file.caller_numbers = vec![from.e164().to_owned()],
        None if file.caller_numbers.is_empty() => file.caller_numbers = vec![usual_caller(api).await?.e164().to_owned()],
        None => {}
    }
    if let Some(person) = &body.transfer_to {
        file.transfer_to = Some(person.e164().to_owned());
    }
    Ok(file)
}

async fn run(api: &ApiState, actor: Actor) -> Result<(), ApiError> {
    let Campaign { id, state, .. } = super::campaigns::find(api, TEST_CALLS).await?;
    if state == CampaignState::Running {
        return Ok(());
    }
    let change = CampaignChange { from: state, to: CampaignState::Running, reason: None, actor: actor.0 };
    if api.store.change_campaign_state(id, change, api.clock.now()).await?.is_changed() {
        return Ok(());
    }
    let fix = "callfleet campaign resume test-calls";
    Err(ApiError::conflict("wrong_state", format!("the campaign of test calls is {state}"), fix))
}

/// One's own phone may ring at any hour and as often as one likes; nothing is redialed. Only the caller number is lacking.
fn settings() -> CampaignFile {
    let never = || RedialLine { after: "1h".to_owned(), times: 0 };
    let mut file = CampaignFile {
        require_consent: false,
        consent_override_reason: Some("calls to the operator's own phone".to_owned()),
        countries: vec!["any".to_owned()],
        redial: RedialFile {
            day_parts: false,
            busy: never(),
            no_answer: never(),
            voicemail: never(),
            failed: never(),
            incomplete: never(),
        },
        ..CampaignFile::default()
    };
    file.hours.weekdays = "00:00-24:00".to_owned();
    file.hours.weekend = Some("00:00-24:00".to_owned());
    file.hours.override_reason = Some("calls to the operator's own phone".to_owned());
    file.caps.override_reason = Some("calls to the operator's own phone".to_owned());
    file.caps.attempts = 1_000_000;
    file.caps.attempts_per_day = 1_000;
    file.caps.callbacks = 0;
    file
}

/// The lead of this number, and how often it was called before.
async fn lead(api: &ApiState, campaign: &Campaign, to: &PhoneNumber) -> Result<(LeadId, i32), ApiError> {
    let zones = zones_for(to, Address::default(), None).ok().filter(|zones| !zones.is_empty()).unwrap_or_else(|| vec!["UTC".to_owned()]);
    let new = NewLead {
        external_id: None,
        phone_number: to.clone(),
        zones: JsonText(zones),
        variables: JsonText(Map::<String, Value>::new()),
        consent_basis: Some("operator".to_owned()),
        consent_at: None,
        consent_ref: None,
        priority: Priority::default(),
        not_before: None,
    };
    let place = ListPlace { campaign: campaign.id, import: None, on_duplicate: OnDuplicate::Skip };
    api.store.insert_leads(place, &[new], api.clock.now()).await?;
    let filter = LeadFilter { campaign: Some(campaign.id), phone_number: Some(to.clone()), ..LeadFilter::default() };
    let found = api.store.leads(&filter, None, 1).await?.into_iter().next();
    found.map(|lead| (lead.id, lead.attempts)).ok_or_else(|| ApiError::missing("the test lead is gone", "try again"))
}

fn not_callable(state: LeadState) -> ApiError {
    match state {
        LeadState::Active => ApiError::conflict("wrong_state", "a call to that number is open already", "wait until it has ended"),
        LeadState::Suppressed | LeadState::Finished => {
            ApiError::conflict("opted_out", "that number opted out of calls, and nobody here calls it again", "use another phone")
        }
        state => ApiError::conflict("wrong_state", format!("the lead of that number is {state}"), "use another phone"),
    }
}
