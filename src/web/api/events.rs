//! `GET /v1/events`: what is happening now, as server-sent events.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::Ask;
use crate::domain::ids::CampaignId;
use crate::live::{Heard, Listener, LiveEvent};

/// What to listen to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    campaign: Option<String>,
}

/// Calls, outcomes and campaigns as they change, of one campaign or of all. A client that names the last event it heard
/// (`Last-Event-ID`) gets what it missed, as far as that is kept; what is not is told as an event `gap`.
pub async fn events(
    State(api): State<ApiState>,
    Ask(which): Ask<Which>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let campaign = match &which.campaign {
        Some(name) => Some(find(&api, name).await?.id),
        None => None,
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<Uuid>().ok());
    let stream = futures_util::stream::unfold(api.live.listen(last), move |listener| next(listener, campaign));
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

async fn next(mut listener: Listener, campaign: Option<CampaignId>) -> Option<(Result<Event, Infallible>, Listener)> {
    loop {
        let event = match listener.next().await? {
            Heard::Event(event) if campaign.is_none_or(|wanted| wanted == event.campaign) => told(&event),
            Heard::Event(_) => continue,
            Heard::Gap(missed) => gap(missed),
        };
        return Some((Ok(event), listener));
    }
}

fn told(event: &LiveEvent) -> Event {
    // ids and words are always writable as JSON
    let data = serde_json::to_string(event).unwrap_or_default();
    Event::default().id(event.id.to_string()).event(event.kind.as_str()).data(data)
}

/// Whoever needs what was missed reads the rows.
fn gap(missed: Option<u64>) -> Event {
    Event::default().event("gap").data(json!({ "missed": missed }).to_string())
}
