//! "Why is (nothing) being dialed?", answered from the rows: every gate between a due lead and a ringing phone, then what the
//! leads themselves wait for, in the words the dispatcher wrote down.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::ApiState;
use super::campaigns::find;
use super::change;
use super::dnc_age::ListAges;
use super::error::ApiError;
use crate::domain::attempt::AttemptState;
use crate::domain::campaign::CampaignState;
use crate::domain::count::{are, counted};
use crate::domain::permit::Gate;
use crate::domain::time::Timestamp;
use crate::domain::window::Open;
use crate::store::campaign::Campaign;
use crate::store::campaign_status::CampaignStatus;
use crate::store::lead_waits::LeadWait;
use crate::store::lease::SCHEDULER;
use crate::store::queue_control::DIAL_QUEUE;
use crate::store::worker::LiveLines;

/// Kinds of waiting that are told apart; the rest is counted in `leads`.
const KINDS: u32 = 100;

/// What the answer is made of.
#[derive(Debug)]
struct Facts {
    campaign: Campaign,
    status: CampaignStatus,
    waits: Vec<LeadWait>,
    lines: LiveLines,
    hours: Vec<HoursJson>,
    ages: ListAges,
    scheduler: bool,
    queue_paused: bool,
    breaker: Option<String>,
}

/// Something that has to be open before anything is dialed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct GateJson {
    gate: &'static str,
    open: bool,
    rule: &'static str,
    value: String,
    opens_at: Option<Timestamp>,
}

/// Leads whose hours open and close together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct HoursJson {
    leads: i64,
    open: bool,
    opens_at: Option<Timestamp>,
    zones: Vec<String>,
    laws: String,
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
}

/// `GET /v1/campaigns/{name}/explain`.
pub async fn explain(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Json<Explanation>, ApiError> {
    let campaign = find(&api, &name).await?;
    let facts = Facts {
        hours: hours(&api, &campaign).await?,
        ages: ListAges::of(&api, &campaign).await?,
        status: api.store.campaign_status(campaign.id).await?,
        waits: api.store.lead_waits(campaign.id, api.clock.now(), KINDS).await?,
        lines: api.store.live_lines(api.timings.holder_silence).await?,
        scheduler: api.store.is_lease_held(SCHEDULER).await?,
        queue_paused: api.store.is_queue_paused(DIAL_QUEUE).await?,
        breaker: breaker(&api, &campaign).await?,
        campaign,
    };
    Ok(Json(facts.explain()))
}

/// What the circuit breaker sees.
async fn breaker(api: &ApiState, campaign: &Campaign) -> Result<Option<String>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(None) };
    let since = settings.breaker.looks_back_to(campaign.running_since, api.clock.now());
    Ok(Some(settings.breaker.told(api.store.recent_calls(campaign.id, since).await?)))
}

/// The classes that still have leads to call, most leads first.
async fn hours(api: &ApiState, campaign: &Campaign) -> Result<Vec<HoursJson>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(Vec::new()) };
    let (counts, now) = (api.store.hours_class_counts(campaign.id).await?, api.clock.now());
    let classes = api.store.hours_classes(campaign.id).await?;
    let mut hours: Vec<HoursJson> = classes
        .into_iter()
        .filter_map(|class| {
            let leads = counts.iter().find(|(id, _)| *id == class.id)?.1;
            let (open, opens_at) = match class.open(&settings, now) {
                Open::Yes => (true, None),
                Open::Until(opens_at) => (false, opens_at),
            };
            Some(HoursJson { leads, open, opens_at, zones: class.zones, laws: class.laws })
        })
        .collect();
    hours.sort_by_key(|class| std::cmp::Reverse(class.leads));
    Ok(hours)
}

impl Facts {
    fn explain(self) -> Explanation {
        let gates = vec![
            self.state(),
            self.settings(),
            self.dnc_age(),
            self.queue(),
            self.scheduler(),
            self.workers(),
            self.budget(),
            self.breaker(),
            self.calling_hours(),
        ];
        let due_now = self.waits.iter().map(|wait| wait.due).sum();
        let shut = self.hours.iter().filter_map(|class| class.opens_at);
        let next_opening = self.waits.iter().filter_map(|wait| wait.next_at).chain(shut).min();
        Explanation {
            answer: self.answer(&gates, due_now, next_opening),
            gates,
            hours: self.hours.clone(),
            due_now,
            in_progress: self.in_progress(),
            next_opening,
            campaign: self.campaign.name,
            waiting: self.waits,
        }
    }

