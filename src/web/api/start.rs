//! What is worth knowing when a campaign starts, and when it cannot: its times, hours that never open, do-not-call
//! lists that are old, consent that is missing or not asked for, a number calls should not be handed to, a budget below one
//! call, leads it shares.

use serde_json::Value;

use super::ApiState;
use super::dnc_age::ListAges;
use super::error::ApiError;
use super::{imports, left_over, passed, transfer, unspoken};
use crate::domain::abroad::Abroad;
use crate::domain::campaign::{CampaignSettings, CampaignState};
use crate::domain::count::{are, counted, have};
use crate::domain::hours_class::HoursClass;
use crate::domain::time::Timestamp;
use crate::domain::window::Open;
use crate::store::campaign::Campaign;
use crate::store::codec::count;
use crate::store::lead_waits::ConsentCount;

/// Other campaigns that are named in a note.
const SHARED: u32 = 5;

/// Where a start leads now: running, or scheduled until its start time.
///
/// # Errors
/// Its end has passed.
pub fn target(campaign: &Campaign, settings: &CampaignSettings, now: Timestamp) -> Result<CampaignState, ApiError> {
    if let Some(end) = settings.ends_at.filter(|end| *end <= now) {
        let fix = format!("give it a later end: {}", passed::later_end(&campaign.name, now));
        return Err(ApiError::conflict("over", format!("campaign {} ended at {end}", campaign.name), fix));
    }
    let later = settings.starts_at.is_some_and(|start| start > now);
    let waits = later && matches!(campaign.state, CampaignState::Draft | CampaignState::Scheduled);
    Ok(if waits { CampaignState::Scheduled } else { CampaignState::Running })
}

