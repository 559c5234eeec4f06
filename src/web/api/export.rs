//! Every lead with what came of it, as CSV or JSON: read page by page, written as it is read, however long the list is.

use std::io;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::Value;

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::Ask;
use crate::domain::ids::CampaignId;
use crate::intake::export::{PhoneForm, ResultRow, Results};
use crate::store::Store;
use crate::store::codec::count;
use crate::store::lead::LeadResult;

/// Rows per piece of the answer.
const ROWS: usize = 500;

/// The query of `GET /v1/campaigns/{name}/leads.csv`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// For a spreadsheet: numbers as text.
    #[serde(default)]
    spreadsheet: bool,
}

/// `GET /v1/campaigns/{name}/leads.csv`.
pub async fn export(State(api): State<ApiState>, Path(name): Path<String>, Ask(query): Ask<ExportQuery>) -> Result<Response, ApiError> {
    let campaign = find(&api, &name).await?;
    let phones = if query.spreadsheet { PhoneForm::Text } else { PhoneForm::Plain };
    let file = format!("attachment; filename=\"{}.csv\"", campaign.name);
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, file)];
    Ok((headers, Body::from_stream(results_csv(&api.store, campaign.id, phones))).into_response())
}

/// `GET /v1/campaigns/{name}/leads.json`: `{"leads": […]}`, one object per lead and line, its keys the columns of the CSV.
pub async fn export_json(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Response, ApiError> {
    let campaign = find(&api, &name).await?;
    let body = Body::from_stream(results_json(&api.store, campaign.id));
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn results_json(store: &Store, campaign: CampaignId) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let edge = |text: &'static str| stream::once(async move { io::Result::Ok(Bytes::from_static(text.as_bytes())) });
    let pieces = store.export_leads(campaign).try_chunks(ROWS).enumerate().map(|(at, chunk)| {
        let rows = chunk.map_err(|broken| io::Error::other(broken.1))?;
        let lines: Vec<String> = rows.iter().map(|row| result_row(row).to_json().to_string()).collect();
        let before = if at == 0 { "" } else { ",\n" };
        io::Result::Ok(Bytes::from(format!("{before}{}", lines.join(",\n"))))
    });
    edge("{\"leads\":[\n").chain(pieces).chain(edge("\n]}\n"))
}

/// One row per lead of the campaign, header first; columns as [`crate::intake::export::COLUMNS`].
pub fn results_csv(store: &Store, campaign: CampaignId, phones: PhoneForm) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let header = stream::once(async move { Results::new(Vec::new(), phones)?.finish().map(Bytes::from) });
    let pieces =
        store.export_leads(campaign).try_chunks(ROWS).map(move |chunk| piece(&chunk.map_err(|broken| io::Error::other(broken.1))?, phones));
    header.chain(pieces)
}

/// Rows without the header that each writer begins with.
fn piece(rows: &[LeadResult], phones: PhoneForm) -> io::Result<Bytes> {
    let mut results = Results::new(Vec::new(), phones)?;
    rows.iter().try_for_each(|row| results.write(&result_row(row)))?;
    let text = Bytes::from(results.finish()?);
    let header = text.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    Ok(text.slice(header..))
}

fn result_row(row: &LeadResult) -> ResultRow {
    let lead = &row.lead;
    ResultRow {
        external_id: lead.external_id.clone(),
        phone_number: lead.phone_number.clone(),
        disposition: lead.disposition,
        reason: lead.reason,
        opt_out: lead.opt_out,
        callback_at: lead.callback_at,
        attempts: u32::try_from(lead.placed).unwrap_or(0),
        duration_s: count(row.duration_s),
        cost: row.cost,
        state: lead.state.to_string(),
        callback_zone: lead.callback_zone.clone(),
        last_attempt_at: row.last_attempt_at,
        score: answered(row.score.as_deref(), "score").and_then(|score| u8::try_from(score.as_u64()?).ok()),
        summary: answered(row.summary.as_deref(), "summary").and_then(|summary| summary.as_str().map(str::to_owned)),
        priority: lead.priority,
        consent_basis: lead.consent_basis.clone(),
        consent_at: lead.consent_at,
        consent_ref: lead.consent_ref.clone(),
    }
}

/// One field of an answer that was stored as JSON.
fn answered(json: Option<&str>, field: &str) -> Option<Value> {
    serde_json::from_str::<Value>(json?).ok()?.get(field).cloned()
}