    /// The first thing to know.
    fn answer(&self, gates: &[GateJson], due_now: i64, next_opening: Option<Timestamp>) -> String {
        let busy: i64 = self.in_progress().iter().map(|(_, attempts)| attempts).sum();
        if let Some(closed) = gates.iter().find(|gate| !gate.open) {
            let opens = closed.opens_at.map(|at| format!("; opens {at}")).unwrap_or_default();
            return format!("nothing new is dialed: {}{opens}", closed.value);
        }
        match (due_now, busy, next_opening) {
            (0, 0, None) => "nobody is left to call".to_owned(),
            (0, 0, Some(at)) => format!("nobody is due now; the next one is at {at}"),
            (0, busy, _) => format!("{} {} under way and nobody else is due now", counted(busy, "call"), are(&busy)),
            (due, busy, _) => {
                let (leads, calls) = (counted(due, "lead"), counted(busy, "call"));
                format!("{leads} {} due and {calls} {} under way; dialing goes on as lines and pace allow", are(&due), are(&busy))
            }
        }
    }

    fn state(&self) -> GateJson {
        let campaign = &self.campaign;
        let why = campaign.state_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let detail = match campaign.state {
            CampaignState::Running => "the campaign is running".to_owned(),
            CampaignState::Draining => "the campaign is draining: only promised callbacks are still called".to_owned(),
            state => format!("the campaign is {state}{why}"),
        };
        let open = matches!(campaign.state, CampaignState::Running | CampaignState::Draining);
        let starts_at = campaign.checked_settings().ok().and_then(|settings| settings.starts_at);
        let opens_at = starts_at.filter(|_| campaign.state == CampaignState::Scheduled);
        GateJson { opens_at, ..gate("campaign", open, "only a running campaign calls", detail) }
    }

    fn settings(&self) -> GateJson {
        let to_do = change::to_do(&self.campaign, self.status.total());
        let detail = if to_do.is_empty() { "settings, agent and leads are there".to_owned() } else { to_do.join("; ") };
        gate("settings", to_do.is_empty(), "settings that can be used, an agent, and leads", detail)
    }

    fn dnc_age(&self) -> GateJson {
        gate("dnc_age", self.ages.stale.is_empty(), Gate::DncAge.about(), self.ages.told())
    }

    fn queue(&self) -> GateJson {
        let detail = if self.queue_paused { "the dial queue is paused: callfleet queue resume dial" } else { "the dial queue runs" };
        gate("queue", !self.queue_paused, "the dial queue is not paused", detail.to_owned())
    }

    fn scheduler(&self) -> GateJson {
        let detail = if self.scheduler { "a scheduler is active" } else { "no scheduler is active: run `callfleet up`" };
        gate("scheduler", self.scheduler, "one scheduler is active", detail.to_owned())
    }

    fn workers(&self) -> GateJson {
        let LiveLines { workers, lines, free } = self.lines;
        let detail = match (workers, free) {
            (0, _) => "no worker is alive: run `callfleet up`".to_owned(),
            (_, 0) => format!("no line is free: {} of {}", counted(lines, "line"), counted(workers, "worker")),
            _ => format!("{free} of {} of {} {} free", counted(lines, "line"), counted(workers, "worker"), are(&free)),
        };
        gate("lines", free > 0, "a live worker has a free line", detail)
    }

    fn budget(&self) -> GateJson {
        let taken = self.status.spent + self.status.reserved;
        match self.campaign.checked_settings().ok().and_then(|settings| settings.budget) {
            None => gate("budget", true, BUDGET, "no budget is set".to_owned()),
            Some(budget) => gate("budget", taken < budget, BUDGET, format!("{taken} of {budget} are spent or reserved")),
        }
    }

    /// Once it trips, the campaign is halted and its state says so.
    fn breaker(&self) -> GateJson {
        let seen = self.breaker.clone().unwrap_or_else(|| "the settings cannot be read".to_owned());
        gate("breaker", true, "fewer calls fail than `breaker.failures` says; else the campaign is halted", seen)
    }

    fn calling_hours(&self) -> GateJson {
        let all: i64 = self.hours.iter().map(|class| class.leads).sum();
        let inside: i64 = self.hours.iter().filter(|class| class.open).map(|class| class.leads).sum();
        let never: i64 = self.hours.iter().filter(|class| !class.open && class.opens_at.is_none()).map(|class| class.leads).sum();
        let mut value = format!("{inside} of {all} leads to call are inside their calling hours");
        if never > 0 {
            value.push_str(&format!("; {never} can never be called: their zones, the campaign's hours and the law leave no moment"));
        }
        let opens_at = self.hours.iter().filter_map(|class| class.opens_at).min();
        let open = self.hours.is_empty() || inside > 0;
        GateJson { opens_at: opens_at.filter(|_| !open), ..gate("hours", open, Gate::Hours.about(), value) }
    }

    fn in_progress(&self) -> Vec<(AttemptState, i64)> {
        self.status.attempts.iter().filter(|(state, _)| state.is_open()).copied().collect()
    }
}

const BUDGET: &str = Gate::Budget.about();

fn gate(gate: &'static str, open: bool, rule: &'static str, value: String) -> GateJson {
    GateJson { gate, open, rule, value, opens_at: None }
}