/// Why the law's hours or caps do not hold, or consent is not asked for, in the operator's words: kept with the start in the audit.
pub fn lifted(campaign: &Campaign) -> Option<String> {
    let of_law = |what: &str| Some(format!("the law's {what} are lifted: {}", reason(&campaign.settings.0[what]["override_reason"])?));
    let said: Vec<String> = [of_law("hours"), of_law("caps"), without_consent(campaign)].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn reason(written: &Value) -> Option<&str> {
    written.as_str().map(str::trim).filter(|why| !why.is_empty())
}

/// Whether the campaign calls nobody without a consent basis.
pub fn requires_consent(campaign: &Campaign) -> bool {
    campaign.settings.0["require_consent"] != Value::Bool(false)
}

/// Tells that people are called without consent, and why.
fn without_consent(campaign: &Campaign) -> Option<String> {
    let why = reason(&campaign.settings.0["consent_override_reason"]).unwrap_or("no reason given");
    (!requires_consent(campaign)).then(|| format!("consent is not required: {why}"))
}

/// Notes for the operator, one sentence each.
///
/// # Errors
/// The database cannot be read; a do-not-call list is too old; or no lead of the campaign can ever be called.
pub async fn notes(api: &ApiState, campaign: &Campaign, settings: &CampaignSettings, now: Timestamp) -> Result<Vec<String>, ApiError> {
    let ages = ListAges::of(api, campaign).await?;
    ages.must_be_new_enough()?;
    let mut notes = ages.warnings();
    notes.extend(imports::incomplete(api, campaign).await?);
    notes.extend(without_consent(campaign));
    notes.extend(never_asked(api, campaign).await?);
    notes.extend(parked_for_consent(api, campaign).await?);
    notes.extend(abroad(api, campaign).await?);
    notes.extend(not_permitted(campaign));
    notes.extend(transfer::warnings(api, campaign).await?);
    notes.extend(api.reserve.warning(settings));
    notes.extend(unspoken::told(api, campaign).await?);
    match settings.starts_at {
        Some(start) if start > now => {
            notes.push(format!("it starts at {start}; to start now: callfleet campaign set {} schedule.start=", campaign.name));
        }
        Some(start) => notes.push(format!("its start time {start} has passed: it starts now")),
        None => {}
    }
    notes.extend(never_open(api, campaign, settings, now).await?);
    for (name, numbers) in api.store.shared_numbers(campaign.id, SHARED).await? {
        notes.push(format!(
            "{} {} also in campaign {name}; caps per number count calls of both",
            counted(numbers, "number"),
            are(&numbers)
        ));
    }
    Ok(notes)
}

/// Tells how many leads wait without the consent basis that the campaign asks for.
async fn never_asked(api: &ApiState, campaign: &Campaign) -> Result<Option<String>, ApiError> {
    if !requires_consent(campaign) {
        return Ok(None);
    }
    let ConsentCount { lacking, leads } = api.store.consent_count(campaign.id).await?;
    let told = || format!("{lacking} of {} {} no consent_basis and will not be called", counted(leads, "lead"), have(&lacking));
    Ok((lacking > 0).then(told))
}

/// Tells how many leads are parked for want of a consent basis, and what brings them back: those that still lack one, and the others.
///
/// # Errors
/// The database cannot be read.
pub async fn parked_for_consent(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let ConsentCount { lacking, leads } = api.store.parked_for_consent(campaign.id).await?;
    let (name, asked) = (&campaign.name, requires_consent(campaign));
    let back = format!("callfleet leads retry --parked --campaign {name}");
    let lacking = if asked { lacking } else { 0 };
    let parked = |leads: i64| format!("{} {} parked", counted(leads, "lead"), are(&leads));
    let give = format!("fill consent_basis in and import the whole rows again: callfleet leads import --campaign {name} --update FILE");
    let lack = (lacking > 0).then(|| format!("{} without a consent_basis: {give}; then: {back}", parked(lacking)));
    let why = if asked { "is there by now" } else { "the campaign does not require any more" };
    let ready = (leads > lacking).then(|| format!("{} for a consent_basis that {why}: {back}", parked(leads - lacking)));
    Ok(lack.into_iter().chain(ready).collect())
}

/// Tells how many leads wait, or are parked, in countries that the campaign does not call. Who calls everybody looks at no lead.
///
/// # Errors
/// The database cannot be read.
pub async fn abroad(api: &ApiState, campaign: &Campaign) -> Result<Option<String>, ApiError> {
    let Ok(settings) = campaign.checked_settings() else { return Ok(None) };
    let mut abroad = Abroad::of(&settings.countries);
    if abroad.is_nowhere() {
        return Ok(None);
    }
    for (opening, leads, parked) in api.store.lead_openings(campaign.id).await? {
        abroad.add(&opening, count(leads));
        abroad.add_parked(&opening, count(parked));
    }
    Ok(abroad.told(&campaign.name, "leads"))
}

/// Countries that the provider does not let the campaign call, and what brings their leads back.
pub fn not_permitted(campaign: &Campaign) -> Vec<String> {
    campaign.not_permitted.as_ref().map(|countries| countries.told()).unwrap_or_default()
}

/// Leads that can never be called, because the campaign's hours and the law leave no moment.
struct Shut {
    never: i64,
    all: i64,
}

async fn shut(api: &ApiState, campaign: &Campaign, settings: &CampaignSettings, now: Timestamp) -> Result<Shut, ApiError> {
    let (classes, counts) = (api.store.hours_classes(campaign.id).await?, api.store.hours_class_counts(campaign.id).await?);
    let leads = |class: &HoursClass| counts.iter().find(|(id, _)| *id == class.id).map_or(0, |(_, leads)| *leads);
    let never = |class: &&HoursClass| class.open(settings, now) == Open::Until(None);
    Ok(Shut { never: classes.iter().filter(never).map(leads).sum(), all: counts.iter().map(|(_, leads)| leads).sum() })
}

impl Shut {
    fn is_everybody(&self) -> bool {
        self.never > 0 && self.never == self.all
    }

    fn told(&self, name: &str) -> Option<String> {
        let Self { never, all } = self;
        let why = "the campaign's hours and the law leave no moment";
        let told = || format!("{never} of {} can never be called: {why}; {}", counted(*all, "lead"), wider(name));
        (*never > 0).then(told)
    }
}

/// What opens hours that never open.
fn wider(name: &str) -> String {
    format!("widen the hours (callfleet campaign set {name} hours.weekdays=09:00-20:00) and look: callfleet campaign explain {name}")
}

/// Tells how many leads can never be called, where there are such.
///
/// # Errors
/// None of them can; or the database cannot be read.
pub async fn never_open(
    api: &ApiState,
    campaign: &Campaign,
    settings: &CampaignSettings,
    now: Timestamp,
) -> Result<Option<String>, ApiError> {
    let (shut, name) = (shut(api, campaign, settings, now).await?, &campaign.name);
    if shut.is_everybody() {
        let message = format!("the calling hours of campaign {name} never open: the campaign's hours and the law leave no moment");
        return Err(ApiError::conflict("never_opens", message, wider(name)));
    }
    Ok(shut.told(name))
}

/// What a campaign's status warns of: times that have passed, its lists, imports that were interrupted, countries that are not
/// permitted, leads that can never be called, those that are parked for consent, that nobody else is left, a number calls should
/// not be handed to, and a budget below one call.
///
/// # Errors
/// The database cannot be read.
pub async fn warnings(api: &ApiState, campaign: &Campaign) -> Result<Vec<String>, ApiError> {
    let mut warnings: Vec<String> = passed::warning(campaign, api.clock.now()).into_iter().collect();
    warnings.extend(ListAges::of(api, campaign).await?.warnings());
    warnings.extend(imports::incomplete(api, campaign).await?);
    warnings.extend(not_permitted(campaign));
    if let Ok(settings) = campaign.checked_settings() {
        warnings.extend(shut(api, campaign, &settings, api.clock.now()).await?.told(&campaign.name));
        warnings.extend(api.reserve.warning(&settings));
    }
    warnings.extend(parked_for_consent(api, campaign).await?);
    warnings.extend(transfer::warnings(api, campaign).await?);
    warnings.extend(left_over::told(api, campaign).await?);
    Ok(warnings)
}
