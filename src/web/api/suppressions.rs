//! Numbers that must not be called: opt-outs that came another way, and do-not-call lists. What is added holds at once, in the
//! whole deployment.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ApiState;
use super::campaigns::find;
use super::error::ApiError;
use super::extract::{Actor, Ask, Sent};
use crate::domain::ids::CampaignId;
use crate::domain::phone::PhoneNumber;
use crate::intake::phone::named;
use crate::store::suppression::{NewSuppression, OptedOut, Scope, Suppression, SuppressionSource};

/// Who may say so by request; calls, lists and providers speak for themselves.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    /// The person, by letter, mail or a call of theirs.
    OptOut,
    /// The operator.
    #[default]
    Operator,
}

/// The body of `POST /v1/suppressions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressBody {
    phone_number: String,
    /// Who says so; `opt_out` marks the leads as opted out.
    #[serde(default)]
    source: By,
    /// Only in this campaign.
    campaign: Option<String>,
}

/// `POST /v1/suppressions`: the number is called no more from this moment on.
pub async fn add(
    State(api): State<ApiState>,
    actor: Actor,
    Sent(body): Sent<SuppressBody>,
) -> Result<(StatusCode, Json<OptedOut>), ApiError> {
    let phone_number = number(&body.phone_number)?;
    let source = match body.source {
        By::OptOut => SuppressionSource::OptOut,
        By::Operator => SuppressionSource::Operator,
    };
    let scope = scope(&api, body.campaign.as_deref()).await?.unwrap_or(Scope::Global);
    let new = NewSuppression { phone_number: &phone_number, scope, source, attempt: None };
    let done = api.store.opt_out(new, actor.0, &api.timings, api.clock.now()).await?;
    Ok((if done.is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(done)))
}

/// The query of `GET /v1/suppressions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskQuery {
    /// Why this number is not called.
    phone_number: Option<String>,
}

/// `GET /v1/suppressions`: lists, also those that are not complete, and counts, or everything about one number.
pub async fn show(State(api): State<ApiState>, Ask(query): Ask<AskQuery>) -> Result<Json<Value>, ApiError> {
    if let Some(text) = &query.phone_number {
        let number = number(text)?;
        let mut entries = Vec::new();
        for entry in api.store.suppressions_of(&number).await? {
            entries.push(shown(&api, entry).await?);
        }
        return Ok(Json(json!({ "phone_number": number.masked(), "suppressed": !entries.is_empty(), "entries": entries })));
    }
    let today = super::dnc::today(&api);
    let lists: Vec<_> = api.store.dnc_lists().await?.into_iter().map(|list| super::dnc::shown(list, today)).collect();
    let incomplete = super::dnc_unfinished::shown(&api).await?;
    Ok(Json(json!({ "lists": lists, "incomplete": incomplete, "sources": api.store.suppressed_by_source().await? })))
}

/// Why a number is not called, with the name of the campaign where that holds for one alone.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    entry: Suppression,
    campaign: Option<String>,
}

async fn shown(api: &ApiState, entry: Suppression) -> Result<Shown, ApiError> {
    let campaign = match entry.scope.parse::<CampaignId>() {
        Ok(id) => api.store.campaign(id).await?.map(|campaign| campaign.name),
        Err(_) => None,
    };
    Ok(Shown { entry, campaign })
}

/// The query of `DELETE /v1/suppressions/{number}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveQuery {
    /// Why it may be called again; kept in the audit.
    reason: String,
    /// Only in this campaign.
    campaign: Option<String>,
}

/// What was taken off.
#[derive(Debug, Serialize)]
pub struct Removed {
    entries: u64,
    /// What keeps it from being called all the same: `global`, and lists as `list:national`.
    still: Vec<String>,
}

/// `DELETE /v1/suppressions/{number}`: it may be called again unless it is `still` suppressed; leads that were taken off stay off.
pub async fn remove(
    State(api): State<ApiState>,
    Path(text): Path<String>,
    Ask(query): Ask<RemoveQuery>,
    actor: Actor,
) -> Result<Json<Removed>, ApiError> {
    let number = number(&text)?;
    if query.reason.trim().is_empty() {
        return Err(ApiError::unusable("no_reason", "the reason is empty", "say why the number may be called again; the audit keeps it"));
    }
    let scope = scope(&api, query.campaign.as_deref()).await?;
    let entries = api.store.unsuppress(&number, scope, actor.0, &query.reason, api.clock.now()).await?;
    let left = api.store.suppressions_of(&number).await?;
    if entries > 0 {
        let mut still: Vec<String> = left.into_iter().map(|entry| entry.scope).filter(|scope| is_everywhere(scope)).collect();
        // each of two spellings may be on the same list
        still.sort_unstable();
        still.dedup();
        return Ok(Json(Removed { entries, still }));
    }
    match left.iter().find_map(|entry| entry.scope.strip_prefix("list:")) {
        Some(list) => {
            let message = format!("the number is on the do-not-call list {list}");
            Err(ApiError::conflict("on_a_list", message, "numbers leave a list when a newer one without them is imported"))
        }
        None => Err(ApiError::missing("the number is not suppressed there", "callfleet dnc show NUMBER says where it is")),
    }
}

/// Not in one campaign alone.
fn is_everywhere(scope: &str) -> bool {
    scope == "global" || scope.starts_with("list:")
}

fn number(text: &str) -> Result<PhoneNumber, ApiError> {
    named(text).map_err(|error| ApiError::unusable("bad_number", error.to_string(), "write it with its country code, like +14155550123"))
}

async fn scope(api: &ApiState, campaign: Option<&str>) -> Result<Option<Scope>, ApiError> {
    Ok(match campaign {
        Some(name) => Some(Scope::Campaign(find(api, name).await?.id)),
        None => None,
    })
}
