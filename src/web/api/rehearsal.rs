//! A campaign rehearsed: its list, hours, caps and pace played on a virtual clock, with people made up. Nothing is dialed.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::ApiState;
use super::campaigns::find;
use super::change::only_agent;
use super::error::ApiError;
use super::extract::Sent;
use super::settings::Origin;
use super::start::never_open;
use crate::domain::campaign::CampaignSettings;
use crate::domain::campaign::file::CampaignFile;
use crate::domain::time::Timestamp;
use crate::rehearsal::{Deployment, Order, People, PeopleError, RehearsalError, Report, Running, Talk, Voices, Wishes, observed, rehearse};
use crate::store::StoreError;
use crate::store::campaign::Campaign;

/// Past calls that tell who picks up.
const PAST_CALLS: u32 = 2_000;
const MOST_RUNS: u32 = 100;
const MOST_DAYS: u32 = 366;
/// A request may have been on its way for so long.
const JUST_NOW: Duration = Duration::from_secs(60);

/// The body of `POST /v1/campaigns/{name}/rehearsal`; `{}` will do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// How often it is played, each time with the next seed.
    runs: u32,
    /// The first seed.
    seed: u64,
    /// When it begins; without it now.
    from: Option<Timestamp>,
    /// Longest run, days.
    days: u32,
    /// What if there were so many lines.
    lines: Option<u32>,
    /// What if calls began at this pace.
    calls_per_second: Option<f64>,
    /// What answers: `{"human": 25, "voicemail": 40, …}`.
    mix: Option<BTreeMap<String, f64>>,
    /// What people who answer want: `{"qualified": 15, …}`.
    outcomes: Option<BTreeMap<String, f64>>,
    /// How long they talk.
    talk: Option<Talk>,
}

impl Default for Ask {
    fn default() -> Self {
        let (from, lines, calls_per_second, mix, outcomes, talk) = (None, None, None, None, None, None);
        Self { runs: 5, seed: 1, from, days: 60, lines, calls_per_second, mix, outcomes, talk }
    }
}

/// `POST /v1/campaigns/{name}/rehearsal`. Stops when whoever asked goes away.
pub async fn run(State(api): State<ApiState>, Path(name): Path<String>, Sent(ask): Sent<Ask>) -> Result<Json<Report>, ApiError> {
    let campaign = find(&api, &name).await?;
    ask.check()?;
    let order = order(&api, campaign, &ask).await?;
    somebody_to_call(&api, &order).await?;
    let running: Running = api.rehearsals.begin(&name).map_err(|other| {
        let fix = "wait until it is over; one rehearsal runs at a time";
        ApiError::conflict("rehearsal_runs", format!("campaign {other} is being rehearsed"), fix)
    })?;
    let (runs, seed) = (order.runs, order.seed);
    let report = rehearse(&api.store, order, &running.progress).await?;
    tracing::info!(campaign.name = name, runs, seed, seconds = report.seconds, "campaign rehearsed; nothing was dialed");
    Ok(Json(report))
}

/// How far a rehearsal is.
#[derive(Debug, Serialize)]
pub struct HowFar {
    running: bool,
    /// 0 to 1.
    done: f64,
}

/// `GET /v1/campaigns/{name}/rehearsal`
pub async fn progress(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<HowFar>, ApiError> {
    find(&api, &name).await?;
    let progress = api.rehearsals.of(&name);
    Ok(Json(HowFar { running: progress.is_some(), done: progress.map_or(0.0, |progress| progress.share()) }))
}

impl Ask {
    fn check(&self) -> Result<(), ApiError> {
        let refused = |key: &str, fix: String| Err(ApiError::unusable("bad_rehearsal", format!("`{key}` cannot be used"), fix));
        if !(1..=MOST_RUNS).contains(&self.runs) {
            return refused("runs", format!("1 to {MOST_RUNS} runs"));
        }
        if !(1..=MOST_DAYS).contains(&self.days) {
            return refused("days", format!("1 to {MOST_DAYS} days"));
        }
        Ok(())
    }

    fn wishes(&self) -> Wishes {
        Wishes { mix: self.mix.clone(), outcomes: self.outcomes.clone(), talk: self.talk }
    }
}

async fn order(api: &ApiState, campaign: Campaign, ask: &Ask) -> Result<Order, ApiError> {
    let (file, settings) = settings(&campaign, ask)?;
    let now = api.clock.now();
    let from = ask.from.unwrap_or(now);
    if from < now - JUST_NOW {
        let fix = format!("a rehearsal begins now or later: leave it out, or write a moment with its offset, {now} at the earliest");
        return Err(ApiError::unusable("bad_rehearsal", format!("`from` is in the past: {from}"), fix));
    }
    let (deployment, mut notes) = deployment(api, ask).await?;
    let voices = voices(api, &campaign, &mut notes).await?;
    Ok(Order {
        people: people(api, &campaign, ask).await?,
        settings_json: serde_json::to_value(&file).map_err(|source| StoreError::Unreadable { what: "settings".to_owned(), source })?,
        campaign,
        settings,
        deployment,
        voices,
        notes,
        place: std::env::temp_dir(),
        from,
        runs: ask.runs,
        seed: ask.seed,
        days: ask.days,
    })
}

/// The campaign's settings with what was asked for instead.
fn settings(campaign: &Campaign, ask: &Ask) -> Result<(CampaignFile, CampaignSettings), ApiError> {
    let mut file = CampaignFile::from_json(&campaign.settings.0.to_string()).map_err(|wrong| Origin::Request.refused(&wrong))?;
    file.pace.lines = ask.lines.unwrap_or(file.pace.lines);
    file.pace.calls_per_second = ask.calls_per_second.unwrap_or(file.pace.calls_per_second);
    let settings = file.settings().map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let message = format!("campaign {} cannot be rehearsed yet:\n{}", campaign.name, lines.join("\n"));
        ApiError::unusable("not_ready", message, format!("callfleet campaign set {} KEY=VALUE, then try again", campaign.name))
    })?;
    Ok((file, settings))
}

