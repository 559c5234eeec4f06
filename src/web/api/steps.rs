//! Moving a campaign: start, pause, resume, drain, cancel. Each verb is one row of a table.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::ApiState;
use super::campaigns::find;
use super::change;
use super::error::ApiError;
use super::extract::Actor;
use super::start;
use crate::domain::campaign::CampaignSettings;
use crate::domain::campaign::CampaignState::{self, Cancelled, Completed, Draft, Draining, Halted, Paused, Running, Scheduled};
use crate::domain::campaign::breaker::spent_out;
use crate::domain::count::counted;
use crate::live::LiveEvent;
use crate::store::Change;
use crate::store::campaign::{Campaign, CampaignChange};

/// A verb: from which states it leads where.
struct Step {
    verb: &'static str,
    done: &'static str,
    from: &'static [CampaignState],
    to: CampaignState,
}

const STEPS: [Step; 6] = [
    Step { verb: "start", done: "started", from: &[Draft, Scheduled, Completed], to: Running },
    Step { verb: "pause", done: "paused", from: &[Running], to: Paused },
    Step { verb: "resume", done: "resumed", from: &[Paused, Halted], to: Running },
    Step { verb: "drain", done: "drained", from: &[Running, Paused, Halted], to: Draining },
    Step { verb: "unschedule", done: "unscheduled", from: &[Scheduled], to: Draft },
    Step { verb: "cancel", done: "cancelled", from: &[Draft, Scheduled, Running, Paused, Draining, Halted], to: Cancelled },
];

/// What a step did.
#[derive(Debug, Serialize)]
pub struct Stepped {
    campaign: String,
    state: CampaignState,
    was: CampaignState,
    changed: bool,
    withdrawn: u32,
    /// People who were promised a call and will not get it.
    broken_promises: i64,
    /// What is worth knowing about the step.
    notes: Vec<String>,
}

/// `POST /v1/campaigns/{name}/{start|pause|resume|drain|unschedule|cancel}`. A campaign that is there already stays and says so.
pub async fn step(
    State(api): State<ApiState>,
    Path((name, verb)): Path<(String, String)>,
    actor: Actor,
) -> Result<Json<Stepped>, ApiError> {
    let Some(step) = STEPS.iter().find(|step| step.verb == verb) else {
        return Err(ApiError::missing(format!("a campaign has no step `{verb}`"), "start, pause, resume, drain, unschedule or cancel it"));
    };
    let mut campaign = find(&api, &name).await?;
    if campaign.state == step.to {
        return Ok(Json(stepped(&campaign, step.to, false, 0, Vec::new())));
    }
    if !step.from.contains(&campaign.state) {
        return Err(wrong_state(&campaign.name, campaign.state, step));
    }
    let (mut to, mut notes, now) = (step.to, Vec::new(), api.clock.now());
    if to == Running {
        give_agent(&api, &mut campaign, actor).await?;
        must_be_ready(&api, &campaign).await?;
        let settings = campaign.checked_settings()?;
        must_have_money(&api, &campaign, &settings).await?;
        to = start::target(&campaign, &settings, now)?;
        notes = start::notes(&api, &campaign, &settings, now).await?;
    }
    let lifted = if matches!(to, Running | Scheduled) { start::lifted(&campaign) } else { None };
    if to == campaign.state {
        return Ok(Json(stepped(&campaign, to, false, 0, notes)));
    }
    let change = CampaignChange { from: campaign.state, to, reason: lifted.as_deref(), actor: actor.0 };
    match api.store.change_campaign_state(campaign.id, change, now).await? {
        Change::Changed => api.live.tell(LiveEvent::campaign(campaign.id, to.as_str(), now)),
        Change::Was(state) => return Err(wrong_state(&campaign.name, state, step)),
        Change::Missing => return Err(find(&api, &name).await.err().unwrap_or_else(|| wrong_state(&name, campaign.state, step))),
    }
    let withdrawn = withdraw(&api, &campaign, step).await?;
    notes.extend(taken_back(&api, &campaign, step).await?);
    let broken_promises = if to == Cancelled { api.store.promised_people(campaign.id).await? } else { 0 };
    notes.extend(will_not_be_called(broken_promises, &campaign.name));
    Ok(Json(Stepped { broken_promises, ..stepped(&campaign, to, true, withdrawn, notes) }))
}

/// What was armed but not sent is given back at once; live calls go on.
async fn withdraw(api: &ApiState, campaign: &Campaign, step: &Step) -> Result<u32, ApiError> {
    if !matches!(step.to, Paused | Cancelled) {
        return Ok(0);
    }
    Ok(api.store.withdraw_ready(campaign.id, &api.timings, api.clock.now()).await?)
}

