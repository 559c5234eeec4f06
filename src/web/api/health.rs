//! Whether this process lives, can do its work, and what it counts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::ApiState;
use super::error::ApiError;
use crate::web::probe::PATIENCE;

/// `GET /healthz`: the process answers. The process id tells which one it is.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok", "process": std::process::id(), "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /readyz`: the database answers and has this binary's schema.
pub async fn readyz(State(api): State<ApiState>) -> Result<Json<Value>, ApiError> {
    match api.store.within(PATIENCE).require_current_schema().await {
        Ok(()) => Ok(Json(json!({ "status": "ready" }))),
        Err(error) => {
            let fix = "run `callfleet doctor`";
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", error.to_string(), fix))
        }
    }
}

/// `GET /metrics`, for Prometheus.
pub async fn metrics(State(api): State<ApiState>) -> Result<String, ApiError> {
    let fix = "ask a process that runs, for example `callfleet up`";
    api.metrics
        .as_ref()
        .map(metrics_exporter_prometheus::PrometheusHandle::render)
        .ok_or_else(|| ApiError::missing("nothing is measured here", fix))
}
