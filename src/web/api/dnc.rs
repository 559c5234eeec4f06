//! Do-not-call lists: received as a file, read number by number, replaced as a whole.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::ApiState;
use super::dnc_age::soon_too_old;
use super::dnc_unfinished::list_changed;
use super::error::ApiError;
use super::extract::{Actor, Ask};
use super::imports::{receive_list, region};
use crate::crash_point;
use crate::domain::dnc::{Freshness, HOUSE_DAYS, freshness};
use crate::domain::law::{self, Registry, registries, registry_of};
use crate::domain::zone::country_with_numbers_of;
use crate::intake::FileError;
use crate::intake::finding::Finding;
use crate::intake::numbers::{self, NumberCounts};
use crate::store::dnc::{DncList, ReadList, TakenOff};

/// The query of `POST /v1/dnc-lists/{name}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DncQuery {
    /// The day on which the list's publisher wrote it.
    scrub_date: String,
    /// The country of numbers without one.
    region: Option<String>,
    /// The registry it comes from, by the jurisdiction that keeps it; by default that of `region`.
    registry: Option<String>,
}

/// What came of a list.
#[derive(Debug, Serialize)]
pub struct DncOutcome {
    /// Its name.
    list: String,
    /// The registry it comes from.
    registry: Option<String>,
    /// The day it was written.
    scrub_date: String,
    /// Rows of the file.
    rows: u64,
    /// Rows without a usable number.
    rejected: u64,
    by_code: BTreeMap<String, u64>,
    /// The first of those.
    rejects: Vec<Finding>,
    /// Different numbers on the list now.
    numbers: i64,
    #[serde(flatten)]
    taken_off: TakenOff,
    /// That it has to be renewed soon.
    warnings: Vec<String>,
    seconds: f64,
}

/// `POST /v1/dnc-lists/{name}` with the file as body: the list of this name is what the file says.
pub async fn import(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    Ask(query): Ask<DncQuery>,
    actor: Actor,
    body: Body,
) -> Result<(StatusCode, Json<DncOutcome>), ApiError> {
    let begun = Instant::now();
    let mut file = receive_list(&api, body).await?;
    let name = list_name(&name)?;
    let registry = registry(&query)?;
    let scrub_date = scrub_date(&query.scrub_date)?;
    check_date(scrub_date, today(&api), registry)?;
    let region = region(query.region.as_deref())?;
    let mut listing = api.store.begin_listing(name, api.clock.now()).await?;
    let (hand_over, mut pieces) = mpsc::channel(1);
    // it ends by itself when nobody takes its numbers any more
    let reading = spawn_blocking(move || {
        numbers::read(&mut file, region, |piece| hand_over.blocking_send(piece).map_err(|_| io::Error::other("nobody takes the numbers")))
    });
    let mut taken_off = TakenOff::default();
    while let Some(piece) = pieces.recv().await {
        let done = api.store.add_listed(name, &piece, &mut listing, &api.timings, api.clock.now()).await?;
        taken_off += done.ok_or_else(|| list_changed(name))?;
        crash_point::pass("dnc.piece");
    }
    let counts = reading.await.map_err(|error| unreadable(&FileError::Read(io::Error::other(error))))?;
    let counts = counts.map_err(|error| unreadable(&error))?;
    // read in a wrong way it would drop the numbers that the list has, and count as new: it keeps them and its date
    if counts.rejected * 2 > counts.rows {
        let fix = "write one number a line, or name the column phone_number; numbers without a country code need --region";
        return Err(ApiError::unusable("bad_file", few_numbers(&counts), fix));
    }
    let scrub_date = scrub_date.to_string();
    let list = ReadList { name, registry: registry.map(|registry| registry.place), scrub_date: &scrub_date };
    let kept = api.store.finish_listing(list, &listing, actor.0, api.clock.now()).await?.ok_or_else(|| list_changed(name))?;
    let NumberCounts { rows, rejected, by_code, findings } = counts;
    let by_code = by_code.into_iter().map(|(code, rows)| (code.to_string(), rows)).collect();
    let warnings = soon_too_old(&kept.date(), today(&api)).into_iter().collect();
    let DncList { name: list, registry, scrub_date, numbers, .. } = kept;
    let seconds = begun.elapsed().as_secs_f64();
    Ok((
        StatusCode::CREATED,
        Json(DncOutcome { list, registry, scrub_date, rows, rejected, by_code, rejects: findings, numbers, taken_off, warnings, seconds }),
    ))
}

