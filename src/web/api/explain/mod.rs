//! "Why is (nothing) being dialed?", answered from the rows: every gate between a due lead and a ringing phone, then what the
//! leads themselves wait for, in the words the dispatcher wrote down.

mod gates;
mod hours;
mod obstacles;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use self::hours::HoursJson;
use super::ApiState;
use super::campaigns::find;
use super::dnc_age::ListAges;
use super::error::ApiError;
use super::{imports, left_over, start, transfer, unspoken};
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::campaign::gate::CampaignGate;
use crate::domain::count::{are, counted};
use crate::domain::dialing::{rest, turns_apart};
use crate::domain::obstacle::{Dialers, Said};
use crate::domain::reserve::CallReserve;
use crate::domain::time::Timestamp;
use crate::store::campaign::Campaign;
use crate::store::campaign_status::CampaignStatus;
use crate::store::lead_waits::LeadWait;
use crate::store::lease::SCHEDULER;
use crate::store::queue_control::DIAL_QUEUE;
use crate::store::worker::{LiveLines, WorkerState};

/// Kinds of waiting that are told apart; the rest is counted in `leads`.
const KINDS: u32 = 100;

/// What the answer is made of.
#[derive(Debug)]
struct Facts {
    campaign: Campaign,
    status: CampaignStatus,
    waits: Vec<LeadWait>,
    lines: LiveLines,
    is_fleet: bool,
    hours: Vec<HoursJson>,
    ages: ListAges,
    abroad: Option<String>,
    /// Told instead of that nobody is left to call, where leads wait all the same.
    left_over: Option<String>,
    incomplete: Vec<String>,
    parked_for_consent: Vec<String>,
    unspoken: Vec<String>,
    dialers: Dialers,
    words: Vec<Said>,
    queue_paused: bool,
    breaker: Option<Circuit>,
    last_call: Option<Timestamp>,
    account_rate: f64,
    /// Worst case of a call.
    reserve: CallReserve,
    now: Timestamp,
}

/// Something that has to be open before anything is dialed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct GateJson {
    gate: CampaignGate,
    open: bool,
    rule: &'static str,
    value: String,
    opens_at: Option<Timestamp>,
    /// What opens it without anybody's doing, where no time is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_by: Option<&'static str>,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Explanation {
    campaign: String,
    answer: String,
    gates: Vec<GateJson>,
    hours: Vec<HoursJson>,
    due_now: i64,
    in_progress: Vec<(AttemptState, i64)>,
    waiting: Vec<LeadWait>,
    next_opening: Option<Timestamp>,
    /// Who is rung when a callee asks for a person, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_to: Option<String>,
    /// Imports that were interrupted or not taken back to the end, leads that no gate opens for as the campaign stands, and what lines say that their rows lack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// `GET /v1/campaigns/{name}/explain`.
pub async fn explain(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<Explanation>, ApiError> {
    let campaign = find(&api, &name).await?;
    let facts = Facts {
        hours: hours::of(&api, &campaign).await?,
        ages: ListAges::of(&api, &campaign).await?,
        abroad: start::abroad(&api, &campaign).await?,
        left_over: left_over::told(&api, &campaign).await?,
        incomplete: imports::incomplete(&api, &campaign).await?,
        parked_for_consent: start::parked_for_consent(&api, &campaign).await?,
        unspoken: unspoken::told(&api, &campaign).await?,
        status: api.store.campaign_status(campaign.id).await?,
        waits: api.store.lead_waits(campaign.id, api.clock.now(), KINDS).await?,
        lines: api.store.live_lines(api.timings.holder_silence).await?,
        is_fleet: api.store.is_shared(),
        dialers: dialers(&api).await?,
        // before the words are read: how long they hold is counted from there
        now: api.clock.now(),
        words: api.store.obstacles().await?,
        queue_paused: api.store.is_queue_paused(DIAL_QUEUE).await?,
        breaker: breaker(&api, &campaign).await?,
        last_call: last_call(&api, &campaign).await?,
        account_rate: api.account_rate,
        reserve: api.reserve,
        campaign,
    };
    Ok(Json(facts.explain()))
}

/// Who has to be able to dial.
async fn dialers(api: &ApiState) -> Result<Dialers, ApiError> {
    let workers = api.store.live_workers(api.timings.holder_silence).await?;
    let takes_calls = workers.into_iter().filter(|worker| worker.state == WorkerState::Running);
    Ok(Dialers { scheduler: api.store.lease_holder(SCHEDULER).await?, workers: takes_calls.map(|worker| worker.id).collect() })
}

/// What the circuit breaker sees.
#[derive(Debug)]
struct Circuit {
    trips: bool,
    told: String,
}

async fn breaker(api: &ApiState, campaign: &Campaign) -> Result<Option<Circuit>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(None) };
    let since = settings.breaker.looks_back_to(campaign.running_since, api.clock.now());
    let recent = api.store.recent_calls(campaign.id, since).await?;
    Ok(Some(Circuit { trips: settings.breaker.trips(recent).is_some(), told: settings.breaker.told(recent) }))
}