/// What the provider has accepted and still queues is taken back by the scheduler, which sees the campaign's state.
async fn taken_back(api: &ApiState, campaign: &Campaign, step: &Step) -> Result<Option<String>, ApiError> {
    if !matches!(step.to, Paused | Cancelled) {
        return Ok(None);
    }
    let queued = api.store.queued_calls(campaign.id).await?;
    Ok((queued > 0).then(|| format!("{} the provider still queues: being taken back", counted(queued, "call"))))
}

/// Whoever cancels breaks promises, and is told of the step that keeps them.
fn will_not_be_called(people: i64, name: &str) -> Option<String> {
    let were = match people {
        0 => return None,
        1 => "1 person was".to_owned(),
        more => format!("{more} people were"),
    };
    Some(format!(
        "{were} promised a call and will not get it (callfleet callback list --campaign {name}); a campaign that is drained instead \
         keeps its promises"
    ))
}

/// A campaign that was made before the only agent speaks with that one.
async fn give_agent(api: &ApiState, campaign: &mut Campaign, actor: Actor) -> Result<(), ApiError> {
    if campaign.agent_version_id.is_none()
        && let Some(agent) = change::only_agent(api).await?
    {
        api.store.pin_agent(campaign.id, agent, actor.0, api.clock.now()).await?;
        campaign.agent_version_id = Some(agent);
    }
    Ok(())
}

/// Refuses to dial with settings that cannot be used, without an agent, or with nobody to call.
async fn must_be_ready(api: &ApiState, campaign: &Campaign) -> Result<(), ApiError> {
    let leads = api.store.campaign_status(campaign.id).await?.total();
    let to_do = change::to_do(campaign, leads);
    if !to_do.is_empty() {
        let message = format!("campaign {} cannot run yet:\n{}", campaign.name, to_do.join("\n"));
        return Err(ApiError::conflict("not_ready", message, "do that, then try again"));
    }
    if campaign.state == Completed && !api.store.has_leads_left(campaign.id, false).await? {
        let fix = "import leads, or retry some: callfleet leads retry ID";
        return Err(ApiError::conflict("nothing_left", format!("campaign {} has nobody left to call", campaign.name), fix));
    }
    Ok(())
}

/// Refuses to go on with a budget that is spent: the breaker would halt the campaign again.
async fn must_have_money(api: &ApiState, campaign: &Campaign, settings: &CampaignSettings) -> Result<(), ApiError> {
    if !matches!(campaign.state, Paused | Halted) {
        return Ok(());
    }
    let Some(why) = spent_out(api.store.spent(campaign.id).await?, settings.budget, api.reserve.of(settings)) else { return Ok(()) };
    let fix = format!("callfleet campaign set {} budget_usd=DOLLARS, then resume", campaign.name);
    Err(ApiError::conflict("budget_spent", format!("campaign {} cannot go on: {why}", campaign.name), fix))
}

fn stepped(campaign: &Campaign, state: CampaignState, changed: bool, withdrawn: u32, notes: Vec<String>) -> Stepped {
    Stepped { campaign: campaign.name.clone(), state, was: campaign.state, changed, withdrawn, broken_promises: 0, notes }
}

fn wrong_state(name: &str, state: CampaignState, step: &Step) -> ApiError {
    let from: Vec<&str> = step.from.iter().map(|state| state.as_str()).collect();
    let message = format!("campaign {name} is {state}; only a campaign that is {} can be {}", from.join(" or "), step.done);
    ApiError::conflict("wrong_state", message, way_out(state, step))
}

/// The verb that fits instead.
fn way_out(state: CampaignState, step: &Step) -> String {
    let fitting: Vec<&str> = STEPS.iter().filter(|other| other.verb != step.verb && other.from.contains(&state)).map(|s| s.verb).collect();
    if fitting.is_empty() { "make a new campaign".to_owned() } else { format!("{} it instead, or leave it", fitting.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_in_the_table_of_states() {
        for step in &STEPS {
            for from in step.from {
                assert!(from.may_become(step.to), "{}: {from} to {}", step.verb, step.to);
            }
        }
    }

    #[test]
    fn a_refusal_names_the_state_and_a_way_out() {
        let refusal = format!("{:?}", wrong_state("spring", Paused, &STEPS[0]));
        assert!(refusal.contains("spring is paused") && refusal.contains("resume or drain or cancel"), "{refusal}");
        assert_eq!(way_out(Cancelled, &STEPS[0]), "make a new campaign");
    }
}
