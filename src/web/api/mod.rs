//! The operator's side: every verb is a request to this router, whoever sends it and whether or not a process listens.
//!
//! A running process serves it on loopback; without one the command line sends the same requests to the same router inside
//! its own process. Handlers read the request, ask the store, and say what came of it; decisions live in `domain`.

pub mod address;
mod agents;
mod assignments;
mod audit;
mod callbacks;
mod calls;
mod campaigns;
mod change;
mod clone;
mod cost;
mod dnc;
mod dnc_age;
mod dnc_unfinished;
mod error;
mod events;
mod explain;
mod export;
mod extract;
mod guard;
mod health;
mod idle;
mod imports;
mod jobs;
mod keyed;
mod lead_explain;
mod leads;
mod left_over;
mod masked;
mod passed;
mod queues;
mod rehearsal;
mod settings;
mod start;
mod steps;
mod stop;
mod suppressions;
mod test_call;
#[cfg(test)]
mod tests;
mod transfer;
mod unspoken;

use std::path::PathBuf;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{delete, get, post};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::clock::SharedClock;
use crate::domain::dialing::DialTimings;
use crate::domain::reserve::CallReserve;
use crate::live::Live;
use crate::rehearsal::Rehearsals;
use crate::store::Store;

pub use error::ApiError;
pub use export::results_csv;
pub use extract::CLI_AGENT;
pub use unspoken::LatelyTold;

/// Settings, agents and everything else but lists of leads.
const LARGEST_BODY: usize = 1024 * 1024;

/// What the handlers need.
#[derive(Clone)]
pub struct ApiState {
    /// Rows.
    pub store: Store,
    /// Business time.
    pub clock: SharedClock,
    /// The dial protocol's times: how long a silent worker counts as living, when withdrawn leads are due again.
    pub timings: DialTimings,
    /// Worst case of one call, as it is reserved before a dial.
    pub reserve: CallReserve,
    /// Call starts per second of the account: a slow campaign's pace is told by it, and rehearsed.
    pub account_rate: f64,
    /// Calls a worker can hold at once, for rehearsals while none lives.
    pub worker_lines: u32,
    /// The rehearsal that runs here.
    pub rehearsals: Rehearsals,
    /// The data folder, for the rejected rows of imports.
    pub files: PathBuf,
    /// Longest list that is received, in bytes.
    pub largest_list: u64,
    /// What is happening now.
    pub live: Live,
    /// What statuses told of leads that lack a value.
    pub unspoken: LatelyTold,
    /// What `/metrics` shows; `None` outside a process that runs.
    pub metrics: Option<PrometheusHandle>,
}

/// Every route.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/v1/campaigns", get(campaigns::list).post(campaigns::create))
        .route("/v1/campaigns/{name}", get(campaigns::status).patch(change::change))
        .route("/v1/campaigns/{name}/clone", post(clone::clone))
        .route("/v1/campaigns/{name}/stop", post(stop::stop))
        .route("/v1/campaigns/{name}/{step}", post(steps::step))
        .route("/v1/campaigns/{name}/rehearsal", get(rehearsal::progress).post(rehearsal::run))
        .route("/v1/campaigns/{name}/explain", get(explain::explain))
        .route("/v1/campaigns/{name}/audit", get(audit::list))
        .route("/v1/campaigns/{name}/leads.csv", get(export::export))
        .route("/v1/campaigns/{name}/leads.json", get(export::export_json))
        .route("/v1/campaigns/{name}/parked/retry", post(leads::retry_parked))
        .route("/v1/campaigns/{name}/imports/{id}", get(imports::show))
        .route("/v1/campaigns/{name}/imports/{id}/rejects", get(imports::rejects))
        .route("/v1/imports/{id}/undo", post(imports::undo))
        .route("/v1/leads", get(leads::list))
        .route("/v1/leads/{id}", get(leads::show))
        .route("/v1/leads/{id}/explain", get(lead_explain::explain))
        .route("/v1/leads/{id}/cancel", post(leads::cancel))
        .route("/v1/leads/{id}/retry", post(leads::retry))
        .route("/v1/queues", get(queues::list))
        .route("/v1/queues/{queue}/pause", post(queues::pause))
        .route("/v1/queues/{queue}/resume", post(queues::resume))
        .route("/v1/queues/{queue}/retry", post(queues::retry))
        .route("/v1/jobs", get(jobs::list))
        .route("/v1/jobs/{id}/retry", post(jobs::retry))
        .route("/v1/callbacks", get(callbacks::list))
        .route("/v1/callbacks/resolve", post(callbacks::resolve))
        .route("/v1/calls", get(calls::list))
        .route("/v1/calls/test", post(test_call::test))
        .route("/v1/calls/{id}", get(calls::show))
        .route("/v1/agents", get(agents::list).post(agents::save))
        .route("/v1/agents/{name}", get(agents::show))
        .route("/v1/suppressions", get(suppressions::show).post(suppressions::add))
        .route("/v1/suppressions/{number}", delete(suppressions::remove))
        .route("/v1/cost", get(cost::report))
        .route("/v1/events", get(events::events))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        // lists of leads have limits of their own
        .route("/v1/campaigns/{name}/leads", post(imports::add).layer(DefaultBodyLimit::max(imports::LARGEST_ROWS)))
        .route("/v1/campaigns/{name}/imports", get(imports::list).post(imports::import))
        .route("/v1/dnc-lists/{name}", post(dnc::import).delete(dnc::remove))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(guard::own_machine))
        .with_state(state)
}

async fn unknown(uri: Uri) -> ApiError {
    ApiError::missing(format!("there is nothing at {}", uri.path()), "resources stand under /v1")
}

async fn not_allowed(method: Method, uri: Uri) -> ApiError {
    let message = format!("{method} is not possible at {}", uri.path());
    let fix = "GET shows, POST makes and does; docs/leads.md, docs/campaigns.md and docs/callbacks.md show requests";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, fix)
}
