//! `…/Calls/{Sid}.json`: fetch, update, delete; and its recordings, of which there are none.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Twilio;
use super::calls::{Call, Control, Status};
use super::errors::ApiError;
use super::form::{Form, Hook, is_web_url};
use super::order::Source;
use super::resource::call_object;
use super::twiml::{self, Element};

/// How long an update waits to see its effect before it answers.
const EFFECT: Duration = Duration::from_secs(2);

pub(super) async fn fetch(
    State(twilio): State<Arc<Twilio>>,
    Path((_, sid)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let call = find(&twilio, &sid, &uri)?;
    Ok(Json(call_object(&call, twilio.account(), false)))
}

pub(super) async fn delete(
    State(twilio): State<Arc<Twilio>>,
    Path((_, sid)): Path<(String, String)>,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    let call = find(&twilio, &sid, &uri)?;
    if !call.status().is_final() {
        return Err(ApiError::bad(20_009, "Cannot delete a call that is in progress"));
    }
    twilio.calls.remove(&call.sid);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn update(
    State(twilio): State<Arc<Twilio>>,
    Path((_, sid)): Path<(String, String)>,
    uri: Uri,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let call = find(&twilio, &sid, &uri)?;
    let controls = Controls::read(&Form::parse(&body), &call)?;
    for control in controls.given {
        // The task of a call that just ended no longer listens: then there is nothing left to control.
        if call.control.send(control).await.is_err() {
            return Err(not_in_progress());
        }
    }
    if controls.ends {
        let mut status = call.status.subscribe();
        if timeout(EFFECT, status.wait_for(|status| status.is_final())).await.is_err() {
            tracing::warn!(call.sid = call.sid, "a call did not end in time");
        }
    }
    Ok(Json(call_object(&call, twilio.account(), false)))
}

pub(super) async fn recordings(
    State(twilio): State<Arc<Twilio>>,
    Path((_, sid)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    find(&twilio, &sid, &uri)?;
    let path = uri.path();
    let first = format!("{path}?PageSize=50&Page=0");
    Ok(Json(json!({
        "recordings": [], "page": 0, "page_size": 50, "start": 0, "end": 0, "uri": first,
        "first_page_uri": first, "next_page_uri": null, "previous_page_uri": null,
    })))
}

fn find(twilio: &Twilio, sid: &str, uri: &Uri) -> Result<Arc<Call>, ApiError> {
    twilio.calls.get(sid.trim_end_matches(".json")).ok_or_else(|| ApiError::not_found(uri.path()))
}

fn not_in_progress() -> ApiError {
    ApiError::bad(21_220, "Call is not in-progress. Cannot redirect.")
}

/// What an update tells the call.
struct Controls {
    given: Vec<Control>,
    ends: bool,
}

impl Controls {
    fn read(form: &Form, call: &Call) -> Result<Self, ApiError> {
        if call.status().is_final() {
            return Err(not_in_progress());
        }
        let mut given = Vec::new();
        if let Some(url) = form.url("StatusCallback", 21_609)? {
            given.push(Control::Progress(Hook { url, method: form.method("StatusCallbackMethod")? }));
        }
        if let Some(limit) = form.number("TimeLimit", 1, 86_400)? {
            given.push(Control::TimeLimit(Duration::from_secs(limit)));
        }
        if let Some(to) = Source::read(form)? {
            given.push(Control::Redirect { fallback: fallback(form)?, to: checked(to)? });
        }
        let ends = match form.get("Status") {
            None => false,
            Some("completed") => true,
            // An answered call is beyond cancelling; it goes on and the answer shows it.
            Some("canceled") => call.status() != Status::InProgress,
            Some(other) => return Err(ApiError::bad(20_001, format!("Invalid Status: {other}"))),
        };
        if ends {
            given.push(Control::End);
        }
        Ok(Self { given, ends })
    }
}

fn fallback(form: &Form) -> Result<Option<Hook>, ApiError> {
    let method = form.method("FallbackMethod")?;
    Ok(form.url("FallbackUrl", 21_205)?.map(|url| Hook { url, method }))
}

/// Inline TwiML has no URL that a relative `action` could refer to.
fn checked(source: Source) -> Result<Source, ApiError> {
    if let Source::Inline(twiml) = &source {
        let relative = |verb: &Element| verb.attribute("action").is_some_and(|action| !is_web_url(action));
        if twiml::parse(twiml).is_ok_and(|response| response.children.iter().any(relative)) {
            return Err(ApiError::bad(15_004, "The action URL must be absolute"));
        }
    }
    Ok(source)
}
