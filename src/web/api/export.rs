//! Every lead with what came of it, as CSV: read page by page, written as it is read, however long the list is.

use std::io;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::lead::LeadResult;

/// Rows per piece of the answer.
const ROWS: usize = 500;

const COLUMNS: [&str; 16] = [
    "external_id",
    "phone_number",
    "state",
    "disposition",
    "reason",
    "opt_out",
    "callback_at",
    "callback_zone",
    "callback_words",
    "attempts",
    "placed",
    "duration_s",
    "cost_usd",
    "next_attempt_at",
    "wait_reason",
    "lead_id",
];

/// `GET /v1/campaigns/{name}/leads.csv`.
pub async fn export(State(api): State<ApiState>, Path(name): Path<String>) -> Result<Response, ApiError> {
    let campaign = find(&api, &name).await?;
    let file = format!("attachment; filename=\"{}.csv\"", campaign.name);
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, file)];
    Ok((headers, Body::from_stream(results_csv(&api.store, campaign.id))).into_response())
}

/// One row per lead of the campaign, header first.
pub fn results_csv(store: &Store, campaign: CampaignId) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let header = stream::once(async { csv_of(|csv| csv.write_record(COLUMNS)) });
    let rows = store.export_leads(campaign).try_chunks(ROWS).map(|chunk| {
        let rows = chunk.map_err(|broken| io::Error::other(broken.1))?;
        csv_of(|csv| rows.iter().try_for_each(|row| csv.write_record(record(row))))
    });
    header.chain(rows)
}

fn csv_of(write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> io::Result<Bytes> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    write(&mut csv)?;
    Ok(csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?.into())
}

fn record(row: &LeadResult) -> [String; 16] {
    let lead = &row.lead;
    let waits = !lead.state.is_terminal();
    [
        lead.external_id.clone().unwrap_or_default(),
        lead.phone_number.e164().to_owned(),
        lead.state.to_string(),
        lead.disposition.map(|disposition| disposition.to_string()).unwrap_or_default(),
        lead.reason.map(|reason| reason.to_string()).unwrap_or_default(),
        lead.opt_out.to_string(),
        moment(lead.callback_at),
        lead.callback_zone.clone().unwrap_or_default(),
        harmless(lead.callback_words.as_deref().unwrap_or_default()),
        lead.attempts.to_string(),
        lead.placed.to_string(),
        row.duration_s.to_string(),
        format!("{:.6}", row.cost.as_usd()),
        if waits { moment(Some(lead.next_attempt_at)) } else { String::new() },
        lead.wait_reason.clone().unwrap_or_default(),
        lead.id.to_string(),
    ]
}

fn moment(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// Words of a callee must not become a formula in somebody's spreadsheet.
fn harmless(words: &str) -> String {
    if words.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{words}") } else { words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_callee_are_no_formula() {
        assert_eq!(harmless("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(harmless("tomorrow after five"), "tomorrow after five");
    }
}
