//! Stop now: a campaign is paused and its live calls are hung up. Whoever asks has to say on how many people.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::{Actor, Sent};
use crate::call::journal::CallSignal;
use crate::domain::campaign::CampaignState::{self, Draining, Paused, Running, Scheduled};
use crate::domain::count::counted;
use crate::follow_up;
use crate::live::LiveEvent;
use crate::store::Change;
use crate::store::campaign::{Campaign, CampaignChange};
use crate::store::dial::LiveCall;

/// The body of `POST /v1/campaigns/{name}/stop`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopBody {
    /// How many live calls are to be hung up: as many as there are.
    live: Option<usize>,
}

/// What a stop did.
#[derive(Debug, Serialize)]
pub struct Stopped {
    campaign: String,
    state: CampaignState,
    /// Calls that were about to be sent and will not be.
    withdrawn: u32,
    /// Calls that are being ended: with a goodbye where somebody talks.
    ended: usize,
}

/// `POST /v1/campaigns/{name}/stop`.
pub async fn stop(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    actor: Actor,
    Sent(body): Sent<StopBody>,
) -> Result<Json<Stopped>, ApiError> {
    let campaign = find(&api, &name).await?;
    must_be_stoppable(&campaign)?;
    must_know(&name, body.live, api.store.live_calls(campaign.id).await?.len())?;
    let state = pause(&api, &campaign, actor).await?;
    let withdrawn = api.store.withdraw_ready(campaign.id, &api.timings, api.clock.now()).await?;
    // asked again: what was answered between the two is hung up too
    let live = api.store.live_calls(campaign.id).await?;
    for call in &live {
        hang_up(&api, call).await?;
    }
    Ok(Json(Stopped { campaign: name, state, withdrawn, ended: live.len() }))
}

/// Nobody hangs up on people without knowing on how many; who counts on more than none is told that there is none.
fn must_know(name: &str, said: Option<usize>, live: usize) -> Result<(), ApiError> {
    if said.unwrap_or_default() == live {
        return Ok(());
    }
    let (calls, fix) = match live {
        0 => ("no live call".to_owned(), format!("to stop it all the same: callfleet campaign stop {name}")),
        _ => (
            counted(live as u64, "live call"),
            format!("to hang up: callfleet campaign stop {name} --live {live}; to let them end: callfleet campaign pause {name}"),
        ),
    };
    Err(ApiError::conflict("live_calls", format!("campaign {name} has {calls}"), fix))
}

/// A draining campaign would go on with its promised callbacks, one that is scheduled would still begin.
fn must_be_stoppable(campaign: &Campaign) -> Result<(), ApiError> {
    let (name, fix) = match campaign.state {
        Draining => (&campaign.name, format!("to give it up: callfleet campaign cancel {}", campaign.name)),
        Scheduled => (&campaign.name, format!("to keep it from starting: callfleet campaign unschedule {}", campaign.name)),
        _ => return Ok(()),
    };
    Err(ApiError::conflict("not_running", format!("campaign {name} is {}", campaign.state), fix))
}

/// A campaign that does not dial stays where it is.
async fn pause(api: &ApiState, campaign: &Campaign, actor: Actor) -> Result<CampaignState, ApiError> {
    if campaign.state != Running {
        return Ok(campaign.state);
    }
    let (change, now) = (CampaignChange { from: Running, to: Paused, reason: Some("stopped"), actor: actor.0 }, api.clock.now());
    match api.store.change_campaign_state(campaign.id, change, now).await? {
        Change::Changed => {
            api.live.tell(LiveEvent::campaign(campaign.id, Paused.as_str(), now));
            Ok(Paused)
        }
        Change::Was(state) => Ok(state),
        Change::Missing => Err(find(api, &campaign.name).await.err().unwrap_or_else(|| {
            ApiError::missing(format!("there is no campaign `{}`", campaign.name), "callfleet campaign list shows them")
        })),
    }
}

async fn hang_up(api: &ApiState, call: &LiveCall) -> Result<(), ApiError> {
    let now = api.clock.now();
    if call.held {
        api.store.signal_call(call.attempt, &CallSignal::Stop, now).await?;
    } else {
        follow_up::cancel(&api.store, &call.call_sid, now).await?;
    }
    Ok(())
}
