//! Leads as JSON, for programs: the same rules as for files, all rows in one transaction, and what was refused in the answer.

use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::ApiState;
use super::super::error::ApiError;
use super::super::extract::Actor;
use super::super::idle;
use super::super::keyed::{self, Key, Turn};
use super::doubtful::{Doubtful, DoubtsJson, staying};
use super::lacks::Lacks;
use super::{open_campaign, region, sink};
use crate::domain::doubts::Doubts;
use crate::intake::finding::Finding;
use crate::intake::objects::{Object, judge};
use crate::store::campaign::Campaign;
use crate::store::lead_insert::{Inserted, ListLead, ListPlace, OnDuplicate, Once};

/// Most rows of a request.
const MOST: usize = 10_000;

/// Longest body, in bytes.
pub const LARGEST_BODY: usize = 16 << 20;

/// The body of `POST /v1/campaigns/{name}/leads`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a JSON object whose `leads` is a list of rows")]
struct RowsBody {
    leads: Vec<Object>,
    /// Replace the data of leads that are there.
    #[serde(default)]
    update: bool,
    /// The country whose national numbers the rows may hold.
    region: Option<String>,
}

/// What came of the rows; `accepted`, `updated`, `duplicates` and `rejected` add up to `rows`.
#[derive(Debug, Serialize)]
struct RowsOutcome {
    rows: u64,
    accepted: u64,
    updated: u64,
    duplicates: u64,
    rejected: u64,
    /// Of the accepted ones, on a do-not-call list: stored, never called.
    suppressed: u64,
    by_code: BTreeMap<String, u64>,
    /// Of the others, those that somebody should look at.
    #[serde(flatten)]
    doubts: DoubtsJson,
    /// Of the leads that are new or updated, those without a variable that the agent's lines say, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    lacking: BTreeMap<String, u64>,
    /// Every refused row.
    rejects: Vec<Finding>,
    /// What is as it should be, and good to know.
    notes: Vec<String>,
    warnings: Vec<String>,
    seconds: f64,
}

/// `POST /v1/campaigns/{name}/leads`.
pub async fn add(State(api): State<ApiState>, Path(name): Path<String>, actor: Actor, key: Key, body: Bytes) -> Result<Response, ApiError> {
    let begun = Instant::now();
    let campaign = open_campaign(&api, &name).await?;
    let order: RowsBody = serde_json::from_slice(&body).map_err(|error| bad_body(&error))?;
    if order.leads.len() > MOST {
        let message = format!("{} rows were sent; {MOST} are the most of one request", order.leads.len());
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_rows", message, "send them in several requests, or as a file"));
    }
    let scope = format!("POST /v1/campaigns/{}/leads", campaign.id);
    let keyed = match key.take(&api, scope, hex::encode(Sha256::digest(&body))).await? {
        Turn::Do(keyed) => keyed,
        Turn::Done(answer) => return Ok(answer),
    };
    let (region, now) = (region(order.region.as_deref())?, api.clock.now());
    let (mut leads, mut rejects) = (Vec::new(), Vec::new());
    for (object, row) in order.leads.iter().zip(1..) {
        match judge(object, row, region, now) {
            Ok(lead) => leads.push(sink::lead(lead)),
            Err(finding) => rejects.push(*finding),
        }
    }
    let on_duplicate = if order.update { OnDuplicate::Update } else { OnDuplicate::Skip };
    let (listed, doubtful) = {
        let rows = that_count(&leads, on_duplicate);
        (rows.len() as u64, doubtful(&api, &campaign, &rows, on_duplicate).await?)
    };
    let warnings: Vec<String> = doubtful.warnings(listed).into_iter().chain(idle::warning(&campaign)).collect();
    let notes: Vec<String> = doubtful.note().into_iter().chain(idle::note(&campaign)).collect();
    let place = ListPlace { campaign: campaign.id, import: None, on_duplicate };
    // written once, so that a replayed answer is the same to the letter
    let told = OnceLock::new();
    let tell = |inserted: &Inserted| {
        let outcome = RowsOutcome::of(order.leads.len() as u64, inserted, &rejects, [&notes, &warnings], begun);
        let outcome = RowsOutcome { doubts: doubtful.doubts().into(), lacking: doubtful.lacking(listed), ..outcome };
        told.get_or_init(|| serde_json::to_value(outcome).unwrap_or(Value::Null)).clone()
    };
    let status = StatusCode::CREATED;
    let answer = |inserted: &Inserted| keyed::kept(status, &tell(inserted));
    Ok(match api.store.insert_leads_once(place, leads, actor.0, now, keyed.request.as_ref(), answer).await? {
        Once::Done(inserted) => axum::response::IntoResponse::into_response((status, axum::Json(tell(&inserted)))),
        Once::Answered(answer) => keyed::replayed(&answer),
    })
}

/// Of several rows with one number the one that speaks, as in a file: the first, or when leads are updated the last.
fn that_count(leads: &[ListLead], on_duplicate: OnDuplicate) -> Vec<&ListLead> {
    let mut rows: Vec<&ListLead> = leads.iter().collect();
    if on_duplicate == OnDuplicate::Update {
        rows.reverse();
    }
    let mut seen = HashSet::new();
    rows.retain(|lead| seen.insert(&lead.phone_number));
    rows
}

/// What is doubtful in rows that are about to be written.
async fn doubtful(api: &ApiState, campaign: &Campaign, rows: &[&ListLead], on_duplicate: OnDuplicate) -> Result<Doubtful, ApiError> {
    let mut doubtful = Doubtful::of(campaign, Lacks::of(api, campaign, None).await?, Doubts::default());
    let doubted = doubtful.doubted(rows.iter().copied());
    let there = staying(&api.store, campaign.id, on_duplicate, &doubted).await?;
    doubtful.add(rows.iter().copied(), |number| there.contains(number));
    Ok(doubtful)
}

impl RowsOutcome {
    fn of(rows: u64, inserted: &Inserted, rejects: &[Finding], [notes, warnings]: [&[String]; 2], begun: Instant) -> Self {
        let mut by_code = BTreeMap::new();
        for finding in rejects {
            *by_code.entry(finding.code.to_string()).or_default() += 1;
        }
        Self {
            rows,
            accepted: inserted.accepted + inserted.suppressed,
            updated: inserted.updated,
            duplicates: inserted.duplicates,
            rejected: rejects.len() as u64,
            suppressed: inserted.suppressed,
            by_code,
            doubts: DoubtsJson::default(),
            lacking: BTreeMap::new(),
            rejects: rejects.to_vec(),
            notes: notes.to_vec(),
            warnings: warnings.to_vec(),
            seconds: begun.elapsed().as_secs_f64(),
        }
    }
}

fn bad_body(error: &serde_json::Error) -> ApiError {
    let fix = "send {\"leads\": [{\"phone_number\": \"+14155550123\", …}, …]}; `update` and `region` may stand beside it";
    ApiError::unusable("bad_body", format!("the body cannot be read: {error}"), fix)
}