/// The query of `DELETE /v1/dnc-lists/{name}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveQuery {
    /// Why its numbers may be called; kept in the audit.
    reason: String,
}

/// `DELETE /v1/dnc-lists/{name}`: the list and its numbers are forgotten, also one that is not complete.
pub async fn remove(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    Ask(query): Ask<RemoveQuery>,
    actor: Actor,
) -> Result<Json<Value>, ApiError> {
    if query.reason.trim().is_empty() {
        return Err(ApiError::unusable("no_reason", "the reason is empty", "say why the list is given up; the audit keeps it"));
    }
    if !api.store.remove_dnc_list(list_name(&name)?, actor.0, &query.reason, api.clock.now()).await? {
        return Err(ApiError::missing(format!("there is no do-not-call list `{name}`"), "callfleet dnc list shows them"));
    }
    Ok(Json(json!({ "list": name, "removed": true })))
}

/// The day it is, in UTC.
pub fn today(api: &ApiState) -> Date {
    api.clock.now().in_zone(&TimeZone::UTC).date()
}

/// A list with its age.
#[derive(Debug, Serialize)]
pub struct ListJson {
    #[serde(flatten)]
    list: DncList,
    /// From this age on nobody is called by it.
    most_days: i64,
    /// `None` for a date that cannot be read: nobody is called by such a list.
    #[serde(flatten)]
    age: Option<Freshness>,
}

/// A list with its age on a day.
pub fn shown(list: DncList, today: Date) -> ListJson {
    let date = list.date();
    ListJson { list, most_days: date.most_days(), age: date.age(today) }
}

/// The registry that is named, or that of the country whose numbers the list has.
fn registry(query: &DncQuery) -> Result<Option<&'static Registry>, ApiError> {
    let Some(named) = &query.registry else {
        return Ok(query.region.as_deref().and_then(|region| registry_of(&region.to_ascii_uppercase())));
    };
    let known = || registries().iter().map(|registry| registry.place).collect::<Vec<_>>().join(", ");
    let found = law::registry(&named.to_ascii_lowercase());
    found.map(Some).ok_or_else(|| {
        let message = format!("`{named}` is no registry whose law is known");
        let meant = country_with_numbers_of(&named.to_ascii_uppercase()).map(str::to_ascii_lowercase);
        let meant = meant.filter(|place| law::registry(place).is_some()).map(|place| format!("it is written {place}"));
        ApiError::unusable("unknown_registry", message, meant.unwrap_or_else(|| format!("name one of {}, or none", known())))
    })
}

fn scrub_date(text: &str) -> Result<Date, ApiError> {
    text.trim().parse().map_err(|_| {
        let fix = "give --scrub-date (scrub_date) the day on which the list's publisher wrote it, as year, month and day: 2026-11-03";
        ApiError::unusable("bad_date", format!("`{text}` is no day"), fix)
    })
}

fn check_date(scrub_date: Date, today: Date, registry: Option<&Registry>) -> Result<(), ApiError> {
    let most_days = registry.map_or(HOUSE_DAYS, |registry| registry.most_days);
    let fix = format!("give the day on which the list's publisher wrote it, {today} at the latest");
    if scrub_date > today {
        return Err(ApiError::unusable("bad_scrub_date", format!("{scrub_date} is still to come"), fix));
    }
    if let Freshness::Stale { days } = freshness(scrub_date, today, most_days) {
        let message = format!("a list that was written {days} days ago is too old to call by; {most_days} days are the end");
        return Err(ApiError::unusable("stale_list", message, "get a newer list from its publisher"));
    }
    Ok(())
}

fn list_name(name: &str) -> Result<&str, ApiError> {
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits {
        Ok(name)
    } else {
        Err(ApiError::unusable("bad_name", format!("`{name}` is no name for a list"), "use 1 to 64 letters, digits, - _ ."))
    }
}

fn few_numbers(counts: &NumberCounts) -> String {
    let first = counts.findings.first().map(|finding| format!("; line {}: {}", finding.line, finding.message)).unwrap_or_default();
    let rows = match (counts.rows - counts.rejected, counts.rows) {
        (0, 1) => "its one row holds no".to_owned(),
        (0, rows) => format!("none of the {rows} rows holds a"),
        (good, rows) => format!("only {good} of the {rows} rows {} a", if good == 1 { "holds" } else { "hold" }),
    };
    format!("{rows} phone number{first}")
}

fn unreadable(error: &FileError) -> ApiError {
    ApiError::unusable("bad_file", error.to_string(), "correct the file and import it again; the list keeps its old date")
}