/// The lines of the workers that live, or of one worker when none does; the account's pace; both raised to what was asked for.
async fn deployment(api: &ApiState, ask: &Ask) -> Result<(Deployment, Vec<String>), ApiError> {
    let live = api.store.live_lines(api.timings.holder_silence).await?;
    let lines = if live.workers > 0 { u32::try_from(live.lines).unwrap_or(u32::MAX) } else { api.worker_lines };
    let (wanted_lines, wanted_rate) = (ask.lines.unwrap_or(0), ask.calls_per_second.unwrap_or(0.0));
    let mut notes = Vec::new();
    if wanted_lines > lines {
        notes.push(format!("{wanted_lines} lines as ordered; the workers have {lines} (worker.lines)"));
    }
    if wanted_rate > api.account_rate {
        notes.push(format!("{wanted_rate} calls/s as ordered; the account is set to {} (twilio.calls_per_second)", api.account_rate));
    }
    let deployment = Deployment {
        timings: api.timings,
        reserve: api.reserve,
        account_rate: api.account_rate.max(wanted_rate),
        lines: lines.max(wanted_lines),
    };
    Ok((deployment, notes))
}

async fn people(api: &ApiState, campaign: &Campaign, ask: &Ask) -> Result<People, ApiError> {
    let own = api.store.past_calls(Some(campaign.id), PAST_CALLS).await?;
    let seen = match observed(&own, "this campaign") {
        Some(seen) => Some(seen),
        None => observed(&api.store.past_calls(None, PAST_CALLS).await?, "this deployment"),
    };
    People::of(&ask.wishes(), seen).map_err(|error| {
        let PeopleError { key, .. } = &error;
        let fix = match *key {
            "mix" => "name human, voicemail, no_answer, busy, failed or dead_number, like human=35,voicemail=30,no_answer=35",
            "outcomes" => "name qualified, not_qualified, callback, opt_out or hung_up, like qualified=20,not_qualified=60,hung_up=20",
            _ => "write median and 90th percentile in seconds, like 75-180",
        };
        ApiError::unusable("bad_rehearsal", error.to_string(), fix)
    })
}

/// Those of the agent that would speak; a draft without one costs what the usual ones cost.
async fn voices(api: &ApiState, campaign: &Campaign, notes: &mut Vec<String>) -> Result<Voices, ApiError> {
    let version = match campaign.agent_version_id {
        Some(version) => Some(version),
        None => only_agent(api).await?,
    };
    let agent = match version {
        Some(version) => api.store.agent_version(version).await?,
        None => None,
    };
    let Some(agent) = agent else {
        notes.push("the campaign has no agent yet: costs are those of the usual voice and models".to_owned());
        return Ok(Voices::default());
    };
    let definition = agent.definition.0;
    Ok(Voices {
        ears: definition.ears.model,
        voice: definition.voice.speech_model().to_owned(),
        simple: definition.models.simple,
        reasoning: definition.models.reasoning,
        deferred: definition.models.deferred,
        message: definition.lines.voicemail.chars().count() as u64,
    })
}

/// A list nobody could be called from is told at once.
async fn somebody_to_call(api: &ApiState, order: &Order) -> Result<(), ApiError> {
    let (campaign, counts) = (&order.campaign, api.store.hours_class_counts(order.campaign.id).await?);
    if counts.iter().all(|(_, leads)| *leads == 0) {
        let message = format!("campaign {} has nobody to call: no lead is new or waits", campaign.name);
        let fix =
            format!("import leads (callfleet leads import --campaign {} FILE), or retry some: callfleet leads retry ID", campaign.name);
        return Err(ApiError::conflict("nobody_to_call", message, fix));
    }
    never_open(api, campaign, &order.settings, order.from).await.map(drop)
}

impl From<RehearsalError> for ApiError {
    fn from(error: RehearsalError) -> Self {
        match error {
            RehearsalError::Store(error) => error.into(),
            RehearsalError::Folder { .. } => {
                let fix = "make room for temporary files, or name another folder with TMPDIR where this process starts";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "rehearsal_folder", error.to_string(), fix)
            }
            RehearsalError::Broken(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "rehearsal_broke", error.to_string(), "report it with the seed and the flags")
            }
        }
    }
}