/// When a campaign called last that rests between its calls; no other's pace is counted from there.
async fn last_call(api: &ApiState, campaign: &Campaign) -> Result<Option<Timestamp>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(None) };
    if rest(settings.calls_per_second, api.account_rate).is_zero() {
        return Ok(None);
    }
    Ok(api.store.last_call(campaign.id, api.clock.now() - turns_apart(settings.calls_per_second)).await?)
}

impl Facts {
    fn explain(self) -> Explanation {
        let gates: Vec<GateJson> = CampaignGate::ALL.iter().map(|gate| self.look(*gate)).collect();
        let (due_now, next_opening) = (self.due(), self.next_call());
        let not_permitted = start::not_permitted(&self.campaign);
        let of_leads = self.incomplete.iter().chain(&self.abroad).chain(&self.parked_for_consent).chain(&self.unspoken);
        let answer = self.answer(&gates, due_now, next_opening);
        let left_over = self.left_over.iter().filter(|told| **told != answer);
        let warnings = of_leads.chain(left_over).cloned().chain(not_permitted).collect();
        Explanation {
            answer,
            gates,
            hours: self.hours.clone(),
            due_now,
            in_progress: self.in_progress(),
            next_opening,
            transfer_to: transfer::number(&self.campaign).map(|number| number.masked()),
            campaign: self.campaign.name,
            waiting: self.waits,
            warnings,
        }
    }

    fn drains(&self) -> bool {
        self.campaign.state == CampaignState::Draining
    }

    /// The first thing to know.
    fn answer(&self, gates: &[GateJson], due_now: i64, next_opening: Option<Timestamp>) -> String {
        let busy: i64 = self.in_progress().iter().map(|(_, attempts)| attempts).sum();
        if let Some(closed) = gates.iter().find(|gate| !gate.open) {
            let opens = match (closed.opens_at, closed.opened_by) {
                (Some(at), _) => format!("; opens {at}"),
                (None, Some(change)) => format!("; it opens by {change}"),
                (None, None) => String::new(),
            };
            return format!("nothing new is dialed: {}{opens}", closed.value);
        }
        let told = match (due_now, busy, next_opening) {
            (0, 0, None) => self.left_over.clone().unwrap_or_else(|| "nobody is left to call".to_owned()),
            (0, 0, Some(at)) => format!("nobody is due now; the next one is at {at}"),
            (0, busy, _) => format!("{} {} under way and nobody else is due now", counted(busy, "call"), are(&busy)),
            (due, busy, _) => {
                let (leads, calls) = (counted(due, "lead"), counted(busy, "call"));
                let (are_due, inside) = (are(&due), self.inside_their_hours(due));
                format!("{leads} {are_due} due{inside} and {calls} {} under way; dialing goes on as lines and pace allow", are(&busy))
            }
        };
        if self.drains() { format!("only promised callbacks are still called: {told}") } else { told }
    }

    /// Told where not all that are due may be called now.
    fn inside_their_hours(&self, due: i64) -> String {
        let inside: i64 = self.hours.iter().filter(|class| class.open).map(|class| class.due).sum();
        let told = !self.hours.is_empty() && inside < due;
        if told { format!(", {inside} of them inside their calling hours,") } else { String::new() }
    }

    fn in_progress(&self) -> Vec<(AttemptState, i64)> {
        self.status.attempts.iter().filter(|(state, _)| state.is_open()).copied().collect()
    }
}
