//! Twilio as the simulator plays it: the REST API for calls, the life of each call, signed webhooks and Media Streams.

mod amd;
mod auth;
mod callbacks;
mod calls;
mod create;
mod dial;
mod document;
mod errors;
mod form;
mod frames;
mod heard;
mod life;
mod list;
mod media;
mod notices;
mod one_call;
mod order;
mod pacing;
mod playback;
mod progress;
mod queue;
mod resource;
mod ringing;
mod scenario;
mod session;
mod signature;
mod socket;
mod stream_report;
mod twiml;
mod verbs;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use axum::{Json, Router};
use serde_json::{Value, json};

pub use scenario::{ApiKey, ConcurrencyRefusal, TwilioScenario};
#[cfg(test)]
pub(super) use session::SILENT;

use calls::{Call, Registry, Status};
use errors::ApiError;
use notices::Notices;
use queue::StartQueue;
use ringing::Ringing;

use super::Stage;
use super::casting::Casting;
use super::chance::Chance;
use super::faults::{CreateFault, Faults};
use super::persona::Persona;
use super::stopwatch::Stopwatch;
use super::truth::{Truth, TruthKind, TruthLine};

/// The provider and everything it knows.
#[derive(Debug)]
pub(super) struct Twilio {
    stage: Stage,
    truth: Truth,
    chance: Chance,
    casting: Casting,
    calls: Registry,
    queue: StartQueue,
    notices: Notices,
    stopwatch: Stopwatch,
    http: reqwest::Client,
}

impl Twilio {
    pub(super) fn new(stage: &Stage, truth: &Truth, http: reqwest::Client) -> Arc<Self> {
        let chance = Chance(stage.seed);
        Arc::new(Self {
            stage: stage.clone(),
            truth: truth.clone(),
            chance,
            casting: Casting::new(Arc::clone(&stage.scenario), chance),
            calls: Registry::default(),
            queue: StartQueue::new(stage.scenario.twilio.cps),
            notices: Notices::default(),
            stopwatch: Stopwatch::default(),
            http,
        })
    }

    /// Calls that are queued, ringing or in progress.
    pub(super) fn live_calls(&self) -> usize {
        self.calls.live()
    }

    /// How long callees waited for sound.
    pub(super) fn stopwatch(&self) -> &Stopwatch {
        &self.stopwatch
    }

    /// Warnings given so far, by code.
    pub(super) fn notices(&self) -> BTreeMap<u32, u64> {
        self.notices.counted()
    }

    fn account(&self) -> &TwilioScenario {
        &self.stage.scenario.twilio
    }

    fn faults(&self) -> &Faults {
        &self.stage.scenario.faults
    }

    fn create_fault(&self, to: &str) -> Option<CreateFault> {
        let subject = format!("{to} {}", self.casting.knock(to));
        self.faults().create.strikes(self.chance, &subject)
    }

    fn ringing(&self, persona: &Persona, call: &Call, patience: Duration) -> Ringing {
        let subject = format!("{} {}", call.to, self.casting.attempts(&call.to));
        ringing::foresee(persona, &self.stage.scenario.pace, self.chance, &subject, patience)
    }

    /// The one place where a call's status changes, so that the truth log misses none.
    fn enter(&self, call: &Call, status: Status) {
        let mut line = TruthLine::now(TruthKind::Ended, Some(&call.sid), &call.to, &call.from);
        match status {
            Status::Queued => return,
            Status::Ringing => line.event = TruthKind::Ringing,
            Status::InProgress => line.event = TruthKind::Answered,
            _ => line.status = Some(status.as_str().to_owned()),
        }
        self.truth.record(line);
        call.enter(status);
    }
}

/// The REST API.
pub(super) fn router(twilio: &Arc<Twilio>) -> Router {
    Router::new()
        .route("/2010-04-01/Accounts/{account}", get(account))
        .route("/2010-04-01/Accounts/{account}/Calls.json", get(list::list).post(create::create))
        .route("/2010-04-01/Accounts/{account}/Calls/{sid}", get(one_call::fetch).post(one_call::update).delete(one_call::delete))
        .route("/2010-04-01/Accounts/{account}/Calls/{sid}/Recordings.json", get(one_call::recordings))
        .route("/2010-04-01/{*other}", any(nothing_here))
        .layer(from_fn_with_state(Arc::clone(twilio), auth::guard))
        .with_state(Arc::clone(twilio))
}

async fn account(State(twilio): State<Arc<Twilio>>) -> Json<Value> {
    let sid = &twilio.account().account_sid;
    Json(json!({
        "sid": sid,
        "owner_account_sid": sid,
        "friendly_name": "Simulated account",
        "status": "active",
        "type": "Full",
        "date_created": "Mon, 23 Nov 2026 12:00:00 +0000",
        "date_updated": "Mon, 23 Nov 2026 12:00:00 +0000",
        "uri": format!("/2010-04-01/Accounts/{sid}.json"),
        "subresource_uris": {"calls": format!("/2010-04-01/Accounts/{sid}/Calls.json")},
    }))
}

async fn nothing_here(uri: Uri) -> ApiError {
    ApiError::not_found(uri.path())
}
