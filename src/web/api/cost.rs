//! What the work cost, and what it would have cost with everything on the expensive model.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::Ask;
use crate::mind::ledger::{Purpose, Service, Tier};
use crate::store::cost::CostLine;

/// The query of `GET /v1/cost`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostQuery {
    campaign: Option<String>,
}

/// The sums, in US dollars.
#[derive(Debug, Serialize)]
pub struct CostJson {
    campaign: Option<String>,
    cost_usd: f64,
    baseline_usd: f64,
    saved: Option<f64>,
    lines: Vec<LineJson>,
}

#[derive(Debug, Serialize)]
struct LineJson {
    service: Service,
    purpose: Purpose,
    model: String,
    tier: Tier,
    calls: i64,
    cache_hits: i64,
    estimated: i64,
    tokens_in: i64,
    tokens_cached: i64,
    tokens_out: i64,
    units: i64,
    cost_usd: f64,
    baseline_usd: f64,
}

impl From<CostLine> for LineJson {
    fn from(line: CostLine) -> Self {
        Self {
            service: line.service,
            purpose: line.purpose,
            model: line.model,
            tier: line.tier,
            calls: line.calls,
            cache_hits: line.cache_hits,
            estimated: line.estimated,
            tokens_in: line.tokens_in,
            tokens_cached: line.tokens_cached,
            tokens_out: line.tokens_out,
            units: line.units,
            cost_usd: line.cost.as_usd(),
            baseline_usd: line.baseline.as_usd(),
        }
    }
}

/// `GET /v1/cost`: of one campaign, or of everything.
pub async fn report(State(api): State<ApiState>, Ask(query): Ask<CostQuery>) -> Result<Json<CostJson>, ApiError> {
    let campaign = match &query.campaign {
        Some(name) => Some(find(&api, name).await?.id),
        None => None,
    };
    let report = api.store.cost_report(campaign).await?;
    Ok(Json(CostJson {
        campaign: query.campaign,
        cost_usd: report.cost.as_usd(),
        baseline_usd: report.baseline.as_usd(),
        saved: report.saved(),
        lines: report.lines.into_iter().map(LineJson::from).collect(),
    }))
}
