//! Callbacks: what words mean, and which promises a campaign made and kept.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::{Ask, Sent};
use crate::domain::callback::keep::{KeepRules, Kept};
use crate::domain::callback::{self, PromiseHours, Resolved};
use crate::domain::campaign::hours;
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use crate::domain::window::CallingWindow;
use crate::domain::zone;
use crate::store::callback::StoredCallback;
use crate::store::campaign::Campaign;

/// Calling hours where none are given; a campaign's own default on weekdays.
const HOURS: &str = "09:00-20:00";
const LONGEST_WORDS: usize = 2_000;
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 1_000;

/// The body of `POST /v1/callbacks/resolve`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveBody {
    words: String,
    zone: String,
    at: Option<String>,
    hours: Option<String>,
}

/// `POST /v1/callbacks/resolve`: the words as a call would understand them. Nothing is stored.
pub async fn resolve(State(api): State<ApiState>, Sent(body): Sent<ResolveBody>) -> Result<Json<Resolved>, ApiError> {
    if body.words.trim().is_empty() || body.words.len() > LONGEST_WORDS {
        return Err(unusable("bad_words", format!("give the words that were said, at most {LONGEST_WORDS} bytes")));
    }
    let zone = zone::place(&body.zone).map_err(|error| unusable("bad_zone", error.to_string()))?;
    let now = body.at.as_deref().map_or_else(|| Ok(api.clock.now()), read_moment)?;
    let window = read_hours(body.hours.as_deref().unwrap_or(HOURS))?;
    Ok(Json(callback::resolve(&body.words, now, &PromiseHours::own(window, &zone))))
}

/// The message says what to write instead: one line for whoever typed it.
fn unusable(code: &'static str, message: String) -> ApiError {
    ApiError::unusable(code, message, "")
}

fn read_moment(text: &str) -> Result<Timestamp, ApiError> {
    text.parse().map_err(|_| unusable("bad_at", format!("`{text}` is no moment: write it like 2026-11-23T15:00:00Z")))
}

fn read_hours(text: &str) -> Result<CallingWindow, ApiError> {
    let hours = hours::parse(text).map_err(|fix| unusable("bad_hours", format!("`{text}` are no calling hours: {fix}")))?;
    let open =
        hours.ok_or_else(|| unusable("bad_hours", "with `closed` no callback can be kept: write hours like 09:00-20:00".to_owned()))?;
    Ok(CallingWindow { days: [Some(open); 7], holidays: Vec::new() })
}

/// The query of `GET /v1/callbacks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackQuery {
    campaign: String,
    after: Option<AttemptId>,
    limit: Option<u32>,
}

/// A promise as the API shows it.
#[derive(Debug, Serialize)]
pub struct CallbackJson {
    #[serde(flatten)]
    callback: StoredCallback,
    /// On the clock it was promised on.
    local: String,
    local_until: Option<String>,
    late_s: Option<u64>,
    state: Kept,
}

impl CallbackJson {
    /// As it stands at `now`.
    pub fn new(callback: StoredCallback, tolerance: Duration, now: Timestamp) -> Self {
        let zone = TimeZone::get(&callback.zone).unwrap_or(TimeZone::UTC);
        let local = |moment: Timestamp| moment.in_zone(&zone).strftime("%Y-%m-%d %H:%M").to_string();
        let promise = callback.promise();
        Self {
            local: local(callback.earliest),
            local_until: callback.latest.map(local),
            late_s: promise.late().map(|late| late.as_secs()),
            state: promise.kept(tolerance, now),
            callback,
        }
    }
}

/// How late a campaign's callbacks may be; the house's own where its settings cannot be read.
pub fn tolerance(campaign: &Campaign) -> Duration {
    campaign.checked_settings().map_or_else(|_| KeepRules::HOUSE, |settings| settings.callbacks).tolerance
}

/// `GET /v1/callbacks?campaign=`: promises in the order they were made; `next` asks for the next page.
pub async fn list(State(api): State<ApiState>, Ask(query): Ask<CallbackQuery>) -> Result<Json<Value>, ApiError> {
    let (campaign, now) = (find(&api, &query.campaign).await?, api.clock.now());
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let page = api.store.callbacks(campaign.id, query.after, limit).await?;
    let next = page.last().filter(|_| page.len() == limit as usize).map(|callback| callback.promised_in);
    let tolerance = tolerance(&campaign);
    let fidelity = api.store.callback_fidelity(campaign.id, tolerance, now).await?;
    let callbacks: Vec<CallbackJson> = page.into_iter().map(|callback| CallbackJson::new(callback, tolerance, now)).collect();
    Ok(Json(json!({ "callbacks": callbacks, "next": next, "fidelity": fidelity })))
}
