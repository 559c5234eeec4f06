//! The leads that are still to call by their hours. Who is never called waits for no hours: leads of countries that the campaign does
//! not call, or that the provider has refused it, are parked when it is their turn.

use serde::Serialize;

use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::hours_class::HoursClass;
use crate::domain::time::Timestamp;
use crate::domain::window::Open;
use crate::store::campaign::Campaign;
use crate::store::hours_class::ClassDue;
use crate::web::api::ApiState;
use crate::web::api::error::ApiError;
use crate::web::api::left_over::is_called;

/// Leads whose hours open and close together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct HoursJson {
    pub leads: i64,
    pub open: bool,
    pub opens_at: Option<Timestamp>,
    pub zones: Vec<String>,
    pub laws: String,
    /// Due now.
    #[serde(skip)]
    pub due: i64,
    /// When the first of the others is due.
    #[serde(skip)]
    pub next_at: Option<Timestamp>,
    /// When somebody of it may be called who may not be now.
    #[serde(skip)]
    pub next_call: Option<Timestamp>,
}

impl HoursJson {
    fn of(class: HoursClass, counts: &[ClassDue], settings: &CampaignSettings, now: Timestamp) -> Option<Self> {
        let own: Vec<&ClassDue> = counts.iter().filter(|count| count.class == class.id).collect();
        if own.is_empty() {
            return None;
        }
        let due: i64 = own.iter().map(|count| count.due).sum();
        let next_at = own.iter().filter_map(|count| count.next_at).min();
        let (open, opens_at) = match class.open(settings, now) {
            Open::Yes => (true, None),
            Open::Until(opens_at) => (false, opens_at),
        };
        let waits_for_the_hours = due > 0 && !open;
        let next_call = if waits_for_the_hours { opens_at } else { next_at.and_then(|at| open_from(&class, settings, at)) };
        let leads = own.iter().map(|count| count.leads).sum();
        Some(Self { leads, open, opens_at, zones: class.zones, laws: class.laws, due, next_at, next_call })
    }
}

/// The first moment from then on at which a class may be called.
fn open_from(class: &HoursClass, settings: &CampaignSettings, at: Timestamp) -> Option<Timestamp> {
    match class.open(settings, at) {
        Open::Yes => Some(at),
        Open::Until(opens_at) => opens_at,
    }
}

/// The classes that still have leads to call, most leads first.
pub(super) async fn of(api: &ApiState, campaign: &Campaign) -> Result<Vec<HoursJson>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(Vec::new()) };
    let now = api.clock.now();
    let mut counts = api.store.due_by_hours_class(campaign.id, campaign.state == CampaignState::Draining, now).await?;
    counts.retain(|count| is_called(campaign, &settings, &count.opening));
    let classes = api.store.hours_classes(campaign.id).await?;
    let mut hours: Vec<HoursJson> = classes.into_iter().filter_map(|class| HoursJson::of(class, &counts, &settings, now)).collect();
    hours.sort_by_key(|class| std::cmp::Reverse(class.leads));
    Ok(hours)
}
