//! "Why is this person not called?": every gate with its rule, what it sees and when it opens, from the dial's own facts.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::ApiState;
use super::callbacks::{self, CallbackJson};
use super::error::ApiError;
use super::extract::Ask;
use super::leads::{OfCampaign, resolve};
use crate::domain::ids::{AttemptId, LeadId};
use crate::domain::lead::LeadState;
use crate::domain::permit::{Denial, Gate};
use crate::domain::time::Timestamp;
use crate::store::dial::LeadGates;
use crate::store::lead::Lead;

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateJson {
    gate: Gate,
    open: bool,
    rule: String,
    value: String,
    opens_at: Option<Timestamp>,
    /// What opens it, where no time does and it is looked at again soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_by: Option<&'static str>,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct LeadExplanation {
    lead: LeadId,
    campaign: String,
    state: LeadState,
    answer: String,
    gates: Vec<GateJson>,
    next_attempt_at: Option<Timestamp>,
    waiting_for: Option<String>,
    number_held_by: Option<AttemptId>,
    /// The promise it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<CallbackJson>,
}

/// `GET /v1/leads/{id}/explain`; `id` may be an id, a number in E.164 form or, with `?campaign=`, the list's own key.
pub async fn explain(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    Ask(of): Ask<OfCampaign>,
) -> Result<Json<LeadExplanation>, ApiError> {
    let gone = || ApiError::missing(format!("there is no lead {id}"), "callfleet leads list shows them");
    let lead = resolve(&api, &id, &of).await?;
    let view = api.store.lead_view(lead).await?.ok_or_else(gone)?;
    let campaign = api.store.campaign(view.lead.campaign_id).await?.ok_or_else(gone)?;
    let (settings, now) = (campaign.checked_settings()?, api.clock.now());
    let LeadGates { closed, open } = api.store.lead_gates(lead, &settings, api.reserve.of(&settings), now).await?.ok_or_else(gone)?;
    let answer = answer(&view.lead, view.number_held_by, &closed, now, &campaign.name);
    let waits = matches!(view.lead.state, LeadState::New | LeadState::Waiting);
    let promised = if waits { api.store.open_callback(lead).await? } else { None };
    let callback = promised.map(|promise| CallbackJson::new(promise, callbacks::tolerance(&campaign), now));
    Ok(Json(LeadExplanation {
        lead,
        campaign: campaign.name,
        state: view.lead.state,
        answer,
        gates: Gate::ALL.iter().map(|gate| gate_json(*gate, &view.lead, &closed, &open)).collect(),
        next_attempt_at: waits.then_some(view.lead.next_attempt_at),
        waiting_for: view.lead.wait_reason,
        number_held_by: view.number_held_by,
        callback,
    }))
}

fn gate_json(gate: Gate, lead: &Lead, closed: &[Denial], open: &[(Gate, String)]) -> GateJson {
    match closed.iter().find(|denial| denial.gate == gate) {
        Some(denial) => {
            let (rule, value) = (denial.rule.clone(), denial.value.clone());
            GateJson { gate, open: false, rule, value, opens_at: denial.opening(), opened_by: opened_by(gate, lead.state) }
        }
        None => {
            let value = open.iter().find(|(seen, _)| *seen == gate).map(|(_, value)| seen_of(gate, value, lead)).unwrap_or_default();
            GateJson { gate, open: true, rule: gate.about().to_owned(), value, opens_at: None, opened_by: None }
        }
    }
}

fn opened_by(gate: Gate, state: LeadState) -> Option<&'static str> {
    match (gate, state) {
        (Gate::Lead, LeadState::Active) => Some("the end of the call"),
        (Gate::Lead, LeadState::Finished | LeadState::Parked) => Some("a retry"),
        _ => gate.opened_by(),
    }
}

/// What an open gate sees; of consent all that is on record: `web form, given 2026-11-20T17:00:00Z, record form 7`.
fn seen_of(gate: Gate, value: &str, lead: &Lead) -> String {
    let of_consent = Some(lead).filter(|_| gate == Gate::Consent);
    let given = of_consent.and_then(|lead| lead.consent_at).map(|at| format!("given {at}"));
    let record = of_consent.and_then(|lead| lead.consent_ref.as_ref()).map(|name| format!("record {name}"));
    std::iter::once(value.to_owned()).chain(given).chain(record).collect::<Vec<_>>().join(", ")
}

/// The first thing to know.
fn answer(lead: &Lead, holder: Option<AttemptId>, closed: &[Denial], now: Timestamp, campaign: &str) -> String {
    if let Some(denial) = closed.iter().find(|denial| denial.gate == Gate::Lead) {
        return of_lead(lead, &denial.value);
    }
    if let Some(denial) = closed.first() {
        return format!("not called now: {}; {}{}", denial.why(), next(denial), due_after(lead, denial, now));
    }
    if let Some(holder) = holder {
        return format!("not called now: attempt {holder} has the number");
    }
    if lead.next_attempt_at > now {
        return format!("every gate is open; {}", due(lead));
    }
    format!("every gate is open and the lead is due; callfleet campaign explain {campaign} tells about lines and pace")
}

fn due(lead: &Lead) -> String {
    let why = lead.wait_reason.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("it is due at {}{why}", lead.next_attempt_at)
}

/// A gate that opens before the lead is due brings no call yet.
fn due_after(lead: &Lead, denial: &Denial, now: Timestamp) -> String {
    let late = lead.next_attempt_at > denial.opening().unwrap_or(now).max(now);
    if late { format!("; {}", due(lead)) } else { String::new() }
}

/// A lead that does not wait for a call: no other gate matters before that.
fn of_lead(lead: &Lead, stands: &str) -> String {
    let again = format!("callfleet leads retry {} calls it again", lead.id);
    match lead.state {
        LeadState::Active => stands.to_owned(),
        LeadState::Parked => format!("not called now: {stands}; when that is mended, {again}"),
        LeadState::Finished if !lead.opt_out => format!("not called any more: {stands}; {again}"),
        LeadState::Finished | LeadState::Suppressed | LeadState::Cancelled => format!("not called any more: {stands}"),
        LeadState::New | LeadState::Waiting => format!("not called now: {stands}"),
    }
}

fn next(denial: &Denial) -> String {
    match (denial.opening(), denial.gate.opened_by()) {
        (Some(at), _) => format!("opens {at}"),
        (None, Some(change)) => format!("it opens by {change}"),
        (None, None) => "only a change opens it".to_owned(),
    }
}
