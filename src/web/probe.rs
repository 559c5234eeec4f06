//! What a supervisor and Prometheus ask any role: does it live, may it get work, what does it count.
//!
//! Each role of a fleet serves this on a small listener of its own. Nothing here names a person.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// Who asks whether we are ready has not long to wait: a database that does not answer by then is away.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// What is asked about.
#[derive(Clone)]
pub struct Probe {
    /// `scheduler` or `worker`.
    pub role: &'static str,
    /// A role without its database can do nothing new.
    pub store: Store,
    /// What it counts.
    pub metrics: PrometheusHandle,
    /// Fires when the role takes no more work.
    pub stop: CancellationToken,
    /// Whether a scheduler is the active one; workers are always.
    pub active: Arc<AtomicBool>,
}

/// `/healthz`, `/readyz`, `/metrics`.
pub fn probe_routes(probe: Probe) -> Router {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/metrics", get(metrics)).with_state(probe)
}

async fn healthz(State(probe): State<Probe>) -> Json<Value> {
    Json(json!({ "status": "ok", "role": probe.role, "process": std::process::id(), "version": env!("CARGO_PKG_VERSION") }))
}

/// 503 while it drains, and while the database is away: a load balancer sends the next stream to somebody else.
async fn readyz(State(probe): State<Probe>) -> (StatusCode, Json<Value>) {
    let active = probe.active.load(Ordering::Relaxed);
    let refuse = |why: String| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "role": probe.role, "why": why })));
    if probe.stop.is_cancelled() {
        return refuse("it drains: no new work, the calls it holds go on".to_owned());
    }
    match probe.store.within(PATIENCE).require_current_schema().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready", "role": probe.role, "active": active }))),
        Err(error) => refuse(error.to_string()),
    }
}

async fn metrics(State(probe): State<Probe>) -> String {
    probe.metrics.render()
}
